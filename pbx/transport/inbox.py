"""What a leg has to tell, waiting for the call to read it: a bounded queue with one reader.

Not an `asyncio.Queue`: that costs two deques, an event and a loop reference per leg.
"""

from __future__ import annotations

import asyncio
from collections import deque

from pbx.model.leg_event import Ended, InfoDigit, LegEvent, Progress

MAX_WAITING = 64


class Inbox:
    """Events in the order they happened; `Ended` is the last and is given again to whoever asks again."""

    __slots__ = ("_ended", "_events", "_waiter", "dropped")

    def __init__(self) -> None:
        self.dropped = 0
        self._events: deque[LegEvent] = deque()
        self._ended: Ended | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def ended(self) -> Ended | None:
        """The final event, once there is one (read or not)."""
        return self._ended

    def put(self, event: LegEvent) -> None:
        """Add an event. After `Ended`, and for ringing and digits beyond the bound, nothing is added."""
        if self._ended is not None:
            return
        if len(self._events) >= MAX_WAITING and isinstance(event, (Progress, InfoDigit)):
            self.dropped += 1
            return
        if isinstance(event, Ended):
            self._ended = event
        self._events.append(event)
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def get(self) -> LegEvent:
        """The next event; waits for it. One reader at a time."""
        while not self._events:
            if self._ended is not None:
                return self._ended
            if self._waiter is not None:
                raise RuntimeError("two readers of one leg")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._events.popleft()
