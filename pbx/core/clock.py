"""Time as something that is handed in, so that tests own it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two clocks: one for intervals, one for the wall."""

    def monotonic(self) -> float:
        """Seconds; never jumps, never goes back; its zero means nothing."""
        ...

    def now(self) -> datetime:
        """The wall clock, aware, UTC; may jump when the time is set."""
        ...


class SystemClock:
    """The machine's clocks."""

    monotonic = staticmethod(time.monotonic)  # asked some fifty times in a call

    def now(self) -> datetime:
        return datetime.now(UTC)
