"""A mailbox: where callers leave messages. It belongs to whatever extension names it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.scalars import Destination, DisplayName

__all__ = ["AfterMail", "Greeting", "Mailbox", "MailboxNumber", "MailboxWrite"]

Greeting = Literal["default", "name", "custom"]
AfterMail = Literal["keep", "mark_read", "delete"]

MailboxNumber = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{2,10}$(?!\n)",
        title="Number",
        description="Names the box when it is called and in codes: 2 to 10 digits. It may be that of an extension.",
        examples=["101"],
    ),
]
Pin = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4,12}$(?!\n)",
        title="PIN",
        description="4 to 12 digits, asked for on the phone. Without one, the owner's phone asks for one to set.",
        extra_json_schema={"x-widget": "password", "writeOnly": True},
    ),
]
Address = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$(?!\n)",
        title="E-mail address",
        examples=["alice@office.example"],
    ),
]


class Mailbox(Record, frozen=True, kw_only=True):
    """A box as it is read; the PIN is never part of it."""

    number: MailboxNumber
    name: DisplayName
    enabled: Annotated[
        bool,
        Meta(title="Takes messages", description="Off: callers hear the greeting, and can leave nothing."),
    ] = True
    greeting: Annotated[
        Greeting,
        Meta(
            title="Greeting",
            description="A sentence with the number; one with the recorded name; or the recorded greeting. Where "
            "nothing is recorded yet, the first is said.",
        ),
    ] = "default"
    language: Annotated[
        str,
        Meta(
            pattern=r"^([a-z]{2}(-[A-Z]{2})?)?$(?!\n)",
            title="Language",
            description="Of what is said, if it is installed; without one, the office's.",
            examples=["en"],
        ),
    ] = ""
    lamps: Annotated[
        tuple[Annotated[str, ref("extension")], ...],
        Meta(
            max_length=50,
            title="Lamps",
            description="Extensions whose phones show new messages, beside those whose mailbox this is.",
        ),
    ] = ()
    ask_pin: Annotated[
        bool,
        Meta(
            title="Always ask for the PIN", description="Also on the phone of the extension whose box it is."
        ),
    ] = False
    max_message_s: Annotated[
        int,
        Meta(ge=10, le=600, title="Longest message", extra_json_schema={"x-unit": "s"}),
    ] = 180
    min_message_s: Annotated[
        int,
        Meta(
            ge=0,
            le=10,
            title="Shortest message",
            description="What is shorter is not kept.",
            extra_json_schema={"x-unit": "s"},
        ),
    ] = 1
    silence_s: Annotated[
        int,
        Meta(
            ge=0,
            le=60,
            title="Ends after silence of",
            description="0: never.",
            extra_json_schema={"x-unit": "s"},
        ),
    ] = 8
    max_messages: Annotated[
        int,
        Meta(ge=1, le=1000, title="Most messages", description="When it is full, callers are told so."),
    ] = 100
    sound_format: Annotated[
        Literal["wav", "opus"],
        Meta(
            title="Sound format",
            description="WAV plays everywhere and takes 1 MB a minute; Ogg Opus a tenth of it.",
        ),
    ] = "wav"
    operator: Annotated[
        Destination | None,
        Meta(title="Key 0 leads to", description="For callers who rather talk with somebody."),
    ] = None
    star: Annotated[Destination | None, Meta(title="Key * leads to", description="Likewise.")] = None
    emails: Annotated[
        tuple[Address, ...],
        Meta(max_length=10, title="E-mail", description="Who gets each new message."),
    ] = ()
    attach: Annotated[
        bool, Meta(title="Attach the sound", description="Off: the mail only tells of the message.")
    ] = True
    after_mail: Annotated[
        AfterMail,
        Meta(
            title="After e-mailing",
            description="What becomes of the message in the box once the mail server has taken the mail.",
        ),
    ] = "keep"
    transcribe: Annotated[
        bool, Meta(title="Write down", description="If the node has an engine that can.")
    ] = True
    retention_days: Annotated[
        int,
        Meta(
            ge=0,
            le=3650,
            title="Keep messages for",
            description="Older ones go to the bin, but for those that were saved; 0: for ever.",
            extra_json_schema={"x-unit": "d"},
        ),
    ] = 0
    bin_days: Annotated[
        int,
        Meta(
            ge=0,
            le=365,
            title="Keep deleted messages for",
            description="Until then they can be brought back.",
            extra_json_schema={"x-unit": "d"},
        ),
    ] = 30


class MailboxWrite(Mailbox, frozen=True, kw_only=True):
    """A box as it is written. Without `pin` an existing box keeps the one it has."""

    pin: Pin | None = None
