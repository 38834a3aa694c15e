"""Gives the caller of a real call to others, by the features of the node, and tells what became of it.

Features end the call when nobody answers. In a flow it goes on then: the ending is taken back, and so is where the call
was sent on. What ended because somebody has talked, or by a transfer, stays ended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
from msgspec.structs import replace

from pbx.call.call import Call
from pbx.call.ending import Ending
from pbx.core.errors import PeerError
from pbx.feature.directory import Directory
from pbx.feature.extension import ExtensionCalls
from pbx.feature.paging import Paging
from pbx.feature.park import Parking
from pbx.feature.queue.queues import Queues
from pbx.feature.ring_group import RingGroups
from pbx.flow.live_line import LiveLine
from pbx.flow.node import NodeError
from pbx.flow.ports import CallOver, Reached
from pbx.model.call_event import LegAnswered, LegJoined
from pbx.model.extension import Extension
from pbx.model.leg_event import LegCause, LegFailed

__all__ = ["LiveReach", "ReachParts"]

_OF_CAUSE: dict[LegCause, Reached] = {
    LegCause.NORMAL: "talked",
    LegCause.BUSY: "busy",
    LegCause.DECLINED: "busy",
    LegCause.NO_ANSWER: "no_answer",
    LegCause.LIMIT: "refused",
}
_OF_STATUS: dict[int, Reached] = {
    403: "refused",
    433: "refused",
    603: "refused",
    486: "busy",
    600: "busy",
}
_NOWHERE = (404, 482, 484)


class Leads(Protocol):
    """Sends a call to what a flow names. Implemented by `pbx.feature.dialplan`."""

    async def lead(
        self, call: Call, dialled: str, by: Extension | None, *, ring_s: float | None = None
    ) -> bool: ...


Room = Callable[[Call, str], Awaitable[None]]
"""Runs a call in a room, of this number, to the end. Raises `PeerError` 404 when there is none."""


class ReachParts(msgspec.Struct, frozen=True, kw_only=True):
    """The features. Rooms that a node does not have are None; `without_mailbox` gives an extension that takes no
    messages.
    """

    directory: Directory
    plan: Leads
    extensions: ExtensionCalls
    groups: RingGroups
    queues: Queues
    paging: Paging
    parking: Parking
    without_mailbox: Callable[[Extension], Extension]
    leave_message: Callable[[Call, str, bool], Awaitable[None]] | None = None
    check_messages: Callable[[Call, str | None], Awaitable[None]] | None = None
    conference: Room | None = None


class LiveReach:
    """Implements `pbx.flow.ports.Reach`, for one call."""

    def __init__(self, call: Call, line: LiveLine, parts: ReachParts) -> None:
        self._call = call
        self._line = line
        self._parts = parts

    async def extension(self, number: str, *, ring_s: int | None, voicemail: bool) -> Reached:
        extension = self._extension(number)
        if ring_s is not None:
            extension = replace(extension, ring_timeout_s=ring_s)
        if not voicemail:
            extension = self._parts.without_mailbox(extension)
        return await self._attempt(self._parts.extensions.ring(self._call, extension))

    async def ring_group(self, number: str) -> Reached:
        groups = self._parts.groups
        group = groups.find(number)
        if group is None:
            raise NodeError(f"there is no ring group {number}")
        lost: Reached | None = None

        async def ring() -> None:
            nonlocal lost
            found = await groups.ring(self._call, group)
            lost = None if found is None else _of_cause(found.cause)

        reached = await self._attempt(ring())
        if lost is not None:
            self._take_back()
        return lost or reached

    async def queue(self, number: str, *, priority: int = 0) -> Reached:
        queues, call = self._parts.queues, self._call
        queue = queues.find(number)
        if queue is None:
            raise NodeError(f"there is no queue {number}")
        left = ""

        async def serve() -> None:
            nonlocal left
            left = await queues.serve(call, queue)

        call.priority += priority
        try:
            reached = await self._attempt(serve())
        finally:
            call.priority -= priority
        if not left:
            return reached
        self._take_back()
        return {"full": "busy", "empty": "unreachable"}.get(left, "no_answer")  # type: ignore[return-value]

    async def dial(
        self, destination: str, *, rights: str | None = None, ring_s: int | None = None
    ) -> Reached:
        by = self._extension(rights) if rights is not None else None
        inside = self._parts.directory.find(destination)
        if inside is not None and inside.extension.enabled:
            return await self.extension(destination, ring_s=ring_s, voicemail=True)
        return await self._attempt(self._lead(destination, by, ring_s))

    async def transfer(self, destination: str, *, rights: str | None = None) -> Reached:
        by = self._extension(rights) if rights is not None else None
        await self._line.release()
        try:
            await self._lead(destination, by, None)
        except PeerError as error:
            await self._line.hang_up(error.sip_status, tone="congestion")
        call = self._call
        ending = call.ending
        if not call.goes_on and ending is not None and ending.by == "node" and ending.status >= 300:
            await self._line.hang_up(tone="busy")
        return "talked"

    async def voicemail(self, mailbox: str, *, greeting: bool = True) -> Reached:
        if self._parts.leave_message is None:
            raise NodeError("there is no voicemail here")
        return await self._attempt(self._parts.leave_message(self._call, mailbox, greeting))

    async def check_voicemail(self, mailbox: str | None) -> Reached:
        if self._parts.check_messages is None:
            raise NodeError("there is no voicemail here")
        return await self._attempt(self._parts.check_messages(self._call, mailbox))

    async def conference(self, number: str) -> Reached:
        if self._parts.conference is None:
            raise NodeError("there are no conferences here")
        return await self._attempt(self._parts.conference(self._call, number))

    async def park(self, slot: str = "") -> Reached:
        return await self._attempt(self._parts.parking.park(self._call, slot))

    async def page(self, group: str) -> Reached:
        found = self._parts.paging.find(group)
        if found is None:
            raise NodeError(f"there is no paging group {group}")
        return await self._attempt(self._parts.paging.page(self._call, found))

    # -- below ---------------------------------------------------------------------------------------------------------

    def _extension(self, number: str) -> Extension:
        entry = self._parts.directory.find(number)
        if entry is None or not entry.extension.enabled:
            raise NodeError(f"there is no extension {number}")
        return entry.extension

    async def _lead(self, destination: str, by: Extension | None, ring_s: float | None) -> None:
        if not await self._parts.plan.lead(self._call, destination, by, ring_s=ring_s):
            raise PeerError(404, f"Nobody Has {destination}")

    async def _attempt(self, program: Awaitable[None]) -> Reached:
        """Run a feature. Raises `NodeError` when it leads nowhere, `CallOver` when the caller has vanished."""
        call = self._call
        await self._line.release()
        before, diverted = len(call.events), len(call.diverted)
        try:
            await program
        except PeerError as error:
            self._take_back(diverted)
            if error.sip_status in _NOWHERE:
                raise NodeError(str(error)) from error
            return _OF_STATUS.get(error.sip_status, "unreachable")
        except LegFailed as error:
            call.end_with(Ending(error.cause, error.status))
            raise CallOver from error
        if self._is_over(before):
            return "talked"
        reached = "talked" if call.ending is None else _of_cause(call.ending.cause)
        if reached != "talked":
            self._take_back(diverted)
        return reached

    def _is_over(self, before: int) -> bool:
        """Whether somebody has talked with the caller since that event, or sends it elsewhere."""
        call = self._call
        if call.goes_on or (call.ending is not None and call.ending.by != "node"):
            return True
        return any(
            isinstance(each, LegJoined) or (isinstance(each, LegAnswered) and each.leg != call.a.name)
            for each in call.events[before:]
        )

    def _take_back(self, diverted: int | None = None) -> None:
        """The feature reached nobody: the call is as it was before."""
        call = self._call
        call.forget_ending()
        if diverted is not None:
            del call.diverted[diverted:]
        if call.a.answered:
            call.ports.media.stop_playing(call.a.stream)


def _of_cause(cause: LegCause) -> Reached:
    return _OF_CAUSE.get(cause, "unreachable")
