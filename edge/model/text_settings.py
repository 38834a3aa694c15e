"""What an office sets and asks around its texts: templates, settings, consent, figures, erasure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from edge.model.base import Record
from edge.model.texts import E164, MOST_LETTERS, ListQuery, Moment, Ours

__all__ = [
    "ConsentQuery",
    "ConsentState",
    "ConsentWrite",
    "Consents",
    "DayFigures",
    "Erasure",
    "ErasureWrite",
    "ForwardTo",
    "NumberFigures",
    "SmsAnalytics",
    "SmsQuery",
    "TextFailure",
    "TextSettings",
    "TextTemplate",
    "TextTemplateWrite",
    "TextTemplates",
]


class TextTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A text that is needed often."""

    id: str
    name: str
    text: str
    updated_at: Moment


class TextTemplateWrite(Record, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=100, title="Name")]
    text: Annotated[
        str,
        Meta(min_length=1, max_length=MOST_LETTERS, title="Text", extra_json_schema={"x-widget": "textarea"}),
    ]


class TextTemplates(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[TextTemplate, ...]
    total: int


class ForwardTo(Record, frozen=True, kw_only=True):
    """Texts to one number that are passed on by e-mail."""

    number: Ours
    addresses: Annotated[tuple[Annotated[str, Meta(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$(?!\n)", max_length=254)], ...],
                         Meta(min_length=1, max_length=10)]  # fmt: skip


class TextSettings(Record, frozen=True, kw_only=True):
    """What an office has set for its texts. Whether the AI answers stands in the receptionist's settings."""

    keyword_answers: Annotated[
        Literal["carrier", "office"],
        Meta(
            title="Answers to STOP, START and HELP",
            description="carrier: Twilio sends them, as it does unless switched off. office: this system does.",
        ),
    ] = "carrier"
    stop_answer: Annotated[
        str, Meta(max_length=160, title="Answer to STOP", description="Empty: the built-in one.")
    ] = ""
    help_answer: Annotated[
        str, Meta(max_length=160, title="Answer to HELP", description="Empty: the built-in one.")
    ] = ""
    keep_days: Annotated[
        int,
        Meta(
            ge=0,
            le=3650,
            title="Texts are kept for",
            description="0: for ever.",
            extra_json_schema={"x-unit": "d"},
        ),
    ] = 365
    forward: Annotated[
        tuple[ForwardTo, ...], Meta(max_length=100, title="Texts by e-mail", description="By number.")
    ] = ()


class SmsQuery(Record, frozen=True, kw_only=True):
    """Days in the office's time zone, both included; without them the last 30."""

    first: Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$(?!\n)")] = ""
    last: Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$(?!\n)")] = ""
    number: Annotated[str, Meta(max_length=20, description="One of the office's numbers.")] = ""


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    day: str
    received: int = 0
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    uncertain: int = 0
    by_ai: int = 0
    by_people: int = 0
    by_campaigns: int = 0


class NumberFigures(msgspec.Struct, frozen=True, kw_only=True):
    number: str
    received: int
    sent: int


class TextFailure(msgspec.Struct, frozen=True, kw_only=True):
    code: int
    words: str
    count: int


class SmsAnalytics(msgspec.Struct, frozen=True, kw_only=True):
    """`sent` counts what left the office, whatever became of it; the other states are parts of it."""

    first: str
    last: str
    time_zone: str
    days: tuple[DayFigures, ...]
    numbers: tuple[NumberFigures, ...]
    failures: tuple[TextFailure, ...]
    opted_out: int
    opted_in: int
    segments: int
    answered_s: Annotated[
        int | None, Meta(description="Median time until the first answer to a text, in seconds; null: none.")
    ] = None


class ConsentState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a number of the office may text this one."""

    number: str
    ours: str
    opted_out: bool
    at: Moment
    how: Literal["keyword", "carrier", "office"]


class Consents(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[ConsentState, ...]
    total: int


class ConsentQuery(ListQuery, frozen=True, kw_only=True):
    number: Annotated[str, Meta(max_length=20)] = ""


class ConsentWrite(Record, frozen=True, kw_only=True):
    """What somebody said by other means. Twilio's own block is lifted by nobody but them, with START."""

    number: E164
    ours: Annotated[Ours | None, Meta(description="Null: all of the office's numbers.")] = None
    opted_out: bool


class ErasureWrite(Record, frozen=True, kw_only=True):
    number: Annotated[E164, Meta(title="Number", description="Whose data is erased.")]


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """The receipt. `person` is a hash of the number, so that it can be found again by who knows the number."""

    id: str
    person: str
    at: Moment
    actor: str
    erased: dict[str, int]
    at_twilio: Annotated[int, Meta(description="Messages that Twilio has still to remove.")]
