"""What the simulated Twilio keeps, and how its REST interface writes it down."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

__all__ = ["FakeMessage", "FakeNumber", "FakeRecording", "ForSale", "Media", "new_sid"]

_order = itertools.count(1)


def new_sid(kind: str) -> str:
    """A SID as Twilio makes them: two letters and 32 hexadecimal digits; later ones sort later."""
    return f"{kind}{next(_order):012x}{secrets.token_hex(10)}"


def rfc2822(at: float | None) -> str | None:
    return None if at is None else formatdate(at, usegmt=False)


@dataclass(slots=True)
class ForSale:
    number: str
    country: str = "US"
    kind: str = "local"
    place: str = "Washington"
    region: str = "DC"
    sms: bool = True
    mms: bool = True
    voice: bool = True
    address_requirements: str = "none"

    def document(self) -> dict[str, Any]:
        return {
            "friendly_name": self.number,
            "phone_number": self.number,
            "lata": None,
            "locality": self.place,
            "rate_center": None,
            "latitude": None,
            "longitude": None,
            "region": self.region,
            "postal_code": None,
            "iso_country": self.country,
            "address_requirements": self.address_requirements,
            "beta": False,
            "capabilities": {"voice": self.voice, "SMS": self.sms, "MMS": self.mms, "fax": False},
        }


SETTINGS = (
    "sms_application_sid",
    "sms_fallback_method",
    "sms_fallback_url",
    "sms_method",
    "sms_url",
    "status_callback",
    "status_callback_method",
    "trunk_sid",
    "voice_application_sid",
    "voice_fallback_method",
    "voice_fallback_url",
    "voice_method",
    "voice_url",
)


@dataclass(slots=True)
class FakeNumber:
    """`settings` has the names of the REST interface, such as `voice_url`."""

    number: str
    account_sid: str
    settings: dict[str, str] = field(default_factory=dict)
    name: str = ""
    capabilities: Mapping[str, bool] = field(
        default_factory=lambda: {"voice": True, "sms": True, "mms": True, "fax": False}
    )
    sid: str = field(default_factory=lambda: new_sid("PN"))
    created: float = field(default_factory=time.time)

    def document(self) -> dict[str, Any]:
        written: dict[str, str | None] = {name: self.settings.get(name) or None for name in SETTINGS}
        written |= {name: self.settings.get(name, "POST") for name in SETTINGS if name.endswith("_method")}
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "phone_number": self.number,
            "friendly_name": self.name or self.number,
            "address_sid": None,
            "address_requirements": "none",
            "api_version": "2010-04-01",
            "beta": False,
            "capabilities": dict(self.capabilities),
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.created),
            "origin": "twilio",
            "status": "in-use",
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/IncomingPhoneNumbers/{self.sid}.json",
            "voice_caller_id_lookup": False,
            "voice_receive_mode": "voice",
            **written,
        }


@dataclass(slots=True)
class Media:
    type: str
    content: bytes
    sid: str = field(default_factory=lambda: new_sid("ME"))


@dataclass(slots=True)
class FakeMessage:
    from_: str
    to: str
    body: str
    account_sid: str
    direction: str = "outbound-api"
    status: str = "queued"
    status_callback: str = ""
    media_urls: list[str] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    error_code: int | None = None
    sid: str = field(default_factory=lambda: new_sid("SM"))
    created: float = field(default_factory=time.time)
    sent: float | None = None

    @property
    def num_media(self) -> int:
        return len(self.media_urls) or len(self.media)

    @property
    def segments(self) -> int:
        plain = self.body.isascii()
        alone, each = (160, 153) if plain else (70, 67)
        return 1 if len(self.body) <= alone else -(-len(self.body) // each)

    def document(self) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": rfc2822(self.created),
            "date_sent": rfc2822(self.sent),
            "date_updated": rfc2822(self.sent or self.created),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": None,
            "from": self.from_,
            "messaging_service_sid": None,
            "num_media": str(self.num_media),
            "num_segments": str(self.segments),
            "price": None,
            "price_unit": "USD",
            "status": self.status,
            "subresource_uris": {},
            "to": self.to,
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Messages/{self.sid}.json",
        }


@dataclass(slots=True)
class FakeRecording:
    call_sid: str
    account_sid: str
    wav: bytes
    duration_s: int
    source: str = "RecordVerb"
    sid: str = field(default_factory=lambda: new_sid("RE"))
    created: float = field(default_factory=time.time)

    @property
    def uri(self) -> str:
        return f"/2010-04-01/Accounts/{self.account_sid}/Recordings/{self.sid}"

    def document(self) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "call_sid": self.call_sid,
            "channels": 1,
            "conference_sid": None,
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.created),
            "start_time": rfc2822(self.created),
            "duration": str(self.duration_s),
            "encryption_details": None,
            "error_code": None,
            "price": None,
            "price_unit": "USD",
            "source": self.source,
            "status": "completed",
            "media_url": f"https://api.twilio.com{self.uri}",
            "subresource_uris": {},
            "uri": f"{self.uri}.json",
        }
