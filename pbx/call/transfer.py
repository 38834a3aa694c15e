"""A transfer: one leg of a conversation sends the other elsewhere, and the call runs on for the one that stays.

Who transfers keeps its leg until the other side has been reached, and is told how it goes. When nobody is reached the
two talk again; when the one who transferred has gone by then, its extension is rung, so that no caller is lost.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pbx.call.bridge import Bridge
from pbx.call.reoffer import accept_alone, answer_reoffer, take_reanswer
from pbx.core.errors import PeerError
from pbx.core.tasks import cancelled
from pbx.model import call_event as events
from pbx.model.leg_event import DialogName, Ended, InfoDigit, LegCause, Offered, Reanswered, Referred

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pbx.call.call import Call
    from pbx.call.leg import CallLeg
    from pbx.call.ports import Router

__all__ = ["Transfer", "carry_out", "take_over"]

LINGER_S = 2.0
"""A phone that has transferred hangs up by itself; one that has not by then is told to."""


@dataclass(slots=True, eq=False)
class Transfer:
    """`by` sends `stays` to what dialling `to` reaches, or to whom its dialog `replaces` talks with.

    `rights` is the extension that may do what this does; None: nobody. A `program` runs in place of what `to` reaches.
    """

    by: CallLeg
    stays: CallLeg
    to: str
    rights: str | None
    replaces: DialogName | None = None
    program: Callable[[Call], Awaitable[None]] | None = None
    done: bool = field(default=False, init=False)

    def reached(self, call: Call) -> None:
        """Somebody has answered: whoever transferred may go."""
        if self.done:
            return
        self.done = True
        self.by.dialog.report_transfer(200)
        call.scope.spawn(_let_go(call, self.by))


async def carry_out(call: Call, transfer: Transfer, router: Router) -> None:
    """Run the call on for the party that stays, until it is over or transferred again."""
    by = transfer.by
    call.record(
        events.LegTransferred(
            call=call.id,
            at=call.now(),
            leg=by.name,
            stays=transfer.stays.name,
            to=transfer.to,
            attended=transfer.replaces is not None,
        )
    )
    await call.serve(transfer.stays)
    watch = call.scope.spawn(_watch(call, by))
    await _attempt(call, transfer, router)
    if transfer.done or call.goes_on:
        return
    status = call.ending.status if call.ending is not None and call.ending.status >= 300 else 480
    by.dialog.report_transfer(status)
    call.record(
        events.TransferFailed(call=call.id, at=call.now(), leg=by.name, to=transfer.to, status=status)
    )
    call.ports.media.stop_playing(call.a.stream)
    await cancelled(watch)
    if call.legs.get(by.name) is by:
        call.forget_ending()
        await call.perform(Bridge(call, by).run())
    elif by.party.extension is not None:
        call.forget_ending()
        back = Transfer(by=by, stays=transfer.stays, to=by.party.extension, rights=transfer.rights)
        await _attempt(call, back, router)


async def _attempt(call: Call, transfer: Transfer, router: Router) -> None:
    call.transferring = transfer
    try:
        program = transfer.program
        await call.perform(router.transfer(call, transfer) if program is None else program(call))
    finally:
        call.transferring = None


async def _watch(call: Call, leg: CallLeg) -> None:
    """A leg that waits for the outcome of its transfer: it may hold, resume and hang up."""
    while True:
        event = await leg.dialog.receive()
        if isinstance(event, Ended):
            await call.close_leg(leg, LegCause.TRANSFERRED, event.status)
            return
        if isinstance(event, Offered):
            await answer_reoffer(call, leg, event.sdp, accept_alone(call))
        elif isinstance(event, Reanswered):
            take_reanswer(call, leg, event)
        elif isinstance(event, InfoDigit):
            call.saw_digit(leg, event.digit, event.duration_ms, via="info")
        elif isinstance(event, Referred):
            leg.dialog.report_transfer(491)


async def _let_go(call: Call, leg: CallLeg) -> None:
    await asyncio.sleep(LINGER_S)
    await call.close_leg(leg, LegCause.TRANSFERRED)


async def take_over(call: Call, leg: CallLeg, other: Call) -> CallLeg:
    """Bring a leg of `other` into `call`; `other` is over then. Raises `PeerError` 481 when it is over already."""
    arrived: asyncio.Future[CallLeg] = asyncio.get_running_loop().create_future()

    async def deliver(left: CallLeg) -> None:
        if arrived.done():  # nobody waits any more
            await left.close(LegCause.NORMAL)
        else:
            arrived.set_result(left)

    if other is call:
        raise PeerError(482, "A Call Cannot Join Itself")
    other.surrender(leg, call, deliver)
    try:
        return call.adopt(await arrived, other.id)
    except asyncio.CancelledError:
        if arrived.done() and not arrived.cancelled():
            await arrived.result().close(LegCause.NORMAL)
        arrived.cancel()
        raise
