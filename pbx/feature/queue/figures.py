"""The figures of each queue since midnight: a fold over how callers left."""

from __future__ import annotations

import msgspec

from pbx.core.clock import Clock
from pbx.model.queue_event import QueueLeft

__all__ = ["DayFigures", "Figures"]


class DayFigures(msgspec.Struct, kw_only=True):
    """Of one queue on one day; `wait_s` is the sum over the answered ones."""

    day: str = ""
    answered: int = 0
    abandoned: int = 0
    overflowed: int = 0
    in_time: int = 0
    wait_s: float = 0.0

    @property
    def service_level(self) -> float | None:
        counted = self.answered + self.abandoned
        return round(self.in_time / counted, 4) if counted else None

    @property
    def average_wait_s(self) -> float | None:
        return round(self.wait_s / self.answered, 1) if self.answered else None


class Figures:
    """By queue. `saved` survives a restart."""

    def __init__(self, clock: Clock) -> None:
        self.saved: dict[str, DayFigures] = {}
        self._clock = clock

    def of(self, queue: str) -> DayFigures:
        """Those of today."""
        today = self._clock.now().astimezone().date().isoformat()
        found = self.saved.get(queue)
        if found is None or found.day != today:
            found = self.saved[queue] = DayFigures(day=today)
        return found

    def take(self, event: QueueLeft, *, service_level_s: float) -> None:
        """Somebody has left. Who asked for a call back, or was transferred, counts when that is over."""
        day = self.of(event.queue)
        if event.reason == "answered":
            day.answered += 1
            day.wait_s += event.waited_s
            day.in_time += event.waited_s <= service_level_s
        elif event.reason in ("abandoned", "not_reached"):
            day.abandoned += 1
        elif event.reason in ("timeout", "full", "empty"):
            day.overflowed += 1
