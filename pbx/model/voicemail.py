"""A voice message in a mailbox, and what is told about boxes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.mailbox import MailboxNumber

__all__ = [
    "Folder",
    "GreetingName",
    "MailState",
    "MailboxState",
    "Voicemail",
    "VoicemailChanged",
    "VoicemailForward",
    "VoicemailPatch",
]

Folder = Literal["new", "old", "saved", "bin"]
"""Where a message lies: unheard, heard, saved (heard or not), deleted."""

GreetingName = Literal["custom", "name"]
"""What is recorded for a box: its greeting, and the name of whoever it belongs to."""

MailState = Literal["none", "waiting", "sent", "failed"]
TranscriptState = Literal["none", "waiting", "done", "failed"]


class Voicemail(Record, frozen=True, kw_only=True):
    """A message and its envelope."""

    id: str
    mailbox: str
    from_number: Annotated[str, Meta(description="Empty when it was withheld.")]
    from_name: str
    from_extension: str | None = None
    received_at: datetime
    duration_s: Annotated[float, Meta(ge=0, extra_json_schema={"x-unit": "s"})] = 0.0
    call: Annotated[str, Meta(description="The id of the call in the history.")] = ""
    sound_format: Literal["wav", "opus"] = "wav"
    urgent: bool = False
    read: Annotated[bool, Meta(description="Whether it was heard, on the phone or elsewhere.")] = False
    saved: Annotated[bool, Meta(description="Saved messages are kept whatever their age.")] = False
    deleted_at: Annotated[
        datetime | None, Meta(description="Since when it is in the bin; null: it is not.")
    ] = None
    complete: Annotated[bool, Meta(description="False while it is being spoken.")] = True
    forwarded_from: Annotated[str, Meta(description="The box that sent it on.")] = ""
    transcript: Annotated[str | None, Meta(description="What was said, in writing.")] = None
    transcript_state: TranscriptState = "none"
    mail_state: MailState = "none"
    mail_attempts: int = 0
    mail_next_at: datetime | None = None
    mail_error: str = ""

    @property
    def folder(self) -> Folder:
        if self.deleted_at is not None:
            return "bin"
        if self.saved:
            return "saved"
        return "old" if self.read else "new"


class VoicemailPatch(Record, frozen=True, kw_only=True):
    """What can be changed of a message; what is left out stays."""

    read: bool | None = None
    saved: bool | None = None
    urgent: bool | None = None
    deleted: Annotated[bool | None, Meta(description="True: into the bin; false: out of it.")] = None


class VoicemailForward(Record, frozen=True, kw_only=True):
    """Where a copy of a message is to go."""

    mailbox: Annotated[MailboxNumber, ref("mailbox")]


class MailboxState(Record, frozen=True, kw_only=True):
    """How many messages are in a box. Saved ones that nobody has heard are counted as saved."""

    number: str
    name: str
    new: int = 0
    old: int = 0
    saved: int = 0
    urgent: Annotated[int, Meta(description="Of the new ones.")] = 0
    in_bin: int = 0
    full: Annotated[bool, Meta(description="Callers can leave nothing more.")] = False
    has_greeting: bool = False
    has_name: bool = False


class VoicemailChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="voicemail_changed"):
    """Messages of a box came, were heard or deleted. `message` is set when it is a new one."""

    mailbox: str
    message: str | None = None
