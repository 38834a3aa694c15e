"""The event bus: what happened, told to whoever listens, without waiting for them.

Publishing never blocks and never fails because of a listener: each subscription has a bounded queue, and a
listener that is too slow loses its oldest events, which are counted. Belongs to one event loop; call it from
there only.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Self

import msgspec

log = logging.getLogger(__name__)


class Published(NamedTuple):
    """An event and the topic it came under."""

    topic: str
    event: msgspec.Struct


class Subscription:
    """An async iterator over the events of some topics; ends after `close()`.

    `dropped` counts the events lost because the queue was full.
    """

    def __init__(self, bus: EventBus, topics: frozenset[str], limit: int) -> None:
        self.topics = topics
        self.dropped = 0
        self._bus = bus
        self._queue: deque[Published] = deque()
        self._limit = limit
        self._wake = asyncio.Event()
        self._closed = False

    def close(self) -> None:
        """Stop listening. What is already queued is still delivered."""
        self._closed = True
        self._bus.forget(self)
        self._wake.set()

    def offer(self, published: Published) -> None:
        """Queue an event; used by the bus."""
        if len(self._queue) >= self._limit:
            self._queue.popleft()
            self.dropped += 1
            self._bus.dropped += 1
        self._queue.append(published)
        self._wake.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Published:
        while not self._queue:
            if self._closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._queue.popleft()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Follower:
    """Has `take` called with each event of some topics, soon, in order: all that one turn of the loop brings together,
    or what comes within `gather_s`.

    That is cheaper than a subscription whose task wakes for each of them. When more than `limit` wait, they are thrown
    away, and `lost` is called instead.
    """

    def __init__(
        self,
        bus: EventBus,
        topics: frozenset[str],
        take: Callable[[Published], object],
        lost: Callable[[], object],
        *,
        limit: int,
        gather_s: float,
    ) -> None:
        self.topics = topics
        self._bus = bus
        self._take = take
        self._lost = lost
        self._limit = limit
        self._gather_s = gather_s
        self._waiting: list[Published] = []
        self._dropped = False
        self._closed = False

    def close(self) -> None:
        """Take no more."""
        self._closed = True
        self._bus.forget(self)

    def offer(self, published: Published) -> None:
        """Queue an event; used by the bus."""
        waiting = self._waiting
        if not waiting:
            loop = asyncio.get_running_loop()
            if self._gather_s:
                loop.call_later(self._gather_s, self._drain)
            else:
                loop.call_soon(self._drain)
        elif len(waiting) >= self._limit:
            self._bus.dropped += len(waiting)
            self._dropped = True
            waiting.clear()
        waiting.append(published)

    def _drain(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._closed:
            return
        if self._dropped:
            self._dropped, waiting = False, []
            self._try(self._lost)
        for published in waiting:
            self._try(self._take, published)

    def _try(self, what: Callable[..., object], *arguments: Published) -> None:
        try:
            what(*arguments)
        except Exception:
            # One event that cannot be taken must not keep the next ones away.
            log.exception("an event was not taken", extra={"topics": ", ".join(sorted(self.topics))})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class EventBus:
    """Topics and who listens to them. `dropped` counts what slow listeners have lost in all."""

    def __init__(self) -> None:
        self.dropped = 0
        self._listeners: dict[str, tuple[Subscription | Follower, ...]] = {}

    def publish(self, topic: str, event: msgspec.Struct) -> None:
        """Hand `event` to every subscription of `topic`; costs a dictionary look-up when there are none."""
        listeners = self._listeners.get(topic)
        if listeners is not None:
            published = Published(topic, event)
            for subscription in listeners:
                subscription.offer(published)

    def subscribe(self, *topics: str, limit: int = 1000) -> Subscription:
        """Listen to `topics`; at most `limit` events wait."""
        subscription = Subscription(self, frozenset(topics), limit)
        self._listen(subscription)
        return subscription

    def follow(
        self,
        *topics: str,
        take: Callable[[Published], object],
        lost: Callable[[], object] = lambda: None,
        limit: int = 1000,
        gather_s: float = 0.0,
    ) -> Follower:
        """Have `take` called with what comes under `topics`."""
        follower = Follower(self, frozenset(topics), take, lost, limit=limit, gather_s=gather_s)
        self._listen(follower)
        return follower

    def _listen(self, listener: Subscription | Follower) -> None:
        for topic in listener.topics:
            self._listeners[topic] = (*self._listeners.get(topic, ()), listener)

    def forget(self, subscription: Subscription | Follower) -> None:
        """Take a subscription out; called by its `close()`."""
        for topic in subscription.topics:
            rest = tuple(one for one in self._listeners.get(topic, ()) if one is not subscription)
            if rest:
                self._listeners[topic] = rest
            else:
                self._listeners.pop(topic, None)
