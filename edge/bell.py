"""The bell of a worker that looks by itself from time to time, and at once when it is rung."""

from __future__ import annotations

import asyncio
from contextlib import suppress

__all__ = ["Bell"]


class Bell:
    """Rung while the worker is busy, it is heard when the worker waits next."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """There is something to do now."""
        self._rung.set()

    async def wait(self, at_most_s: float) -> None:
        """Until it is rung, and no longer than that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._rung.wait()
        self._rung.clear()
