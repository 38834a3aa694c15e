"""A caller who is called: a call back runs like any other call, but its caller is dialled when it is to be answered.

The call begins without anybody. When an agent has been found and the call answers its caller (with an offer of ours,
since there was none), that offer goes out as an INVITE, and the answer to it comes back as that of a late ACK would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from pbx.call.encryption import BROWSER_TRANSPORTS
from pbx.call.ports import NO_WORD, Leg, Signaling, Waking
from pbx.core.errors import PeerError
from pbx.model.cause import cause_of_status
from pbx.model.leg_event import Answered, DialogName, Ended, LegCause, LegEvent, LegFailed, Progress, Refused
from pbx.model.party import DialTarget, Party

if TYPE_CHECKING:
    from pbx.call.call import Call

__all__ = ["CalledBack", "Reach", "reaches"]


class Reach(msgspec.Struct, frozen=True):
    """A way to the caller; `seize` takes what it needs (`PeerError` when there is none), and gives it back. `wake` is
    for a phone that sleeps, and is told who calls."""

    target: DialTarget
    seize: Callable[[], Callable[[], None]] = lambda: lambda: None
    wake: Callable[[Party], AbstractAsyncContextManager[Waking]] | None = None


def reaches(call: Call, phones: Sequence[DialTarget]) -> list[Reach]:
    """The phones of an extension; those that sleep are woken."""
    return [Reach(each, wake=partial(_wake, call, each) if each.asleep else None) for each in phones]


def _wake(call: Call, phone: DialTarget, caller: Party) -> AbstractAsyncContextManager[Waking]:
    waker = call.ports.waker
    if waker is None:
        raise LegFailed(LegCause.UNREACHABLE, 480)
    return waker.wake(call.id, caller, phone, told=_nobody, record=call.record)


async def _nobody() -> None:
    """Nobody is there to hear that it rings."""


class CalledBack:
    """Implements `call.ports.Leg` over the leg that is dialled. After a refusal that is one of `faults` the next way is
    tried; `given_up` is told when the call ends without having dialled anybody. `together`: all ways are the phones of
    one person, which ring at once.
    """

    def __init__(
        self,
        call_id: str,
        ways: Callable[[], Sequence[Reach]],
        signaling: Signaling,
        *,
        shown: Party,
        ring_s: float,
        faults: Collection[int] = (),
        given_up: Callable[[], None] = lambda: None,
        together: bool = False,
    ) -> None:
        self.id = call_id
        self._ways = ways
        self._signaling = signaling
        self._shown = shown
        self._ring_s = ring_s
        self._faults = faults
        self._given_up = given_up
        self._together = together
        self.browser_offer: Callable[[], bytes] | None = None
        """The offer as pages understand it; set by the call."""
        self._leg: Leg | None = None
        self._release: Callable[[], None] = lambda: None
        self._there = asyncio.Event()

    async def receive(self) -> LegEvent:
        await self._there.wait()
        return await self._reached().receive()

    async def progress(self, status: int, sdp: bytes | None = None) -> None:
        """Nobody is there yet to be told."""

    async def answer(self, sdp: bytes | None) -> bytes | None:
        """Dial, one way after the other; later, answer a re-offer. Raises `LegFailed` when nobody picks up."""
        if self._leg is not None:
            return await self._leg.answer(sdp)
        if self._together:
            return await self._dial_all(sdp)
        failed = LegFailed(LegCause.UNREACHABLE, 480)
        for way in self._ways():
            try:
                return await self._dial(way, sdp)
            except LegFailed as error:
                failed = error
                if error.status not in self._faults:
                    break
        raise failed

    async def _dial_all(self, sdp: bytes | None) -> bytes | None:
        """Ring all; the first that answers is the one. Who declines for good (6xx) does so for all."""
        answers: list[bytes | None] = []
        failures: list[LegFailed] = []
        rung: list[asyncio.Task[None]] = []

        async def ring(way: Reach) -> None:
            try:
                answers.append(await self._dial(way, sdp))
            except LegFailed as error:
                failures.append(error)
                if error.status < 600:
                    return
            for other in rung:
                if other is not asyncio.current_task():
                    other.cancel()

        async with asyncio.TaskGroup() as group:
            rung += [group.create_task(ring(way)) for way in self._ways()]
        if answers:
            return answers[0]
        raise max(failures, key=lambda each: each.status, default=LegFailed(LegCause.UNREACHABLE, 480))

    async def _dial(self, way: Reach, sdp: bytes | None) -> bytes | None:
        if not way.target.asleep:
            return await self._ring(way.target, way, sdp)
        if way.wake is not None:
            async with way.wake(self._shown) as waking:
                try:
                    found = await waking.awake()
                    if found is not None:
                        return await self._ring(found.instead_of(way.target), way, sdp, waking.here)
                finally:
                    waking.over("" if self._leg is None else "elsewhere")
        raise LegFailed(LegCause.UNREACHABLE, 480)

    async def _ring(
        self, target: DialTarget, way: Reach, sdp: bytes | None, heard: Callable[[], None] = lambda: None
    ) -> bytes | None:
        try:
            release = way.seize()
        except PeerError as error:
            raise LegFailed(cause_of_status(error.sip_status), error.sip_status) from error
        if target.transport.upper() in BROWSER_TRANSPORTS and self.browser_offer is not None:
            sdp = self.browser_offer()
        leg = self._signaling.dial(target, offer=sdp, caller=self._shown, call=self.id)
        try:
            async with asyncio.timeout(self._ring_s):
                answer = await _until_answer(leg, heard)
            if self._leg is not None:  # another phone was quicker by a hair
                raise LegFailed(LegCause.CANCELLED, 487)  # noqa: TRY301 - what was seized is given back below
        except BaseException as error:
            release()
            await leg.end(LegCause.CANCELLED)
            if isinstance(error, TimeoutError):
                raise LegFailed(LegCause.NO_ANSWER, 480) from None
            raise
        self._leg, self._release = leg, release
        self._there.set()
        return answer

    async def reject(
        self, status: int, reason: str | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        if self._leg is not None:
            await self._leg.reject(status, reason, headers)
        else:
            self._given_up()

    async def reoffer(self, sdp: bytes | None) -> bytes | None:
        return await self._reached().reoffer(sdp)

    def send_digit(self, digit: str, duration_ms: int) -> None:
        self._reached().send_digit(digit, duration_ms)

    def show(self, party: Party | None) -> None:
        if self._leg is not None:
            self._leg.show(party)

    def report_transfer(self, status: int) -> None:
        if self._leg is not None:
            self._leg.report_transfer(status)

    def is_dialog(self, name: DialogName) -> bool:
        return self._leg is not None and self._leg.is_dialog(name)

    def dialog_name(self) -> DialogName | None:
        name: Callable[[], DialogName | None] = getattr(self._leg, "dialog_name", lambda: None)
        return name()

    def kept(self) -> bytes | None:
        return None if self._leg is None else self._leg.kept()

    def kept_invite(self) -> bytes | None:
        return None  # of a call that nobody has made, nobody waits for the end

    async def alive(self) -> bool:
        return await self._reached().alive()

    async def end(self, cause: LegCause = LegCause.NORMAL) -> None:
        release, self._release = self._release, lambda: None
        release()
        if self._leg is not None:
            await self._leg.end(cause)

    def _reached(self) -> Leg:
        if self._leg is None:
            raise LegFailed(LegCause.UNREACHABLE, 480)
        return self._leg


async def _until_answer(leg: Leg, heard: Callable[[], None]) -> bytes | None:
    """`heard` is called when the phone says something."""
    early: bytes | None = None
    while True:
        event = await leg.receive()
        if not (isinstance(event, Refused | Ended) and event.status in NO_WORD):
            heard()
        if isinstance(event, Progress):
            early = event.sdp or early
        elif isinstance(event, Answered):
            return event.sdp or early
        elif isinstance(event, Refused):
            raise LegFailed(cause_of_status(event.status), event.status, event.reason)
        elif isinstance(event, Ended):
            raise LegFailed(event.cause, event.status or 480)
