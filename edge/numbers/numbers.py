"""The office's numbers: list, look for drift, repair, take over, release."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from edge.clock import Clock
from edge.errors import EdgeError
from edge.events import Events
from edge.model.numbers import (
    Adoption,
    NumberEvent,
    NumberForSale,
    NumberOrder,
    OutsideNumber,
    UnassignedNumber,
)
from edge.numbers.book import Book, Entry
from edge.numbers.buying import Buying
from edge.numbers.wanted import Place, differences, wanted
from edge.offices import Offices
from edge.store import Store, StoreError
from edge.twilio.client import TwilioClient
from edge.twilio.errors import TwilioError, refusal
from edge.twilio.pricing import NumberPrices
from edge.twilio.records import Number, NumberSettings

__all__ = ["Numbers"]

log = logging.getLogger(__name__)

T = TypeVar("T")

CHECK_S = 6 * 3600.0
SETTLE_S = 60.0
RELEASE = (
    "This gives {number} back to Twilio: it stops working at once, somebody else may get it, and it may be"
    " impossible to have it again. Confirm it with ?confirm={number}, or keep it in the account with ?keep=true."
)


class Numbers:
    """`twilio` is None without credentials, and `place` has no address without --public-url: both are refused then."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        offices: Offices,
        events: Events,
        twilio: TwilioClient | None,
        place: Place,
    ) -> None:
        self._store = store
        self._clock = clock
        self._offices = offices
        self._events = events
        self._twilio = twilio
        self._place = place
        self._book = Book(store, clock)

    # ------------------------------------------------------------------------------------------------- what there is

    async def list(self, office: str) -> Sequence[OutsideNumber]:
        return [entry.shown for entry in await self._book.of_office(office)]

    async def get(self, office: str, number: str) -> OutsideNumber:
        return (await self._entry(office, number)).shown

    async def search(
        self,
        *,
        country: str,
        kind: str,
        area_code: str | None,
        contains: str | None,
        place: str | None,
        sms: bool,
        mms: bool,
        limit: int,
    ) -> Sequence[NumberForSale]:
        """What Twilio would sell, with its price where it says one."""
        twilio = self._ready()
        try:
            found = await twilio.numbers.search(
                country,
                kind,
                area_code=area_code,
                contains=contains,
                place=place,
                sms=sms,
                mms=mms,
                limit=limit,
            )
        except TwilioError as error:
            raise refusal(error) from None
        prices = await self._prices(twilio, country)
        price = prices.of(kind)
        return [
            NumberForSale(
                number=one.number,
                name=one.name,
                place=one.place,
                region=one.region,
                country=one.country,
                kind=kind,  # type: ignore[arg-type]
                voice=one.capabilities.voice,
                sms=one.capabilities.sms,
                mms=one.capabilities.mms,
                needs_address=one.address_required != "none",
                price=price,
                currency=prices.currency if price else "",
            )
            for one in found
        ]

    @staticmethod
    async def _prices(twilio: TwilioClient, country: str) -> NumberPrices:
        """Only shown: a search is good without them."""
        try:
            return await twilio.prices.of_numbers(country)
        except TwilioError as error:
            log.info("Twilio does not say its prices", extra={"country": country, "why": str(error)})
            return NumberPrices()

    # ------------------------------------------------------------------------------------------------ getting them

    async def buy(self, office: str, wish: NumberOrder) -> OutsideNumber:
        return await self._buying().buy(office, wish)

    async def unassigned(self) -> Sequence[UnassignedNumber]:
        """Numbers of the account that no office uses."""
        twilio = await self._alone()
        found = await _asked(twilio.numbers.mine())
        return [
            UnassignedNumber(
                number=one.number,
                name=one.settings.name,
                voice_url=one.settings.voice_url,
                sms_url=one.settings.sms_url,
                trunk_sid=one.settings.trunk_sid,
            )
            for one in found
            if not await self._book.is_taken(one.number)
        ]

    async def adopt(self, office: str, wish: Adoption) -> OutsideNumber:
        """Take a number of the account over."""
        twilio = await self._alone()
        if await self._book.is_taken(wish.number):
            raise EdgeError(409, f"{wish.number} is in use already.", field="$.number")
        found = await _asked(twilio.numbers.mine(number=wish.number))
        if not found:
            raise EdgeError(404, f"The Twilio account has no {wish.number}.", field="$.number")
        trunk_sid = found[0].settings.trunk_sid if wish.keep_trunk else ""
        name = wish.name or found[0].settings.name
        number = await _asked(
            twilio.numbers.configure(found[0], wanted(self._place, name=name, trunk_sid=trunk_sid))
        )
        await self._book.put(
            self._store,
            office,
            number,
            name=name,
            extension="",
            trunk_sid=trunk_sid,
            base=self._place.base,
        )
        return await self._told(office, wish.number)

    async def rename(self, office: str, number: str, name: str) -> OutsideNumber:
        """Here and at Twilio."""
        entry = await self._entry(office, number)
        twilio = self._ready()
        has = await self._at_twilio(twilio, entry)
        await _asked(twilio.numbers.configure(has, _renamed(has, name)))
        await self._book.rename(office, number, name)
        return await self._told(office, number)

    # ------------------------------------------------------------------------------------------------------- drift

    async def check(self, office: str) -> Sequence[OutsideNumber]:
        """Look at Twilio what the office's numbers are set to."""
        twilio = self._ready()
        at_twilio = await _asked(twilio.numbers.mine())
        return await self._compare(await self._book.of_office(office), at_twilio)

    async def check_all(self) -> None:
        """The same for every office."""
        await self._compare(await self._book.all(), await self._ready().numbers.mine())

    async def repair(self, office: str, number: str) -> OutsideNumber:
        """Set a number at Twilio as it should be, with this edge as its own."""
        entry = await self._entry(office, number)
        twilio = self._ready()
        has = await self._at_twilio(twilio, entry)
        trunk_sid = entry.shown.trunk_sid if entry.shown.state != "unknown" else has.settings.trunk_sid
        should = wanted(self._place, trunk_sid=trunk_sid)
        mended = await _asked(twilio.numbers.configure(has, should))
        left = differences(mended, should)
        await self._book.seen(entry, mended, left, base=self._place.base, trunk_sid=trunk_sid)
        if left:
            raise EdgeError(502, f"Twilio did not take it: {left[0].words}")
        return await self._told(office, number)

    async def _compare(
        self, entries: Sequence[Entry], at_twilio: Sequence[Number]
    ) -> Sequence[OutsideNumber]:
        has = {one.number: one for one in at_twilio}
        places = await self._book.alive()
        return [await self._look(entry, has.get(entry.shown.number), places) for entry in entries]

    async def _look(self, entry: Entry, number: Number | None, places: Mapping[str, Place]) -> OutsideNumber:
        """A number that leads to another edge that lives is as it should be."""
        before = entry.shown
        place = places.get(entry.base, self._place)
        trunk_sid = before.trunk_sid
        if before.state == "unknown" and number is not None:
            trunk_sid = number.settings.trunk_sid
        drift = () if number is None else differences(number, wanted(place, trunk_sid=trunk_sid))
        after = await self._book.seen(entry, number, drift, base=place.base, trunk_sid=trunk_sid)
        if (after.state, after.drift) != (before.state, before.drift):
            log.warning(
                "a number has changed at Twilio", extra={"number": after.number, "state": after.state}
            )
            self._events.tell(entry.office, "numbers", NumberEvent(what="changed", number=after.number))
        return after

    # ------------------------------------------------------------------------------------------------------- release

    async def release(self, office: str, number: str, *, confirm: str, keep: bool) -> None:
        """Give a number back to Twilio when it is confirmed, or only take it from the office (`keep`)."""
        entry = await self._entry(office, number)
        if not keep:
            if confirm != number:
                raise EdgeError(409, RELEASE.format(number=number), field="query.confirm")
            await self._give_back(entry)
        await self._book.drop(office, number)
        self._events.tell(office, "numbers", NumberEvent(what="released", number=number))

    async def _give_back(self, entry: Entry) -> None:
        """A release that was lost is asked for again: Twilio knows that a number is gone already."""
        twilio = self._ready()
        sid = entry.shown.sid
        if not sid:
            found = await _asked(twilio.numbers.mine(number=entry.shown.number))
            sid = found[0].sid if found else ""
        await self._book.is_being_released(entry.office, entry.shown.number)
        if sid:
            await _asked(twilio.numbers.release(sid))

    # ----------------------------------------------------------------------------------------------- all the time

    async def watch(self) -> None:
        """Settle what was left open, look at the numbers every six hours. Ends only when cancelled."""
        if self._twilio is None or not self._place.base:
            return
        checked = -CHECK_S
        while True:
            try:
                await self._book.is_alive(self._place)
                await self._buying().settle_unfinished()
                if self._clock.monotonic() - checked >= CHECK_S:
                    await self.check_all()
                    checked = self._clock.monotonic()
            except (TwilioError, EdgeError, StoreError) as error:
                log.warning("the numbers cannot be looked after", extra={"why": str(error)})
            await self._clock.sleep(SETTLE_S)

    # ------------------------------------------------------------------------------------------------------- needed

    def _ready(self) -> TwilioClient:
        if self._twilio is None:
            raise EdgeError(409, "The edge has no Twilio account: set the account SID and the auth token.")
        if not self._place.base:
            raise EdgeError(409, "The edge has no public address: set --public-url.")
        return self._twilio

    async def _alone(self) -> TwilioClient:
        """For what concerns the whole account: several offices share it, and none may take another's numbers."""
        twilio = self._ready()
        if len(await self._offices.list()) > 1:
            raise EdgeError(
                403, "Several offices share this Twilio account: who runs the edge gives numbers out."
            )
        return twilio

    def _buying(self) -> Buying:
        twilio = self._ready()
        return Buying(
            self._store,
            self._clock,
            book=self._book,
            events=self._events,
            twilio=twilio,
            place=self._place,
        )

    async def _entry(self, office: str, number: str) -> Entry:
        entry = await self._book.get(office, number)
        if entry is None:
            raise EdgeError(404, f"The office has no number {number}.")
        return entry

    @staticmethod
    async def _at_twilio(twilio: TwilioClient, entry: Entry) -> Number:
        found = await _asked(twilio.numbers.mine(number=entry.shown.number))
        if not found:
            raise EdgeError(409, f"The Twilio account does not have {entry.shown.number} any more.")
        return found[0]

    async def _told(self, office: str, number: str) -> OutsideNumber:
        self._events.tell(office, "numbers", NumberEvent(what="changed", number=number))
        return await self.get(office, number)


def _renamed(number: Number, name: str) -> NumberSettings:
    """All as it is, but the name; what overrides the addresses stays where it is."""
    return replace(number.settings, name=name)


async def _asked(asking: Awaitable[T]) -> T:
    """Twilio's refusals as ours."""
    try:
        return await asking
    except TwilioError as error:
        raise refusal(error) from None
