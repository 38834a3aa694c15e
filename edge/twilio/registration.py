"""Whether a number may text in the United States: 10DLC for local numbers, verification for toll-free ones.

10DLC: a brand and a campaign are registered, and the number sits in the messaging service of the campaign. Only read
here: registering asks for company papers and is done in Twilio's console.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge.twilio.account import Account
from edge.twilio.number_client import is_toll_free
from edge.twilio.records import Number

__all__ = ["Registration", "RegistrationClient"]

BRAND = {"APPROVED": "approved", "FAILED": "rejected", "SUSPENDED": "rejected"}
CAMPAIGN = {"VERIFIED": "approved", "FAILED": "rejected", "SUSPENDED": "rejected"}
TOLL_FREE = {"TWILIO_APPROVED": "approved", "TWILIO_REJECTED": "rejected"}
LIMIT = 200


@dataclass(frozen=True, slots=True)
class Registration:
    """`kind`: 10dlc, toll_free or none needed; `state`: approved, pending, rejected, missing or not_needed."""

    kind: str
    state: str
    words: str
    rejection: str = ""


@dataclass(frozen=True, slots=True)
class _Service:
    sid: str
    numbers: frozenset[str]


class RegistrationClient:
    """Reads messaging.twilio.com."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def of(self, number: Number) -> Registration:
        """The state of one number. Raises `TwilioError` when Twilio does not say."""
        if is_toll_free(number.number):
            return await self._toll_free(number.sid)
        if number.number.startswith("+1"):
            return await self._ten_dlc(number.sid)
        return Registration(
            "none", "not_needed", "Texts from this country need no registration with US carriers."
        )

    async def _toll_free(self, number_sid: str) -> Registration:
        found = await self._account.ask(
            lambda rest: rest.messaging.v1.tollfree_verifications.list_async(
                tollfree_phone_number_sid=number_sid, limit=LIMIT
            )
        )
        mine = [one for one in found if one.tollfree_phone_number_sid == number_sid]
        if not mine:
            return Registration(
                "toll_free", "missing", "The toll-free number is not verified: carriers block its texts."
            )
        states = {TOLL_FREE.get(one.status, "pending"): one for one in mine}
        if "approved" in states:
            return Registration("toll_free", "approved", "The toll-free number is verified.")
        if "pending" in states:
            return Registration(
                "toll_free", "pending", "The verification of the toll-free number is in review."
            )
        return Registration(
            "toll_free",
            "rejected",
            "The verification of the toll-free number was rejected.",
            states["rejected"].rejection_reason or "",
        )

    async def _ten_dlc(self, number_sid: str) -> Registration:
        service = await self._service_of(number_sid)
        if service is None:
            return Registration(
                "10dlc", "missing", "The number is in no messaging service: US carriers block its texts."
            )
        campaigns = await self._account.ask(
            lambda rest: rest.messaging.v1.services(service.sid).us_app_to_person.list_async(limit=LIMIT)
        )
        if not campaigns:
            return Registration("10dlc", "missing", "The messaging service has no registered campaign.")
        brands = await self._brands()
        verdicts = [
            _worse(
                CAMPAIGN.get(one.campaign_status or "", "pending"),
                brands.get(one.brand_registration_sid or "", "pending"),
            )
            for one in campaigns
        ]
        best = min(verdicts, key=ORDER.index)
        return Registration("10dlc", best, WORDS[best])

    async def _brands(self) -> dict[str, str]:
        found = await self._account.ask(
            lambda rest: rest.messaging.v1.brand_registrations.list_async(limit=LIMIT)
        )
        return {one.sid: BRAND.get(one.status or "", "pending") for one in found}

    async def _service_of(self, number_sid: str) -> _Service | None:
        services = await self._account.ask(lambda rest: rest.messaging.v1.services.list_async(limit=LIMIT))
        for one in services:
            listed: list[Any] = await self._account.ask(
                lambda rest, sid=one.sid: rest.messaging.v1.services(sid).phone_numbers.list_async(limit=1000)  # type: ignore[misc]
            )
            numbers = frozenset(str(each.sid) for each in listed)
            if number_sid in numbers:
                return _Service(str(one.sid), numbers)
        return None


ORDER = ["approved", "pending", "rejected"]
WORDS = {
    "approved": "The number is registered for business texts (10DLC).",
    "pending": "The registration of the number (10DLC) is in review.",
    "rejected": "The registration of the number (10DLC) was rejected or is suspended.",
}


def _worse(one: str, other: str) -> str:
    return max(one, other, key=ORDER.index)
