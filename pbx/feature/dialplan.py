"""The dial plan: what somebody dialled → the feature that runs the call.

Calls for help go before everything. Then feature codes, extensions, paging groups, conferences, queues, ring groups,
and the routes to outside numbers; anything else is 404. Implements `call.ports.Router`.

A caller from a trunk goes where the called number leads. Beyond that it reaches what extensions and groups on its way
forward to, and where an extension transfers it: no feature unless it is sent straight there, and an outside number only
with the rights of the extension that sends it.
"""

from __future__ import annotations

from functools import partial
from typing import Protocol

from pbx.call.call import Call
from pbx.call.ending import Ending
from pbx.call.transfer import Transfer
from pbx.core.errors import PeerError
from pbx.feature.callers import CallerRules
from pbx.feature.conference.conferences import Conferences
from pbx.feature.directory import Directory
from pbx.feature.extension import ExtensionCalls
from pbx.feature.features import Features
from pbx.feature.inbound import InboundCalls
from pbx.feature.outside import OutsideCalls
from pbx.feature.paging import Paging
from pbx.feature.queue.queues import Queues
from pbx.feature.refusal import Announcement, Refusing
from pbx.feature.ring_group import RingGroups
from pbx.feature.self_call import BY_ITSELF
from pbx.feature.transfer import Transfers
from pbx.model.extension import Extension
from pbx.model.leg_event import LegCause


class FlowCalls(Protocol):
    """The flows that are live."""

    def has(self, number: str) -> bool: ...

    async def run(self, call: Call, number: str) -> None:
        """Run the call to its end."""
        ...


class Dialplan:
    """Routes admitted calls. Without `inbound` and `outside` the office has no trunks.

    `unknown` is what an extension hears that has dialled a number nobody has.
    """

    def __init__(
        self,
        *,
        features: Features,
        directory: Directory,
        extensions: ExtensionCalls,
        inbound: InboundCalls | None = None,
        outside: OutsideCalls | None = None,
        groups: RingGroups | None = None,
        transfers: Transfers | None = None,
        paging: Paging | None = None,
        callers: CallerRules | None = None,
        queues: Queues | None = None,
        flows: FlowCalls | None = None,
        conferences: Conferences | None = None,
        unknown: Announcement | None = None,
    ) -> None:
        self._features = features
        self._directory = directory
        self._extensions = extensions
        self._inbound = inbound
        self._outside = outside
        self._groups = groups
        self._transfers = transfers
        self._paging = paging
        self._callers = callers
        self._queues = queues
        self._flows = flows
        self._conferences = conferences
        self._refuse_unknown = Refusing(unknown)
        extensions.onward = self.onward

    async def route(self, call: Call) -> None:
        """Run the call to its end. Raises `PeerError` 404 for a number nobody has."""
        if call.replaces is not None and self._transfers is not None:
            await self._transfers.replace(call, call.replaces)
        elif call.trunk is not None:
            await self._from_outside(call)
        elif not await self._inside(call, call.dialled, pointed_to=call.incoming.source == BY_ITSELF):
            entry = self._directory.find(call.party.extension or "")
            if entry is None or not await self._to_outside(call, call.dialled, entry.extension):
                await self._refuse_unknown(call, PeerError(404, "Not Found"))

    async def transfer(self, call: Call, transfer: Transfer) -> None:
        """Run the call on for the party that stays. Raises `PeerError` when the transfer leads nowhere."""
        if self._transfers is None:
            raise PeerError(403, "No Transfers Here")
        await self._transfers.run(call, transfer, partial(self.onward, pointed_to=True))

    async def onward(self, call: Call, dialled: str, by: Extension, *, pointed_to: bool = False) -> bool:
        """Send the call to what `by`, an extension, would reach by dialling this; False when that is nothing."""
        return await self._inside(call, dialled, pointed_to=pointed_to) or await self._to_outside(
            call, dialled, by
        )

    async def inward(self, call: Call, dialled: str) -> bool:
        """The same within the office, for what belongs to no extension."""
        return await self._inside(call, dialled)

    def reaches(self, dialled: str, by: Extension) -> bool:
        """Whether `by` would reach something by dialling this, and may."""
        if self._outside is not None and self._outside.is_emergency(dialled):
            return False
        entry = self._directory.find(dialled)
        return (
            self._features.find(dialled) is not None
            or (entry is not None and entry.extension.enabled)
            or (self._flows is not None and self._flows.has(dialled))
            or (self._groups is not None and self._groups.find(dialled) is not None)
            or (self._paging is not None and self._paging.find(dialled) is not None)
            or (self._queues is not None and self._queues.find(dialled) is not None)
            or (self._conferences is not None and self._conferences.find(dialled) is not None)
            or (self._outside is not None and self._outside.allows(dialled, by))
        )

    async def lead(
        self, call: Call, dialled: str, by: Extension | None, *, ring_s: float | None = None
    ) -> bool:
        """Send the call to what a flow names; False when that is nothing. Outside numbers need the rights of `by`.

        A flow calls nobody for help: its callers do so by themselves. `ring_s` is for outside numbers.
        """
        if self._outside is not None and self._outside.emergency_number(dialled) is not None:
            raise PeerError(403, "Not By A Flow")
        if await self._inside(call, dialled, pointed_to=True):
            return True
        if self._outside is None or by is None:
            return False
        if ring_s is None:
            return await self._outside.call(call, dialled, by)
        return await self._outside.call(call, dialled, by, ring_s=ring_s)

    async def _from_outside(self, call: Call) -> None:
        if self._inbound is None:
            raise PeerError(404, "Not Found")
        self._inbound.seize(call)
        if self._inbound.is_from_office(call) and await self._to_colleague(call, call.dialled):
            return
        destination = self._inbound.destination(call)
        if self._callers is not None:
            entry = self._directory.find(destination)
            self._callers.at_the_door(call, entry.extension if entry is not None else None)
        if not await self._inside(call, destination, pointed_to=True) and not await self._to_office(
            call, destination
        ):
            raise PeerError(404, "Not Found")

    async def _to_colleague(self, call: Call, dialled: str) -> bool:
        """Whether another office reaches this: an extension, a room, or a third office, but no code."""
        entry = self._directory.find(dialled)
        if entry is not None and entry.extension.enabled:
            await self._extensions.ring(call, entry.extension)
            return True
        if await self._to_room(call, dialled):
            return True
        return await self._to_office(call, dialled)

    async def _to_office(self, call: Call, dialled: str) -> bool:
        """Whether the number is one of another office."""
        return self._outside is not None and await self._outside.to_office(call, dialled)

    async def _inside(self, call: Call, dialled: str, *, pointed_to: bool = False) -> bool:
        """Whether the number is one of the office. `pointed_to`: a DID or a transfer leads straight here."""
        if self._outside is not None and self._outside.is_emergency(dialled):
            return False
        feature = self._features.find(dialled)
        if feature is not None:
            if call.party.extension is None and not pointed_to and not feature.info.for_callers:
                raise PeerError(403, "Not For Callers From Outside")
            await feature(call)
            return True
        entry = self._directory.find(dialled)
        if entry is not None and entry.extension.enabled:
            await self._extensions.ring(call, entry.extension)
            return True
        if self._flows is not None and self._flows.has(dialled):
            await self._flows.run(call, dialled)
            return True
        paged = self._paging.find(dialled) if self._paging is not None else None
        if self._paging is not None and paged is not None:
            await self._paging.page(call, paged)
            return True
        return await self._to_room(call, dialled)

    async def _to_room(self, call: Call, dialled: str) -> bool:
        """Whether the number is that of a conference, a queue or a ring group."""
        conference = self._conferences.find(dialled) if self._conferences is not None else None
        if self._conferences is not None and conference is not None:
            await self._conferences.join(call, conference)
            return True
        return await self._to_queue(call, dialled) or await self._to_group(call, dialled)

    async def _to_queue(self, call: Call, dialled: str) -> bool:
        queue = self._queues.find(dialled) if self._queues is not None else None
        if self._queues is None or queue is None:
            return False
        left = await self._queues.serve(call, queue)
        if left and queue.overflow is not None:
            call.divert(queue.number, "unavailable" if left == "empty" else "no-answer", queue.overflow)
            if await self._inside(call, queue.overflow):
                return True
        if left:
            call.end_with(Ending(LegCause.NO_ANSWER, 480))
        return True

    async def _to_group(self, call: Call, dialled: str) -> bool:
        group = self._groups.find(dialled) if self._groups is not None else None
        if self._groups is None or group is None:
            return False
        lost = await self._groups.ring(call, group)
        if lost is not None:
            if group.overflow is not None:
                call.divert(group.number, "no-answer", group.overflow)
                if await self._inside(call, group.overflow):
                    return True
            call.end_with(Ending(lost.cause, lost.status, headers=lost.headers))
        return True

    async def _to_outside(self, call: Call, dialled: str, by: Extension) -> bool:
        """Whether a route takes the number. It is `by`'s call: its rights count, and its number is shown."""
        if self._outside is None:
            return False
        help_number = self._outside.emergency_number(dialled)
        if help_number is not None:
            await self._outside.call_for_help(call, help_number, by)
            return True
        return await self._outside.call(call, dialled, by)
