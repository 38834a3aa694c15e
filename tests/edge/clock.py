"""A clock that stands until a test moves it; who sleeps wakes when it is time."""

from __future__ import annotations

import asyncio
import heapq
import itertools

__all__ = ["TestClock"]


class TestClock:
    """Begins at noon UTC on a Wednesday, 2026-11-18. `advance` wakes sleepers in order."""

    __test__ = False

    def __init__(self, now_ms: int = 1_795_003_200_000) -> None:
        self._now_ms = now_ms
        self._passed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = itertools.count()

    def now_ms(self) -> int:
        return self._now_ms + round(self._passed * 1000)

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waker = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._passed + seconds, next(self._count), waker))
        await waker

    async def advance(self, seconds: float) -> None:
        """Let time pass; who wakes runs before the next does."""
        until = self._passed + seconds
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            self._passed, _, waker = heapq.heappop(self._sleepers)
            if not waker.done():
                waker.set_result(None)
            await _settle()
        self._passed = until


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
