"""Writes calls down: CDRs to the store, events to the bus.

A call never waits for the disk. Records queue up here, newest state per call, and are written together; a failing
disk costs nothing but memory until `limit` records wait, and from there the oldest, counted and logged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from pbx.core.events import EventBus
from pbx.model.call_event import CallEvent
from pbx.model.cdr import Cdr
from pbx.store.errors import StoreError

log = logging.getLogger(__name__)

Fold = Callable[[CallEvent], object]

RETRY_S = 2.0
GATHER_S = 0.05
"""How long a record waits for others, so that a busy second is some twenty commits and not hundreds."""


class CallLog:
    """Implements `call.ports.CallLog`. `run` must be running for records to reach the store."""

    def __init__(
        self, write: Callable[[Sequence[Cdr]], Awaitable[None]], bus: EventBus, *, limit: int = 10_000
    ) -> None:
        self.dropped = 0
        self._folds: list[tuple[Fold, frozenset[type]]] = []
        self._told: dict[type, tuple[Fold, ...]] = {}
        self._write = write
        self._bus = bus
        self._limit = limit
        self._waiting: dict[str, Callable[[], Cdr]] = {}
        self._writing = 0
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Records that are not in the store yet."""
        return len(self._waiting) + self._writing

    def tell(self, fold: Fold, *kinds: type) -> None:
        """Have `fold` told of events of these kinds, or of all, before the call goes on; it must not wait or raise."""
        self._folds.append((fold, frozenset(kinds)))
        self._told.clear()

    def publish(self, event: CallEvent) -> None:
        kind = type(event)
        told = self._told.get(kind)
        if told is None:
            told = tuple([fold for fold, kinds in self._folds if not kinds or kind in kinds])
            self._told[kind] = told
        for fold in told:
            fold(event)
        self._bus.publish("call", event)

    def put(self, call: str, record: Callable[[], Cdr]) -> None:
        self._waiting[call] = record
        if len(self._waiting) > self._limit:
            self._waiting.pop(next(iter(self._waiting)))
            self.dropped += 1
        self._wake.set()

    async def run(self) -> None:
        """Write what waits, for ever. Cancel it, then call `flush`."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER_S)
            self._wake.clear()
            try:
                await self.flush()
            except StoreError as error:  # a full or failing disk: keep the records and try again
                log.error(  # noqa: TRY400 - the disk's trouble, without our traceback
                    "call records could not be written, will try again", extra={"error": str(error)}
                )
                self._wake.set()
                await asyncio.sleep(RETRY_S)

    async def flush(self) -> None:
        """Write everything that waits now. What could not be written waits on, unless a newer state came."""
        batch, self._waiting = self._waiting, {}
        if not batch:
            return
        self._writing = len(batch)
        try:
            await self._write([record() for record in batch.values()])
        except BaseException:
            self._waiting = {**batch, **self._waiting}
            raise
        finally:
            self._writing = 0
