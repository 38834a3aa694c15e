"""Campaigns as the API speaks of them: one text to many people, who they are, and what became of each."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from edge.model.base import Record

__all__ = [
    "Campaign",
    "CampaignConsent",
    "CampaignCost",
    "CampaignFault",
    "CampaignGone",
    "CampaignPatch",
    "CampaignPreview",
    "CampaignRecipient",
    "CampaignRecipients",
    "CampaignRegistration",
    "CampaignSample",
    "CampaignSettings",
    "CampaignSettle",
    "CampaignStart",
    "CampaignState",
    "CampaignWrite",
    "Campaigns",
    "Counts",
    "RecipientState",
]

CampaignState = Literal["draft", "scheduled", "running", "paused", "cancelled", "finished"]
RecipientState = Literal[
    "queued",
    "released",
    "checking",
    "sent",
    "delivered",
    "undelivered",
    "failed",
    "uncertain",
    "opted_out",
    "no_hours",
    "left",
    "cancelled",
]
Moment = Annotated[int, Meta(ge=0, description="ms since 1970, UTC")]
Sender = Annotated[
    str,
    Meta(
        pattern=r"^(\+[1-9][0-9]{4,14}|[0-9]{4,8})?$(?!\n)",
        title="From",
        description="A number of the office; empty: its toll-free number.",
    ),
]
Wording = Annotated[
    str,
    Meta(
        max_length=1600,
        title="Text",
        description="{name} and the columns of the list are filled in; {name|there} says what stands for none.",
        extra_json_schema={"x-widget": "textarea"},
    ),
]
Rate = Annotated[float, Meta(ge=0.01, le=1000)]
WallTime = Annotated[str, Meta(pattern=r"^(0[89]|1[0-9]|2[01]):[0-5][0-9]$(?!\n)")]


class CampaignConsent(Record, frozen=True, kw_only=True):
    """How these people agreed to be texted. It is kept with the campaign: whoever complains is answered with it."""

    who: Annotated[
        str, Meta(min_length=2, max_length=200, title="Who vouches for it", description="A person's name.")
    ]
    when: Annotated[
        str,
        Meta(
            min_length=4,
            max_length=200,
            title="When they agreed",
            description="A date, or from when to when.",
        ),
    ]
    how: Annotated[
        Literal["web_form", "paper_form", "text", "spoken", "contract", "other"],
        Meta(title="How they agreed"),
    ]
    source: Annotated[
        str,
        Meta(
            min_length=10,
            max_length=4000,
            title="What they agreed to",
            description="The words that stood there, and where.",
            extra_json_schema={"x-widget": "textarea"},
        ),
    ]


class CampaignWrite(Record, frozen=True, kw_only=True):
    """A new campaign. It is a draft until it is started."""

    name: Annotated[str, Meta(min_length=1, max_length=100, title="Name")]
    text: Wording = ""
    from_number: Sender = ""
    marketing: Annotated[
        bool,
        Meta(title="Advertising", description="The first one to somebody then says how to opt out."),
    ] = True
    recipients: Annotated[
        str,
        Meta(
            max_length=5_000_000,
            title="People",
            description="One a line, or a table with a header.",
            extra_json_schema={"x-widget": "textarea"},
        ),
    ] = ""
    file: Annotated[
        bytes, Meta(title="Spreadsheet", description="A CSV file as it is, in base64; in place of the list.")
    ] = b""
    consent: CampaignConsent | None = None


class CampaignPatch(Record, frozen=True, kw_only=True):
    """What is to be different in a draft. People are replaced, not added."""

    name: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    text: Wording | UnsetType = UNSET
    from_number: Sender | UnsetType = UNSET
    marketing: bool | UnsetType = UNSET
    recipients: Annotated[str, Meta(max_length=5_000_000)] | UnsetType = UNSET
    file: bytes | UnsetType = UNSET
    consent: CampaignConsent | UnsetType | None = UNSET


class CampaignStart(Record, frozen=True, kw_only=True):
    """`at` is when; without it, now. Quiet hours hold all the same."""

    at: Moment | None = None
    despite_registration: Annotated[
        bool,
        Meta(description="Start although the number's registration is in review or could not be asked for."),
    ] = False


class CampaignSettle(Record, frozen=True, kw_only=True):
    """What to do about people of whom nobody knows whether they got the text, or whose text did not arrive."""

    action: Literal["again", "leave"]
    recipients: Annotated[
        tuple[str, ...], Meta(max_length=1000, description="Their ids; none: all that are uncertain.")
    ] = ()


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many people are where."""

    queued: int = 0
    released: int = 0
    checking: int = 0
    sent: int = 0
    delivered: int = 0
    undelivered: int = 0
    failed: int = 0
    uncertain: int = 0
    opted_out: int = 0
    no_hours: int = 0
    left: int = 0
    cancelled: int = 0


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign, with what became of its people so far. This is also what the live events carry."""

    id: str
    name: str
    state: CampaignState
    note: str
    from_number: str
    text: str
    marketing: bool
    consent: CampaignConsent | None
    fields: tuple[str, ...]
    starts_at: Moment | None
    created_at: Moment
    created_by: str
    started_at: Moment | None
    started_by: str
    finished_at: Moment | None
    people: int
    counts: Counts


class CampaignGone(msgspec.Struct, frozen=True, kw_only=True):
    """What the live events carry of a draft that was deleted."""

    id: str
    gone: Literal[True] = True


class Campaigns(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[Campaign, ...]
    total: int


class CampaignRecipient(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` says in plain words why it is not sent or did not arrive; `code` is Twilio's number for it."""

    id: str
    number: str
    name: str
    state: RecipientState
    segments: int
    sid: str
    code: int
    reason: str
    not_before: Moment | None
    sent_at: Moment | None
    changed_at: Moment


class CampaignRecipients(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[CampaignRecipient, ...]
    total: int


class CampaignFault(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the list that is not texted, and why."""

    line: int
    kind: Literal["number", "duplicate", "opted_out"]
    text: str


class CampaignSample(msgspec.Struct, frozen=True, kw_only=True):
    """The text as one person will read it."""

    number: str
    name: str
    text: str
    segments: int
    encoding: Literal["GSM-7", "UCS-2"]


class CampaignCost(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate from the prices in the settings; the bill is Twilio's. `unpriced` are segments by country."""

    messages: int
    segments: int
    amount: str
    currency: str
    unpriced: dict[str, int]
    estimate: Literal[True] = True


class CampaignRegistration(msgspec.Struct, frozen=True, kw_only=True):
    """What the carriers know of the sending number. `verdict` is what starting will meet."""

    kind: str
    state: Literal["approved", "pending", "rejected", "missing", "not_needed", "unknown"]
    words: str
    verdict: Literal["good", "ask", "refuse"]


class CampaignPreview(msgspec.Struct, frozen=True, kw_only=True):
    """Who would get what, for how much, and what stands in the way. `blocks` must be mended before it starts."""

    people: int
    duplicates: int
    opted_out: int
    wrong: int
    faults: tuple[CampaignFault, ...]
    fields: tuple[str, ...]
    samples: tuple[CampaignSample, ...]
    costly_letters: str
    cost: CampaignCost
    seconds: Annotated[float, Meta(description="How long the number needs for it, without quiet hours.")]
    waiting: Annotated[int, Meta(description="People for whom it is quiet hours now.")]
    from_number: str
    registration: CampaignRegistration
    warnings: tuple[str, ...]
    blocks: tuple[str, ...]


class CampaignSettings(Record, frozen=True, kw_only=True):
    """What holds for all campaigns of an office."""

    prices: Annotated[
        dict[Annotated[str, Meta(pattern="^[A-Z]{2}$(?!\n)")], Annotated[float, Meta(ge=0, le=10)]],
        Meta(
            title="Prices",
            description="What a segment costs by country, with the carriers' fee. Used for the estimate only.",
        ),
    ] = msgspec.field(default_factory=lambda: {"US": 0.0113, "CA": 0.0143})
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$(?!\n)")] = "USD"
    toll_free_rate: Annotated[Rate, Meta(description="Segments a second from a toll-free number.")] = 1.0
    local_rate: Annotated[
        Rate,
        Meta(
            description="Segments a second from a local number: what the carriers granted the 10DLC campaign."
        ),
    ] = 1.0
    short_code_rate: Annotated[Rate, Meta(description="Segments a second from a short code.")] = 30.0
    other_rate: Annotated[Rate, Meta(description="Segments a second from numbers of other countries.")] = 1.0
    quiet_until: Annotated[
        WallTime, Meta(description="Nobody is texted before this time of theirs; 08:00 at the earliest.")
    ] = "08:00"
    quiet_from: Annotated[
        WallTime, Meta(description="Nobody is texted from this time of theirs on; 21:00 at the latest.")
    ] = "21:00"
    opt_out_line: Annotated[
        str,
        Meta(
            min_length=4,
            max_length=160,
            pattern=r"\bSTOP\b",
            description="Ends the first advertising text to somebody. It must name STOP.",
        ),
    ] = "Reply STOP to opt out."
