"""Puts queues together: the lines and agents, calls back, what wakes them, and the codes of agents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from pbx.app.desk import phones_of
from pbx.call.call import Call
from pbx.call.called_back import Reach
from pbx.call.ports import Router, Signaling
from pbx.call.switch import Switch
from pbx.call.talk import Sound
from pbx.core.clock import Clock
from pbx.core.events import EventBus
from pbx.feature.answering import Answering
from pbx.feature.extension import ExtensionCalls
from pbx.feature.features import Features
from pbx.feature.numbering import written
from pbx.feature.office import Office
from pbx.feature.outside import OutsideCalls, WayOut
from pbx.feature.queue.call_back import CallBacks
from pbx.feature.queue.codes import QueueCodes
from pbx.feature.queue.duty import QueueDuty
from pbx.feature.queue.lamps import QueueLamps
from pbx.feature.queue.queues import Queues
from pbx.feature.queue.waiting import Announcement
from pbx.media.tones import confirmation, queue_pip
from pbx.model.call_event import CallEnded, LegDialled, LegEnded, LegLeft
from pbx.model.kinds import EXTENSION, QUEUE
from pbx.model.queue_status import QueueChanged
from pbx.store.state import StateStore

__all__ = ["QueueParts", "build_queues"]


@dataclass(frozen=True, slots=True)
class QueueParts:
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
        with self.bus.subscribe("call", "registration") as happened:
            async for published in happened:
                if published.topic == "registration" or isinstance(
                    published.event, (LegEnded, LegLeft, CallEnded)
                ):
                    self.queues.look_again()


def build_queues(
    office: Office,
    extensions: ExtensionCalls,
    outside: OutsideCalls,
    *,
    switch: Callable[[], Switch],
    router: Callable[[], Router],
    signaling: Signaling,
    clock: Clock,
    bus: EventBus,
    new_id: Callable[[], str],
    country: str,
) -> QueueParts:
    """`switch` and `router` are asked late: they are made after all features."""
    queues = Queues(
        partial(office.all, QUEUE),
        partial(phones_of, office, extensions),
        busy=lambda number: switch().is_busy(number),
        redirect=extensions.redirect,
        clock=clock,
        announcer=_sound,
        changed=lambda number: bus.publish("queue", QueueChanged(queue=number)),
    )

    def ways(call: Call, number: str, extension: str | None, rights: str) -> Sequence[Reach]:
        """To the phones of an extension, or over the trunks that `rights` may use."""
        if extension is not None:
            return [Reach(each) for each in phones_of(office, extensions, extension)]
        by = office.get(EXTENSION, rights)
        for dialled in (number, written(number, "national", country)):
            if by is not None and (found := outside.ways_out(call, dialled, by)):
                return [Reach(each.target, partial(_let_out, call, each)) for each in found]
        return []

    queues.calls_back = CallBacks(
        queues, switch, router, ways=ways, signaling=signaling, clock=clock, new_id=new_id
    ).make
    office.on_change(queues.records_changed)
    return QueueParts(queues, bus)


def _let_out(call: Call, way: WayOut) -> Callable[[], None]:
    """Take a channel for the caller's leg, and let the limits of outside calls see it."""
    release = way.seize()
    call.record(
        LegDialled(
            call=call.id,
            at=call.now(),
            leg="a",
            target=way.target.label,
            trunk=way.target.trunk,
            charged_to=way.target.charged_to,
        )
    )
    return release


def _sound(announcement: Announcement) -> Sound | None:
    """Tones until there is a voice."""
    clip = queue_pip() if announcement.name == "position" else confirmation("on")
    return Sound(clip, clip.duration_ms / 1000)
