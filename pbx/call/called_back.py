"""A caller who is called: a call back runs like any other call, but its caller is dialled when it is to be answered.

The call begins without anybody. When an agent has been found and the call answers its caller (with an offer of ours,
since there was none), that offer goes out as an INVITE, and the answer to it comes back as that of a late ACK would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pbx.call.ports import Leg, Signaling
from pbx.core.errors import PeerError
from pbx.model.cause import cause_of_status
from pbx.model.leg_event import Answered, DialogName, Ended, LegCause, LegEvent, LegFailed, Progress, Refused
from pbx.model.party import DialTarget, Party

__all__ = ["CalledBack", "Reach"]


@dataclass(frozen=True, slots=True)
class Reach:
    """A way to the caller; `seize` takes what it needs (`PeerError` when there is none), and gives it back."""

    target: DialTarget
    seize: Callable[[], Callable[[], None]] = lambda: lambda: None


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
        try:
            release = way.seize()
        except PeerError as error:
            raise LegFailed(cause_of_status(error.sip_status), error.sip_status) from error
        leg = self._signaling.dial(way.target, offer=sdp, caller=self._shown, call=self.id)
        try:
            async with asyncio.timeout(self._ring_s):
                answer = await _until_answer(leg)
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


async def _until_answer(leg: Leg) -> bytes | None:
    early: bytes | None = None
    while True:
        event = await leg.receive()
        if isinstance(event, Progress):
            early = event.sdp or early
        elif isinstance(event, Answered):
            return event.sdp or early
        elif isinstance(event, Refused):
            raise LegFailed(cause_of_status(event.status), event.status, event.reason)
        elif isinstance(event, Ended):
            raise LegFailed(event.cause, event.status or 480)
