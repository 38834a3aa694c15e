"""Parking: a call waits in a numbered slot, with music, until somebody dials the slot.

It is parked by transferring it to the slot, or to the code that takes the next free one. Nobody fetches it: the phone
that parked it rings; nobody answers there either: it waits on, and rings again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import msgspec

from pbx.call.call import Call
from pbx.call.connect import join
from pbx.call.connected import identity_of, tell
from pbx.call.ending import Ending
from pbx.call.fork import Fork, Lost, Redirect
from pbx.call.leg import CallLeg
from pbx.call.silence import SilenceWatch
from pbx.core.errors import PeerError
from pbx.model.call_event import CallParked
from pbx.model.leg_event import LegCause
from pbx.model.live_call import ParkedCall
from pbx.model.party import DialTarget

__all__ = ["Parked", "Parking"]

SLOTS = tuple(str(number) for number in range(1, 10))
LONGEST_S = 4 * 3600.0
RING_S = 20.0


class Parked(msgspec.Struct, eq=False):
    """A call that waits in `slot`; `by` is the extension that parked it."""

    slot: str
    call: Call
    by: str | None
    since: datetime
    fetched: asyncio.Future[tuple[CallLeg, str]]

    async def close(self) -> None:
        """Take nobody in any more; who came in the very moment that the call ended, or was answered, is hung up."""
        if self.fetched.done() and not self.fetched.cancelled():
            leg, _ = self.fetched.result()
            if self.call.legs.get(leg.name) is not leg:
                await leg.close(LegCause.NORMAL)
        self.fetched.cancel()

    async def give(self, leg: CallLeg, from_call: str) -> None:
        """Let a leg talk with the parked one; it is hung up when it comes too late."""
        if self.fetched.done():
            await leg.close(LegCause.NORMAL)
        else:
            self.fetched.set_result((leg, from_call))


class Parking:
    """The slots. `targets` gives an extension's phones."""

    def __init__(
        self,
        targets: Callable[[str], Sequence[DialTarget]],
        *,
        redirect: Redirect,
        return_after_s: float,
    ) -> None:
        self._targets = targets
        self._redirect = redirect
        self._return_after_s = return_after_s
        self._parked: dict[str, Parked] = {}

    def waiting(self) -> list[ParkedCall]:
        """What is parked, by slot."""
        return [
            ParkedCall(
                slot=each.slot,
                call=each.call.id,
                party=each.call.party.number,
                party_name=each.call.party.name,
                by=each.by,
                since=each.since,
            )
            for each in sorted(self._parked.values(), key=lambda each: each.slot)
        ]

    def is_free(self, slot: str) -> bool:
        """Whether something can be parked there; "" for any slot."""
        return slot not in self._parked if slot else len(self._parked) < len(SLOTS)

    async def dialled(self, call: Call, slot: str) -> None:
        """Fetch what waits in a slot, or park there what was transferred to it. Raises `PeerError` 404, 486."""
        if call.transferring is not None:
            await self.park(call, slot)
        else:
            await self.fetch(call, slot)

    async def park(self, call: Call, slot: str = "") -> None:
        """Let the call's party wait, in the next free slot when none is named, until somebody has talked with it.

        Raises `PeerError` 486 when the slot is taken, 404 when there is none of that number.
        """
        slot = slot or next((each for each in SLOTS if each not in self._parked), "")
        if not slot or slot in self._parked:
            raise PeerError(486, "Slot Is Taken" if slot else "No Free Slot")
        if slot not in SLOTS:
            raise PeerError(404, "No Such Slot")
        by = call.transferring.by.party.extension if call.transferring is not None else None
        call.record(CallParked(call=call.id, at=call.now(), slot=slot, by=by))
        await self.wait_on(call, slot, by)

    async def wait_on(self, call: Call, slot: str, by: str | None) -> None:
        """The same for a call that is written down as parked there, be it in an earlier process."""
        if slot in self._parked:
            raise PeerError(486, "Slot Is Taken")
        parked = Parked(slot, call, by, call.now(), asyncio.get_running_loop().create_future())
        self._parked[slot] = parked
        try:
            await call.answer_caller(call.formats_for(call.offered_formats()))
            fetched = await self._wait(parked)
        finally:
            del self._parked[slot]
            await parked.close()
        if fetched is not None:
            await join(call, fetched)

    async def fetch(self, call: Call, slot: str) -> None:
        """Answer the caller and let it talk with whom waits in the slot. Raises `PeerError` 404 when nobody does."""
        parked = self._parked.get(slot)
        if parked is None or parked.fetched.done():
            raise PeerError(404, "Nothing Is Parked There")
        if call.party.extension is None:
            raise PeerError(403, "Only Phones Of This Office")
        tell(call.a, identity_of(call.ports, parked.call.a))
        await call.answer_caller(call.formats_for(parked.call.a.sends))
        call.surrender(call.a, parked.call, partial(parked.give, from_call=call.id))

    async def _wait(self, parked: Parked) -> CallLeg | None:
        """Whoever fetches the call, or the phone that parked it; None when nobody came in all that time."""
        call = parked.call
        until = call.ports.clock.monotonic() + LONGEST_S
        while call.ports.clock.monotonic() < until:
            with SilenceWatch(call, call.a):
                call.play(call.ports.hold_tone(), loop=True)
                try:
                    async with asyncio.timeout(self._return_after_s):
                        leg, from_call = await asyncio.shield(parked.fetched)
                except TimeoutError:
                    pass
                else:
                    return call.adopt(leg, from_call)
            answered = await self._ring_back(parked)
            if answered is not None:
                return answered
        call.end_with(Ending(LegCause.NO_ANSWER, 480))
        return None

    async def _ring_back(self, parked: Parked) -> CallLeg | None:
        """Ring the phone that parked the call; it may still be fetched elsewhere meanwhile."""
        call = parked.call
        targets = self._targets(parked.by) if parked.by is not None else []
        if not targets:
            return None
        fork = Fork(call, ring_timeout_s=RING_S, redirect=self._redirect)

        def fetched(leg_of: asyncio.Future[tuple[CallLeg, str]]) -> None:
            if not leg_of.cancelled():
                fork.takes(
                    *leg_of.result()
                )  # else it is over, and `_wait` finds the leg, or `Parked.close` does

        parked.fetched.add_done_callback(fetched)
        try:
            outcome = await fork.ring(targets)
        finally:
            parked.fetched.remove_done_callback(fetched)
        return None if isinstance(outcome, Lost) else outcome
