"""Puts queues together: the lines and agents, calls back, what wakes them, and the codes of agents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import msgspec

from pbx.app.desk import phones_of
from pbx.app.extensions import ExtensionParts
from pbx.app.ground import Ground
from pbx.call.ports import Router, Signaling
from pbx.call.switch import Switch
from pbx.core.events import EventBus, Published
from pbx.core.ids import new_id
from pbx.feature.answering import Answering
from pbx.feature.features import Features
from pbx.feature.office import Office
from pbx.feature.queue.call_back import CallBacks
from pbx.feature.queue.codes import QueueCodes
from pbx.feature.queue.duty import QueueDuty
from pbx.feature.queue.lamps import QueueLamps
from pbx.feature.queue.queues import Queues
from pbx.feature.queue.waiting import Announcer
from pbx.model.call_event import CallEnded, LegEnded, LegLeft
from pbx.model.kinds import QUEUE
from pbx.model.queue_status import QueueChanged
from pbx.store.state import StateStore

__all__ = ["QueueParts", "build_queues"]


class QueueParts(msgspec.Struct, frozen=True):
    """The queues, and what belongs to the codes that agents dial."""

    queues: Queues
    bus: EventBus

    def register(self, features: Features, answering: Answering) -> None:
        """Let codes lead to what agents do."""
        for name, feature in QueueCodes(self.queues, answering).features():
            features.register(name, feature)

    def lamps(self, features: Features) -> QueueLamps:
        """The lamps of those codes."""
        return QueueLamps(features, QueueDuty(self.queues))

    async def run(self, state: StateStore) -> None:
        """Remember, and follow calls and phones; for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.queues.remember(state))
            group.create_task(self._follow())

    async def _follow(self) -> None:
        """An agent may be free by what happens in other calls, or by a phone that comes back."""
        with self.bus.follow("call", "registration", take=self._take, lost=self.queues.look_again):
            await asyncio.get_running_loop().create_future()

    def _take(self, published: Published) -> None:
        if published.topic == "registration" or isinstance(published.event, (LegEnded, LegLeft, CallEnded)):
            self.queues.look_again()


def build_queues(
    ground: Ground,
    office: Office,
    extensions: ExtensionParts,
    *,
    switch: Callable[[], Switch],
    router: Callable[[], Router],
    signaling: Signaling,
    announcer: Announcer,
) -> QueueParts:
    """`switch` and `router` are asked late: they are made after all features."""
    bus, clock = ground.bus, ground.clock
    queues = Queues(
        partial(office.all, QUEUE),
        partial(phones_of, office, extensions.calls),
        busy=lambda number: switch().is_busy(number),
        redirect=extensions.calls.redirect,
        clock=clock,
        announcer=announcer,
        changed=lambda number: bus.publish("queue", QueueChanged(queue=number)),
    )

    queues.calls_back = CallBacks(
        queues, switch, router, ways=extensions.ways.ways, signaling=signaling, clock=clock, new_id=new_id
    ).make
    office.on_change(queues.records_changed)
    return QueueParts(queues, bus)
