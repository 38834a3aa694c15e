"""One heap of deadlines and one loop handle, instead of a loop handle per SIP timer.

A call starts about twenty timers and cancels nearly all of them, most within milliseconds. A cancelled timer stays in
the heap as an empty slot until it is due, or until empty slots are the larger half; neither touches the event loop.

A timer may be late by a 32nd of its time, and by a second at most: deadlines are put on a grid as coarse as that
allows, so those of many calls come due together. SIP's own estimate of a round trip (T1, half a second) is coarser.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import math
from collections.abc import Callable
from contextvars import copy_context

from pbx.core.clock import Clock

log = logging.getLogger(__name__)

GRANULARITY_S = 0.0005
"""Deadlines this close to now count as due: keeps rounding from waking the loop twice."""

SLACK = 5
"""How much finer than a timer's time its grid is, as a power of two: 2 to the 5th is 32."""

_COMPACT_ABOVE = 256


class Timer:
    """One deadline. `cancel` may be called at any time, also after it has fired."""

    __slots__ = ("_queue", "at", "callback")

    def __init__(self, at: float, callback: Callable[[], None], queue: TimerQueue) -> None:
        self.at = at
        self.callback: Callable[[], None] | None = callback
        self._queue = queue

    def cancel(self) -> None:
        if self.callback is not None:
            self.callback = None
            self._queue.cancelled()


class TimerQueue:
    """Calls back at monotonic times (seconds of `clock.monotonic`), in order of their deadlines on the grid."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Timer]] = []
        self._sequence = 0
        self._empty = 0
        self._handle: asyncio.TimerHandle | None = None
        self._armed_at = 0.0
        self._closed = False
        self._context = copy_context()  # timers of all calls go off together, in nobody's name

    def __len__(self) -> int:
        """How many timers are running."""
        return len(self._heap) - self._empty

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        """Run `callback` once when `clock.monotonic()` has reached `at`."""
        at = on_grid(at, at - self._clock.monotonic())
        timer = Timer(at, callback, self)
        if self._closed:
            timer.callback = None
            return timer
        self._sequence += 1
        heapq.heappush(self._heap, (at, self._sequence, timer))
        if self._handle is None or at < self._armed_at:
            self._arm()
        return timer

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Run `callback` once when `delay_s` seconds have passed."""
        return self.call_at(self._clock.monotonic() + delay_s, callback)

    def cancelled(self) -> None:
        """A timer was emptied; compact the heap when most of it is empty."""
        self._empty += 1
        if self._empty > _COMPACT_ABOVE and self._empty * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].callback is not None]
            heapq.heapify(self._heap)
            self._empty = 0

    def close(self) -> None:
        """Forget every timer; later ones never fire."""
        self._closed = True
        for _, _, timer in self._heap:
            timer.callback = None
        self._heap.clear()
        self._empty = 0
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if not self._heap:
            return
        loop = asyncio.get_running_loop()
        self._armed_at = self._heap[0][0]
        wait_s = max(0.0, self._armed_at - self._clock.monotonic())
        self._handle = loop.call_at(loop.time() + wait_s, self._fire, context=self._context)

    def _fire(self) -> None:
        self._handle = None
        due = self._clock.monotonic() + GRANULARITY_S
        while self._heap and self._heap[0][0] <= due:
            timer = heapq.heappop(self._heap)[2]
            callback, timer.callback = timer.callback, None
            if callback is None:
                self._empty -= 1
                continue
            try:
                callback()
            except Exception:
                # A fault in one call must not silence the timers of all the others.
                log.exception("timer failed")
        self._drop_empty()
        self._arm()

    def _drop_empty(self) -> None:
        while self._heap and self._heap[0][2].callback is None:
            heapq.heappop(self._heap)
            self._empty -= 1


def on_grid(at: float, delay_s: float) -> float:
    """The first moment from `at` on that many timers of about this length share."""
    if delay_s <= GRANULARITY_S:
        return at
    exponent = min(math.frexp(delay_s)[1] - 1 - SLACK, 0)
    return math.ldexp(math.ceil(math.ldexp(at, -exponent)), exponent)
