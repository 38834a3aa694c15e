"""Numbers at Twilio: what is for sale, what the account has, buying, setting, releasing."""

from __future__ import annotations

from typing import Any

from edge.twilio.account import Account
from edge.twilio.errors import TwilioError
from edge.twilio.records import Capabilities, ForSale, Number, NumberSettings

__all__ = ["NumberClient", "is_toll_free"]

KINDS = ("local", "toll_free", "mobile")
METHODS = (
    "voice_method",
    "voice_fallback_method",
    "sms_method",
    "sms_fallback_method",
    "status_callback_method",
)
URLS = (
    "voice_url",
    "voice_fallback_url",
    "sms_url",
    "sms_fallback_url",
    "status_callback",
)
TOLL_FREE = ("+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888")


def is_toll_free(e164: str) -> bool:
    """Whether a number of North America is free for who calls it."""
    return e164.startswith(TOLL_FREE)


class NumberClient:
    """IncomingPhoneNumbers and AvailablePhoneNumbers of the account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def search(
        self,
        country: str,
        kind: str = "local",
        *,
        area_code: str | None = None,
        contains: str | None = None,
        place: str | None = None,
        voice: bool = True,
        sms: bool = False,
        mms: bool = False,
        limit: int = 20,
    ) -> list[ForSale]:
        """Numbers for sale. `kind` is local, toll_free or mobile; what is asked for narrows the search."""
        if kind not in KINDS:
            raise ValueError(kind)
        given: dict[str, Any] = {"contains": contains, "in_locality": place, "area_code": area_code}
        given |= {"voice_enabled": voice or None, "sms_enabled": sms or None, "mms_enabled": mms or None}
        given = {name: value for name, value in given.items() if value is not None}

        def ask(rest: Any) -> Any:
            return getattr(rest.available_phone_numbers(country), kind).list_async(limit=limit, **given)

        return [_for_sale(one, kind) for one in await self._account.ask(ask)]

    async def mine(self, *, number: str | None = None, limit: int = 5000) -> list[Number]:
        """The account's numbers, or the one with this number."""
        given = {"phone_number": number} if number is not None else {}
        found = await self._account.ask(
            lambda rest: rest.incoming_phone_numbers.list_async(
                limit=limit, page_size=min(limit, 1000), **given
            )
        )
        known = [_number(one) for one in found]
        return [one for one in known if number is None or one.number == number]

    async def get(self, sid: str) -> Number:
        return _number(await self._account.ask(lambda rest: rest.incoming_phone_numbers(sid).fetch_async()))

    async def buy(self, number: str, settings: NumberSettings, *, address_sid: str | None = None) -> Number:
        """Buys one number and sets it up in the same request: it never rings into nothing. It costs money."""
        given = _parameters(settings) | ({"address_sid": address_sid} if address_sid else {})
        bought = await self._account.ask(
            lambda rest: rest.incoming_phone_numbers.create_async(phone_number=number, **given)
        )
        return _number(bought)

    async def configure(self, number: Number, settings: NumberSettings) -> Number:
        """Makes the number do what it should. Only what differs is sent, and nothing when nothing does.

        A console application that overrides the addresses is taken off. Twilio clears a value by an empty one, which
        its own OpenAPI description does not allow for.
        """
        given = _changes(number, settings)
        if not given:
            return number
        changed = await self._account.ask(
            lambda rest: rest.incoming_phone_numbers(number.sid).update_async(**given)
        )
        return _number(changed)

    async def release(self, sid: str) -> None:
        """Gives the number back: it may be somebody else's the next day. One that is gone already is no error."""
        try:
            await self._account.ask(lambda rest: rest.incoming_phone_numbers(sid).delete_async())
        except TwilioError as error:
            if error.status != 404:
                raise


def _parameters(settings: NumberSettings) -> dict[str, str]:
    """What is set, for a number that is new."""
    given = {"friendly_name": settings.name, "trunk_sid": settings.trunk_sid}
    given |= {name: getattr(settings, name) for name in URLS}
    return {name: value for name, value in given.items() if value} | dict.fromkeys(METHODS, "POST")


def _changes(number: Number, settings: NumberSettings) -> dict[str, str]:
    """What Twilio must be told so that the number is set like this. A name is never cleared: Twilio makes one up."""
    old, given = number.settings, {}
    for name in ("trunk_sid", *URLS):
        if getattr(old, name) != getattr(settings, name):
            given[name] = getattr(settings, name)
    if settings.name and settings.name != old.name:
        given["friendly_name"] = settings.name
    if number.application:
        given |= {"voice_application_sid": "", "sms_application_sid": ""}
    return given | dict.fromkeys(number.other_methods, "POST")


def _for_sale(told: Any, kind: str) -> ForSale:
    return ForSale(
        number=told.phone_number or "",
        name=told.friendly_name or "",
        country=told.iso_country or "",
        region=told.region or "",
        place=told.locality or "",
        capabilities=Capabilities.read(told.capabilities),
        address_required=told.address_requirements or "none",
        kind=kind,
    )


def _number(told: Any) -> Number:
    settings = NumberSettings(
        name=told.friendly_name or "",
        trunk_sid=told.trunk_sid or "",
        **{name: getattr(told, name) or "" for name in URLS},
    )
    return Number(
        sid=str(told.sid),
        number=told.phone_number or "",
        settings=settings,
        capabilities=Capabilities.read(told.capabilities),
        application=bool(told.voice_application_sid or told.sms_application_sid),
        other_methods=tuple(name for name in METHODS if (getattr(told, name) or "POST") != "POST"),
        status=told.status or "in-use",
    )
