"""Speak to several phones at once: all that answer share a room with the caller, in which they may be mute.

    dial all ──▶ each that answers enters the room ──▶ the caller is answered when all have said yes or no, or a
                                                       moment after the first; who has not answered by then may follow

The page ends with the caller; when a member hangs up, only that phone leaves.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from pbx.call.call import Call
from pbx.call.ending import Ending
from pbx.call.leg import CallLeg
from pbx.call.pick_up import pick_up
from pbx.call.ports import Prompt, Room, Rooms
from pbx.call.reoffer import accept_alone, answer_reoffer, take_reanswer
from pbx.call.silence import SilenceWatch
from pbx.core.errors import PeerError
from pbx.model import call_event as events
from pbx.model.cause import cause_of_status
from pbx.model.leg_event import (
    Answered,
    Ended,
    LegCause,
    LegFailed,
    Offered,
    Progress,
    Reanswered,
    Referred,
    Refused,
)
from pbx.model.party import DialTarget

__all__ = ["Page"]

log = logging.getLogger(__name__)

ANSWER_S = 3.0
"""A phone that does not answer by itself within this time is no loudspeaker."""
GATHER_S = 1.0
"""How long the caller waits for more phones after the first one."""


class Page:
    """One announcement. `muted`: the members hear the caller, and nobody hears them."""

    def __init__(self, call: Call, rooms: Rooms, *, muted: bool) -> None:
        self._call = call
        self._rooms = rooms
        self._muted = muted
        self._undecided = 0
        self._in_room = False
        self._first = asyncio.Event()
        self._all = asyncio.Event()

    async def run(self, targets: Sequence[DialTarget], *, tone: Prompt | None, longest_s: float) -> None:
        """Until the caller hangs up (which cancels this), the time is up, or no phone is left."""
        call = self._call
        self._undecided = len(targets)
        room = self._rooms.room(len(targets) + 1, label=f"{call.id}/page")
        phones = [call.scope.spawn(self._phone(each, room)) for each in targets]
        try:
            await self._first.wait()
            if not self._in_room:
                call.end_with(Ending(LegCause.UNREACHABLE, 480))
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER_S):
                    await self._all.wait()
            await pick_up(call)
            room.join(call.a.stream)
            if tone is not None:
                room.play(tone)
            with SilenceWatch(call, call.a):
                await asyncio.wait(phones, timeout=longest_s)
        finally:
            for each in phones:
                each.cancel()
            await asyncio.gather(*phones, return_exceptions=True)
            room.close()

    async def _phone(self, target: DialTarget, room: Room) -> None:
        """One phone, from the INVITE until it leaves."""
        leg: CallLeg | None = None
        cause, status = LegCause.NORMAL, 0
        decided = False
        try:
            leg = self._call.new_leg(target, target.label or target.uri)
            status = await self._refusal(leg, target)
            if status:
                cause = cause_of_status(status)
            else:
                room.join(leg.stream, muted=self._muted)
                self._decide(in_room=True)
                decided = True
                cause = await self._until_gone(leg)
        except PeerError as error:  # no port is free, or its answer does not fit our offer
            cause, status = cause_of_status(error.sip_status), error.sip_status
        except LegFailed as error:
            cause, status = error.cause, error.status
        except TimeoutError:
            cause, status = LegCause.NO_ANSWER, 480
        except ValueError as error:  # the engine cannot decode it, or cannot speak to it
            log.info("a phone cannot be paged", extra={"target": target.label, "reason": str(error)})
            cause, status = LegCause.INCOMPATIBLE, 488
        finally:
            if leg is not None:
                room.leave(leg.stream)
                await self._call.close_leg(leg, cause, status)
            if not decided:
                self._decide(in_room=False)

    async def _refusal(self, leg: CallLeg, target: DialTarget) -> int:
        """Dial; 0 when the phone has answered, else why not."""
        call = self._call
        call.record(
            events.LegDialled(
                call=call.id, at=call.now(), leg=leg.name, target=leg.label, extension=target.extension
            )
        )
        leg.signal = call.ports.signaling.dial(
            target, offer=leg.offer(call.onward_formats()), caller=call.shown, call=call.id
        )
        async with asyncio.timeout(ANSWER_S):
            while True:
                event = await leg.dialog.receive()
                if isinstance(event, Refused):
                    return event.status
                if isinstance(event, Ended):
                    return event.status or 480
                if isinstance(event, Offered):
                    await leg.dialog.reject(488)
                elif isinstance(event, Progress | Answered):
                    if event.sdp is not None or (isinstance(event, Answered) and leg.remote is None):
                        leg.take_answer(event.sdp)
                    if isinstance(event, Answered):
                        leg.answered = True
                        call.record(events.LegAnswered(call=call.id, at=call.now(), leg=leg.name))
                        return 0

    async def _until_gone(self, leg: CallLeg) -> LegCause:
        while True:
            event = await leg.dialog.receive()
            if isinstance(event, Ended):
                return event.cause
            if isinstance(event, Offered):
                await answer_reoffer(self._call, leg, event.sdp, accept_alone(self._call))
            elif isinstance(event, Reanswered):
                take_reanswer(self._call, leg, event)
            elif isinstance(event, Referred):  # an announcement is nobody's to send on
                leg.dialog.report_transfer(603)

    def _decide(self, *, in_room: bool) -> None:
        """A phone is in, or will not be."""
        self._undecided -= 1
        self._in_room |= in_room
        if in_room or not self._undecided:
            self._first.set()
        if not self._undecided:
            self._all.set()
