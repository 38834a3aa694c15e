"""A call as the list of what happened in it, its only record: the CDR and the live screen are folds over it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from pbx.call.cdr import fold
from pbx.call.live import LiveFold
from pbx.model import call_event as events
from pbx.model.flow_event import FlowEntered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pbx.call.incoming import CallPorts, Incoming

__all__ = ["Recorded"]


class Recorded:
    """The part of `Call` that remembers, and tells whoever watches."""

    offered: events.CallOffered

    def __init__(self, call_id: str, ports: CallPorts) -> None:
        self.id = call_id
        self.ports = ports
        self.events: list[events.CallEvent] = []
        self._live_fold: LiveFold | None = None
        self._folded = 0
        """How many events are in it."""
        self._began_at, self._began_s = ports.clock.now(), ports.clock.monotonic()

    def begin_record(self, incoming: Incoming) -> None:
        """The first event; whoever is told of it may look at the whole call."""
        self.offered = events.CallOffered(
            call=self.id,
            at=self.now(),
            from_number=incoming.caller.number,
            from_name=incoming.caller.name,
            from_extension=incoming.caller.extension,
            dialled=incoming.dialled,
            source=incoming.source,
            diverted=tuple(
                events.Diverted(number=each.number, reason=each.reason) for each in incoming.diverted
            ),
            trunk=incoming.trunk,
        )
        self.record(self.offered)

    def resume_record(self, history: Sequence[events.CallEvent]) -> None:
        """What happened in an earlier process, which has told whoever watched. Raises `TypeError` for no beginning."""
        first = history[0]
        if not isinstance(first, events.CallOffered):
            raise TypeError("a call begins with CallOffered")
        self.offered = first
        self.events.extend(history)

    @property
    def live(self) -> LiveFold:
        """The call as the live screen shows it. Most calls are over before anybody asks."""
        if self._live_fold is None:
            self._live_fold, self._folded = LiveFold(self.offered), 1
        for event in self.events[self._folded :]:
            self._live_fold.take(event)
        self._folded = len(self.events)
        return self._live_fold

    @property
    def tries_out(self) -> bool:
        """Whether somebody in the office makes it to try a flow out: what becomes of it counts in no figures."""
        entered = next((each for each in self.events if isinstance(each, FlowEntered)), None)
        return entered is not None and bool(entered.test)

    def now(self) -> datetime:
        """What the wall showed when the call began, and the time since: setting the clock makes no call longer."""
        return self._began_at + timedelta(seconds=self.ports.clock.monotonic() - self._began_s)

    def record(self, event: events.CallEvent) -> None:
        """Add to the list, and tell whoever watches. The CDR is written at the start, the answer and the end."""
        self.events.append(event)
        self.ports.log.publish(event)
        self.ports.keeper.changed(self, event)
        if isinstance(event, (events.CallOffered, events.CallEnded)) or (
            isinstance(event, events.LegAnswered) and event.leg == "a"
        ):
            self.ports.log.put(self.id, partial(fold, self.events))
