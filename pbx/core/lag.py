"""How late the event loop is: how long after its time a timer runs. All of SIP waits as long."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from pbx.core.metrics import Registry

__all__ = ["LoopLag"]

EVERY_S = 0.5
WINDOW = 120
"""Looks of the last minute."""


class LoopLag:
    """`run` must be running."""

    def __init__(self, metrics: Registry) -> None:
        self._lately: deque[float] = deque(maxlen=WINDOW)
        self._histogram = metrics.histogram(
            "pbx_event_loop_lag_seconds", "How late timers of the event loop ran, looked at twice a second."
        )
        metrics.gauge(
            "pbx_event_loop_lag_worst_seconds", "The latest of the last minute.", read=lambda: self.worst_s
        )

    @property
    def worst_s(self) -> float:
        """Of the last minute."""
        return max(self._lately, default=0.0)

    async def run(self) -> None:
        while True:
            due = time.monotonic() + EVERY_S
            await asyncio.sleep(EVERY_S)
            late_s = max(0.0, time.monotonic() - due)
            self._lately.append(late_s)
            self._histogram.observe(late_s)
