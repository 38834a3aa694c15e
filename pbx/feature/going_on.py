"""What a call was doing for its party when the node was killed, read from its events, and how that goes on.

Two who talked talk on without any of this. Here is who waited in a line or in a parking slot, who was in a conference,
and who was on the way through a flow. Nothing else that the node does with a caller alone goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from pbx.call.call import Call, Program
from pbx.feature.conference.conferences import Conferences
from pbx.feature.dialplan import Dialplan
from pbx.feature.park import Parking
from pbx.model import call_event as events

__all__ = ["GoingOn", "Was", "was"]


@dataclass(frozen=True, slots=True)
class Was:
    """`kind` is "queue", "park", "conference", "flow" or "" for none of them, `number` which one. A flow has `node`."""

    kind: str = ""
    number: str = ""
    node: str = ""
    by: str | None = None
    moderator: bool = False


def was(happened: Iterable[events.CallEvent]) -> Was:
    """What the newest events say: a line within a flow is a line."""
    walk, now = Was(), Was()
    for event in happened:
        if isinstance(event, events.FlowEntered):
            walk = Was("flow", event.flow)
        elif isinstance(event, events.NodeEntered):
            walk = Was("flow", event.flow, event.node)
        elif isinstance(event, events.CallParked):
            now = Was("park", event.slot, by=event.by)
        elif isinstance(event, events.QueueJoined):
            now = Was("queue", event.queue)
        elif isinstance(event, events.ConferenceJoined):
            now = Was("conference", event.conference, moderator=event.moderator)
        elif isinstance(event, events.ConferenceWaiting):
            now = Was("conference", event.conference)
        elif isinstance(event, events.QueueLeft | events.ConferenceLeft | events.LegTransferred):
            now = Was()
            walk = Was() if isinstance(event, events.LegTransferred) else walk
    if now.kind == "queue" and walk.kind:
        return walk  # whose node joins the line again, at the same place
    return now if now.kind else walk


class Walks(Protocol):
    """The flows, from above."""

    def has(self, number: str) -> bool: ...

    async def go_on(self, call: Call, number: str, node: str) -> None:
        """Enter that node again."""
        ...


class GoingOn:
    """Makes the programs."""

    def __init__(self, dialplan: Dialplan, parking: Parking, conferences: Conferences, flows: Walks) -> None:
        self._dialplan = dialplan
        self._parking = parking
        self._conferences = conferences
        self._flows = flows

    def program(self, call: Call) -> Program | None:
        """What goes on; None when nothing does."""
        found = was(call.events)
        if found.kind == "queue":
            return partial(self._queue, number=found.number)
        if found.kind == "park":
            return partial(self._parking.wait_on, slot=found.number, by=found.by)
        if found.kind == "conference" and self._conferences.find(found.number) is not None:
            return partial(self._conference, number=found.number, moderator=found.moderator)
        if found.kind == "flow" and self._flows.has(found.number):
            return partial(self._flows.go_on, number=found.number, node=found.node)
        return None

    async def _queue(self, call: Call, number: str) -> None:
        await self._dialplan.inward(call, number)

    async def _conference(self, call: Call, number: str, moderator: bool) -> None:
        await self._conferences.come_back(call, number, moderator=moderator)
