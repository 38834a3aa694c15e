"""Time as something that is handed in, so that tests own it."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """One clock for the wall, one for intervals, and the waiting."""

    def now_ms(self) -> int:
        """The wall clock: ms since 1970, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds; never jumps, never goes back."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clocks."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
