"""What offices send and are answered: the documents of `/v1`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Platform = Literal["apns", "fcm", "webpush"]
Kind = Literal["incoming", "cancel", "missed", "voicemail", "message"]
State = Literal["sent", "gone", "refused", "late", "withdrawn", "unconfigured"]

PLATFORMS: tuple[Platform, ...] = ("apns", "fcm", "webpush")
OF_A_CALL: tuple[Kind, ...] = ("incoming", "cancel")
"""These make a phone ring or stop ringing; the others are read later."""

Token = Annotated[str, Meta(min_length=1, max_length=4096)]
DeviceId = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._~-]+$(?!\n)")]
Line = Annotated[str, Meta(max_length=200)]
CallId = Annotated[str, Meta(max_length=64, pattern=r"^[\x21-\x7e]*$(?!\n)")]


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What crosses the wire."""


class Target(Document, frozen=True, kw_only=True):
    """A phone: a device that was registered here, or a platform's token.

    `app` is the bundle of an iPhone app, without `.voip`; empty takes the gateway's first. `sandbox` says that the app
    was installed by its developers.
    """

    device: Annotated[str, Meta(max_length=100)] = ""
    platform: Platform | None = None
    token: Annotated[str, Meta(max_length=4096)] = ""
    app: Annotated[str, Meta(max_length=200)] = ""
    sandbox: bool = False


class Push(Document, frozen=True, kw_only=True):
    """One thing to tell some phones. `good_for_s` is how long it is of use: no attempt begins later, and platforms are
    told to throw it away then. `reason` and `by` go with a cancel: why the call is over, and who answered it."""

    kind: Kind
    targets: Annotated[tuple[Target, ...], Meta(min_length=1, max_length=100)]
    call_id: CallId = ""
    caller: Line = ""
    caller_name: Line = ""
    extension: Line = ""
    title: Line = ""
    text: Annotated[str, Meta(max_length=1000)] = ""
    decline: Line = ""
    reason: Line = ""
    by: Line = ""
    good_for_s: Annotated[float, Meta(gt=0, le=86400)] | None = None

    @property
    def useful_s(self) -> float:
        """How long, where it was not said: a call rings half a minute, news keep a day."""
        if self.good_for_s is not None:
            return self.good_for_s
        return 30.0 if self.kind in OF_A_CALL else 86400.0


class Outcome(Document, frozen=True, kw_only=True):
    """What became of it at one phone, in the order of the targets.

    sent: the platform has taken it; gone: the token is dead and forgotten here; refused: trying again would not help;
    late: it was not taken in time; withdrawn: its call was cancelled meanwhile; unconfigured: this gateway has no key.
    """

    state: State
    reason: str = ""
    device: str = ""
    status: int = 0
    attempts: int = 0
    took_ms: float = 0.0


class PushAnswer(Document, frozen=True, kw_only=True):
    """One outcome for each target."""

    outcomes: tuple[Outcome, ...]


class DeviceWrite(Document, frozen=True, kw_only=True):
    """A phone that is to be kept here, so that pushes can name it."""

    platform: Platform
    token: Token
    app: Annotated[str, Meta(max_length=200)] = ""
    sandbox: bool = False


class Device(DeviceWrite, frozen=True, kw_only=True):
    """A phone that is kept; times are Unix seconds."""

    id: DeviceId
    registered_at: float


class DeviceList(Document, frozen=True, kw_only=True):
    """The phones of an office."""

    items: tuple[Device, ...]
    total: int


class Delivery(Document, frozen=True, kw_only=True):
    """A line of the log; of the token only its end."""

    id: str
    at: float
    kind: Kind
    platform: str
    token_end: str
    call_id: str
    state: State
    reason: str
    attempts: int
    took_ms: float


class DeliveryList(Document, frozen=True, kw_only=True):
    """What was sent, the newest first."""

    items: tuple[Delivery, ...]


class PlatformStatus(Document, frozen=True, kw_only=True):
    """Whether a platform can be reached. `detail` says what is missing, or went wrong last."""

    configured: bool
    apps: tuple[str, ...] = ()
    connected: bool | None = None
    detail: str = ""


class Status(Document, frozen=True, kw_only=True):
    """What an office may know of its gateway. `vapid_key` is what browsers subscribe with."""

    office: str
    platforms: dict[str, PlatformStatus]
    vapid_key: str
    pushes_per_second: float
    devices: int
    last_day: dict[str, int]
