"""What Twilio keeps, as the edge reads it: messages, calls and numbers. Times are milliseconds since 1970, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

__all__ = ["Call", "Capabilities", "File", "ForSale", "Message", "Number", "NumberSettings", "Recording"]


@dataclass(frozen=True, slots=True)
class Message:
    sid: str
    from_: str
    to: str
    body: str
    status: str
    direction: str
    error_code: int | None
    created_ms: int
    sent_ms: int | None
    segments: int
    media: int


@dataclass(frozen=True, slots=True)
class Call:
    """`status`: queued, ringing, in-progress, completed, busy, failed, no-answer or canceled."""

    sid: str
    from_: str
    to: str
    status: str
    direction: str
    duration_s: int | None


@dataclass(frozen=True, slots=True)
class Recording:
    sid: str
    call_sid: str
    status: str
    duration_s: int | None
    channels: int


@dataclass(frozen=True, slots=True)
class File:
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Capabilities:
    voice: bool = False
    sms: bool = False
    mms: bool = False
    fax: bool = False

    @classmethod
    def read(cls, told: Mapping[str, object] | None) -> Capabilities:
        """Twilio writes `sms` here and `SMS` there."""
        known = {name.lower(): bool(value) for name, value in (told or {}).items()}
        return cls(**{one.name: known.get(one.name, False) for one in fields(cls)})


@dataclass(frozen=True, slots=True)
class ForSale:
    """A number that can be bought. `address_required`: none, any, local or foreign."""

    number: str
    name: str
    country: str
    region: str
    place: str
    capabilities: Capabilities
    address_required: str
    kind: str


@dataclass(frozen=True, slots=True)
class NumberSettings:
    """What a number does with calls and texts. Empty means: not set. Twilio asks by POST throughout."""

    name: str = ""
    voice_url: str = ""
    voice_fallback_url: str = ""
    sms_url: str = ""
    sms_fallback_url: str = ""
    status_callback: str = ""
    trunk_sid: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the account. `other_methods` are those that are not POST, such as `voice_method`."""

    sid: str
    number: str
    settings: NumberSettings
    capabilities: Capabilities = field(default_factory=Capabilities)
    application: bool = False
    """An application of Twilio's console is set, which overrides the addresses."""
    other_methods: tuple[str, ...] = ()
    status: str = "in-use"
