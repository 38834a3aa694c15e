"""An extension: a number of the office, and the phones that register for it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.follow_me import FollowMe
from pbx.model.forwarding import Forwarding
from pbx.model.kind import ref
from pbx.model.recording import KeepDays, RecordWhen
from pbx.model.scalars import E164, DisplayName, ExtensionNumber, PickupGroup, RingSeconds, SipPassword

Reach = Literal["internal", "local", "national", "international", "premium"]
"""How far an extension may call; each word includes those before it."""

REACHES: tuple[Reach, ...] = ("internal", "local", "national", "international", "premium")


class Extension(Record, frozen=True, kw_only=True):
    """An extension as it is read; the SIP password is never part of it."""

    number: ExtensionNumber
    name: DisplayName
    department: Annotated[
        str,
        Meta(
            max_length=80,
            pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
            title="Department",
            description="Callers may ask the receptionist for it; several extensions can be of one.",
            examples=["Sales"],
        ),
    ] = ""
    enabled: Annotated[
        bool, Meta(title="Enabled", description="Off: its phones can neither register nor call.")
    ] = True
    ring_timeout_s: RingSeconds = 30
    wake_timeout_s: Annotated[
        int,
        Meta(
            ge=3,
            le=60,
            title="Waking time",
            description="How long a sleeping app may take to be there for a call, before the call goes on without it.",
            extra_json_schema={"x-unit": "s"},
        ),
    ] = 15
    may_call: Annotated[
        Reach, Meta(title="May call", description="How far. Emergency numbers are always allowed.")
    ] = "international"
    do_not_disturb: Annotated[
        bool, Meta(title="Do not disturb", description="Its phones do not ring; callers hear busy.")
    ] = False
    call_waiting: Annotated[
        bool,
        Meta(
            title="Call waiting",
            description="Off: a second caller hears busy while somebody talks or rings here.",
        ),
    ] = True
    forward: Annotated[Forwarding, Meta(title="Forwarding")] = Forwarding()
    forward_to: Annotated[
        E164 | None,
        Meta(
            title="When the office is offline",
            description="Where its calls from outside go while the edge cannot reach the office: a mobile phone.",
        ),
    ] = None
    follow_me: Annotated[FollowMe, Meta(title="Follow me")] = FollowMe()
    mailbox: Annotated[
        Annotated[str, ref("mailbox")] | None,
        Meta(
            title="Mailbox",
            description="Takes messages when the extension is busy, not to be disturbed, not there or does not answer, "
            "unless the call is forwarded then.",
        ),
    ] = None
    pickup_group: PickupGroup | None = None
    outside_number: Annotated[
        E164 | None,
        Meta(title="Outside number", description="Shown to outside numbers; without one, that of the trunk."),
    ] = None
    record: RecordWhen = "default"
    record_keep_days: KeepDays = None
    location: Annotated[
        str,
        Meta(
            max_length=200,
            pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
            title="Location",
            description="Where its phone stands, for those who come to help: street, floor, room.",
            examples=["Main Street 1, 2nd floor, room 214"],
        ),
    ] = ""


class ExtensionWrite(Extension, frozen=True, kw_only=True):
    """An extension as it is written.

    Without `sip_password` an existing extension keeps the one it has; a new one needs it.
    """

    sip_password: SipPassword | None = None

    def extension(self) -> Extension:
        """The same without the password."""
        return Extension(**{name: getattr(self, name) for name in Extension.__struct_fields__})
