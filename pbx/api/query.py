"""What may stand after the question mark: each query string is a Struct, refused with the name of what is wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.voicemail import Folder
from pbx.model.webhook import TOPICS

Limit = Annotated[int, Meta(ge=1, le=1000, description="How many items at most.")]
Offset = Annotated[int, Meta(ge=0, le=1_000_000_000, description="How many items to skip.")]
Words = Annotated[
    str,
    Meta(
        max_length=80,
        description="Only those in whose texts (number, name, notes …) each of these words is found, in any case.",
    ),
]
Disposition = Literal["in_progress", "answered", "busy", "no_answer", "cancelled", "failed"]
_TOPIC = f"({'|'.join(TOPICS)})"


def sorts(*fields: str) -> Meta:
    """What `sort` may be in a list that can be sorted by these."""
    return Meta(
        pattern=rf"^(-?({'|'.join(fields)}))?$(?!\n)",
        description="Sorted by this field, with - before it the other way round. Those without a value come last.",
        examples=[f"-{fields[0]}"],
    )


class Paging(Record, frozen=True, kw_only=True):
    """Which part of a list."""

    limit: Limit = 100
    offset: Offset = 0


class TraceQuery(Record, frozen=True, kw_only=True):
    """Whose SIP messages."""

    limit: Limit = 100
    offset: Offset = 0
    peer: Annotated[
        str,
        Meta(
            pattern=r"^[0-9A-Fa-f:.]{0,45}$(?!\n)",
            description="Only what went to and from this address.",
            examples=["192.168.1.20"],
        ),
    ] = ""


_OWN_NUMBER = Annotated[str, Meta(pattern=r"^[0-9]{0,10}$(?!\n)")]
_ANY = Annotated[str, Meta(max_length=64)]


class CdrSelection(Record, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """Which calls of the history."""

    q: Annotated[
        str,
        Meta(
            max_length=80, description="Only calls in whose numbers and names each of these words is found."
        ),
    ] = ""
    number: Annotated[
        _ANY, Meta(description="Only calls whose caller or dialled number contains this text.")
    ] = ""
    extension: Annotated[_OWN_NUMBER, Meta(description="Only calls from or to this extension.")] = ""
    since: (
        Annotated[datetime, Meta(tz=True, description="Only calls that started then or later (RFC 3339).")]
        | None
    ) = None
    until: (
        Annotated[datetime, Meta(tz=True, description="Only calls that started before (RFC 3339).")] | None
    ) = None
    disposition: Annotated[Disposition, Meta(description="Only calls that ended like this.")] | None = None
    direction: (
        Annotated[
            Literal["inbound", "outbound", "internal"],
            Meta(description="Only calls over a trunk to us, over one to others, or neither."),
        ]
        | None
    ) = None
    did: Annotated[_ANY, Meta(description="Only calls from outside to this number.")] = ""
    trunk: Annotated[_ANY, Meta(description="Only calls over this trunk.")] = ""
    queue: Annotated[_OWN_NUMBER, Meta(description="Only calls that waited in this queue first.")] = ""
    flow: Annotated[_OWN_NUMBER, Meta(description="Only calls that took this flow first.")] = ""
    missed: (
        Annotated[bool, Meta(description="Only calls that nobody took; false: only those that somebody did.")]
        | None
    ) = None
    min_talk_s: (
        Annotated[
            float,
            Meta(
                ge=0,
                le=1e9,
                description="Only calls with so much time between answer and end, at least.",
                extra_json_schema={"x-unit": "s"},
            ),
        ]
        | None
    ) = None


class CdrQuery(CdrSelection, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """Which calls of the history, and which part of them."""

    limit: Limit = 100
    offset: Offset = 0
    sort: Annotated[
        Literal["started_at", "-started_at", "talk_s", "-talk_s", "duration_s", "-duration_s"],
        Meta(description="Sorted by this field, with - before it the other way round."),
    ] = "-started_at"


class MessageQuery(Record, frozen=True, kw_only=True):
    """Which text messages."""

    limit: Limit = 100
    offset: Offset = 0
    extension: Annotated[
        str, Meta(pattern=r"^[0-9]{0,10}$(?!\n)", description="Only those from or to this extension.")
    ] = ""
    waiting: Annotated[bool, Meta(description="Only those that no phone has taken yet.")] = False
    q: Words = ""
    sort: Annotated[str, sorts("sent_at", "from_number", "to_extension")] = ""


class VoicemailQuery(Record, frozen=True, kw_only=True):
    """Which voice messages."""

    limit: Limit = 100
    offset: Offset = 0
    mailbox: Annotated[
        str, Meta(pattern=r"^[0-9]{0,10}$(?!\n)", description="Only those of this mailbox.")
    ] = ""
    folder: Annotated[Folder, Meta(description="Unheard, heard, saved, or deleted ones.")] | None = None
    q: Words = ""
    sort: Annotated[str, sorts("received_at", "duration_s", "from_number", "from_name", "mailbox")] = ""


class VoicemailDeleteQuery(Record, frozen=True, kw_only=True):
    """How a voice message is deleted."""

    forever: Annotated[bool, Meta(description="At once, without the bin.")] = False


class SipLoginQuery(Record, frozen=True, kw_only=True):
    """How the login is shown."""

    qr: Annotated[bool, Meta(description="Also as a QR code (SVG).")] = False


class EventsQuery(Record, frozen=True, kw_only=True):
    """Which live topics, and from where on."""

    topics: Annotated[
        str,
        Meta(
            pattern=rf"^({_TOPIC}(,{_TOPIC})*)?$(?!\n)",
            max_length=300,
            description="Topics, separated by commas; all of them when missing.",
            examples=["calls,registrations"],
        ),
    ] = ""
    ticket: Annotated[
        str, Meta(max_length=100, description="In place of a credential: see POST /events/ticket.")
    ] = ""
    since: (
        Annotated[
            int,
            Meta(
                ge=0, le=2**53, description="The last seq seen: only what came after is sent, if still kept."
            ),
        ]
        | None
    ) = None
