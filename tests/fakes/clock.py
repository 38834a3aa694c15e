"""Clocks that tests own, and a timeline that needs no event loop."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

EPOCH = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
"""What the wall shows when a fake clock starts: a Thursday noon."""


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, start: float = 0.0) -> None:
        self._start = start
        self._monotonic = start
        self.set_by_s = 0.0
        """What somebody has set the wall clock by."""

    def monotonic(self) -> float:
        return self._monotonic

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self._monotonic - self._start + self.set_by_s)

    def advance(self, seconds: float) -> None:
        assert seconds >= 0, "time never goes back"
        self._monotonic += seconds


class LoopClock:
    """Shows the time of an event loop: with `VirtualLoop`, virtual time."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop if loop is not None else asyncio.get_running_loop()
        self._start = self._loop.time()

    def monotonic(self) -> float:
        return self._loop.time()

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self._loop.time() - self._start)


class Timeline:
    """Callbacks in the order of their time; simulates hours of pure code in milliseconds."""

    def __init__(self) -> None:
        self.time = 0.0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def call_later(self, delay: float, callback: Callable[[], None]) -> None:
        self.call_at(self.time + delay, callback)

    def call_at(self, at: float, callback: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (max(at, self.time), next(self._order), callback))

    def run(self, until: float = float("inf")) -> None:
        """Until nothing is left to happen, or `until`."""
        while self._queue and self._queue[0][0] <= until:
            self.time, _, callback = heapq.heappop(self._queue)
            callback()
        if until != float("inf"):
            self.time = max(self.time, until)
