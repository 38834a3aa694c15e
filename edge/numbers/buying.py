"""Buying a number exactly once.

    open ── ask Twilio ──▶ bought                      the number is the office's
      │        ├─ refused: the next one that fits, or failed
      │        └─ no answer ──▶ list the account: there ▶ bought; else open, and listed again for 15 minutes
      └─ crash: the same as no answer

What is asked for is written down first, and an order asks for no other number while it is unknown whether it got the
first. A number is told to be ours by the addresses it was bought with.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from edge.clock import Clock
from edge.errors import EdgeError
from edge.events import Events
from edge.model.base import new_id
from edge.model.numbers import NumberEvent, NumberOrder, OutsideNumber
from edge.numbers.book import Book
from edge.numbers.orders import Order, Orders
from edge.numbers.wanted import Place, is_ours, wanted
from edge.store import Store
from edge.twilio.client import TwilioClient
from edge.twilio.errors import TwilioError, refusal
from edge.twilio.records import Number

__all__ = ["Buying"]

log = logging.getLogger(__name__)

GONE = {21422, 21452, 20404}
CANDIDATES = 5
LOOK_AGAIN_S = (0.0, 1.0, 3.0, 6.0)
GIVE_UP_MS = 15 * 60_000


class Buying:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        book: Book,
        events: Events,
        twilio: TwilioClient,
        place: Place,
    ) -> None:
        self._store = store
        self._clock = clock
        self._book = book
        self._events = events
        self._twilio = twilio
        self._place = place
        self._orders = Orders(store, clock)

    async def buy(self, office: str, wish: NumberOrder) -> OutsideNumber:
        """Carry an order out, or tell again how it went. Raises `EdgeError`."""
        order = await self._orders.claim(office, wish.order or new_id(self._clock.now_ms()), wish)
        if order.state == "failed":
            raise EdgeError(422, order.reason)
        if order.state == "bought":
            return await self._shown(order, order.e164)
        if wish.number is not None and await self._book.is_taken(wish.number):
            await self._orders.failed(order, f"{wish.number} is in use already.")
            raise EdgeError(409, f"{wish.number} is in use already.", field="$.number")
        try:
            return await self._carry_out(order)
        except EdgeError:
            raise
        except BaseException:
            await self._orders.let_go(order, keep_number=True)
            raise

    async def settle_unfinished(self) -> None:
        """What a crash or a lost answer left open: the account says how it went."""
        for order in await self._orders.unfinished():
            try:
                await self._settle_unfinished(order)
            except TwilioError as error:
                log.warning("an order cannot be settled yet", extra={"order": order.id, "why": str(error)})
                await self._orders.let_go(order, keep_number=True)

    async def _settle_unfinished(self, order: Order) -> None:
        found = await self._ours(order, order.e164) if order.e164 else None
        if found is not None:
            await self._keep(order, found)
        elif self._clock.now_ms() - order.created_at > GIVE_UP_MS:
            reason = "Twilio did not sell the number."
            await self._orders.failed(order, reason)
            told = NumberEvent(what="failed", number=order.e164, reason=reason)
            self._events.tell(order.office, "numbers", told)
        else:
            await self._orders.let_go(order, keep_number=True)

    async def _carry_out(self, order: Order) -> OutsideNumber:
        try:
            if order.e164 and (found := await self._ours(order, order.e164)) is not None:
                return await self._keep(order, found)
            candidates = await self._candidates(order)
        except TwilioError as error:
            await self._orders.let_go(order, keep_number=True)
            raise refusal(error) from None
        for e164 in candidates:
            if not await self._orders.choose(order, e164):
                continue
            found = await self._try(order, e164, last=order.wish.number is not None)
            if found is not None:
                return await self._keep(order, found)
        return await self._fail(order, "Twilio has no such number for sale.")

    async def _candidates(self, order: Order) -> Sequence[str]:
        """First what was asked for last time: nobody knows yet whether it was bought."""
        wish = order.wish
        if wish.number is not None:
            return [wish.number]
        found = await self._twilio.numbers.search(
            wish.country,
            wish.kind,
            area_code=wish.area_code,
            voice=True,
            sms=wish.sms,
            limit=CANDIDATES,
        )
        fit = [
            one.number
            for one in found
            if (one.address_required == "none" or wish.address_sid) and one.number != order.e164
        ]
        if found and not fit:
            await self._fail(order, "Numbers like this need an address that is registered at Twilio.")
        return [*([order.e164] if order.e164 else []), *fit]

    async def _try(self, order: Order, e164: str, *, last: bool) -> Number | None:
        """Ask Twilio to sell it. None: it is gone, another may do."""
        wish = order.wish
        settings = wanted(self._place, name=wish.name)
        try:
            return await self._twilio.numbers.buy(e164, settings, address_sid=wish.address_sid)
        except TwilioError as error:
            if error.uncertain:
                return await self._settle(order, e164, error)
            if error.code in GONE:
                # It is gone too when an earlier try of this order has bought it.
                found = await self._ours(order, e164)
                if found is not None or not last:
                    return found
            if error.again or error.status in {401, 403}:
                await self._orders.let_go(order, keep_number=False)
                raise refusal(error) from None
            await self._orders.failed(order, refusal(error).detail)
            raise refusal(error, field="$.number") from None

    async def _settle(self, order: Order, e164: str, error: TwilioError) -> Number:
        """No answer: look whether the account has it now."""
        for wait_s in LOOK_AGAIN_S:
            await self._clock.sleep(wait_s)
            try:
                found = await self._ours(order, e164)
            except TwilioError as again:
                log.warning("an order cannot be settled yet", extra={"order": order.id, "why": str(again)})
                continue
            if found is not None:
                return found
        await self._orders.let_go(order, keep_number=True)
        raise EdgeError(
            503,
            f"Twilio did not say whether {e164} was bought ({error.words}) The edge goes on asking;"
            " the number appears in the list if it was.",
            headers={"Retry-After": "60"},
        )

    async def _ours(self, order: Order, e164: str) -> Number | None:
        """The number, when the account has it, an edge set it up, and no office has it: this order bought it."""
        if await self._book.is_taken(e164):
            return None
        should = wanted(self._place, name=order.wish.name)
        found = await self._twilio.numbers.mine(number=e164)
        return next((one for one in found if is_ours(one, should)), None)

    async def _keep(self, order: Order, number: Number) -> OutsideNumber:
        async with self._store.transaction() as within:
            await self._book.put(
                within,
                order.office,
                number,
                name=order.wish.name,
                extension=order.wish.extension,
                trunk_sid=number.settings.trunk_sid,
                base=self._place.base,
            )
            await self._orders.bought(within, order, number.number)
        self._events.tell(order.office, "numbers", NumberEvent(what="bought", number=number.number))
        return await self._shown(order, number.number)

    async def _shown(self, order: Order, e164: str) -> OutsideNumber:
        entry = await self._book.get(order.office, e164)
        if entry is None:
            raise EdgeError(409, f"This order bought {e164}, which the office has given up since.")
        return entry.shown

    async def _fail(self, order: Order, reason: str) -> OutsideNumber:
        await self._orders.failed(order, reason)
        raise EdgeError(422, reason)
