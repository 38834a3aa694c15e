"""What runs as long as the edge: hands texts over, keeps states in step, begins what is due, tells of progress."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from edge.campaigns.conduct import Conduct
from edge.campaigns.drafts import Drafts
from edge.campaigns.people import count
from edge.campaigns.receipts import Receipts
from edge.campaigns.records import campaign_of
from edge.campaigns.release import Release
from edge.campaigns.standing import Standing
from edge.clock import Clock
from edge.events import Events
from edge.model.campaigns import CampaignGone
from edge.store import Store, StoreError

__all__ = ["CampaignWork"]

T = TypeVar("T")

log = logging.getLogger(__name__)

TICK_S = 0.5
"""Live events come at most so often for a campaign."""
RECEIPTS_EVERY = 10
"""Ticks between two looks at those texts that Twilio has."""
RECEIPT_S = 30.0
IDLE_S = 2.0
"""Another edge may have started a campaign."""


class CampaignWork:
    """`release`, `watch` and `ask` are the loops."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        events: Events,
        *,
        drafts: Drafts,
        conduct: Conduct,
        release: Release,
        standing: Standing,
        receipts: Receipts | None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._events = events
        self._drafts = drafts
        self._conduct = conduct
        self._release = release
        self._standing = standing
        self._receipts = receipts
        self._ticks = 0

    async def release(self) -> None:
        """Hand over what is due, for ever."""
        while True:
            pause_s = await self._tried(self._release.next, IDLE_S)
            await self._clock.sleep(min(pause_s, TICK_S if pause_s < IDLE_S else IDLE_S))

    async def watch(self) -> None:
        """One tick after the other, for ever; more slowly while no campaign runs."""
        while True:
            busy = await self._tried(self.tick, otherwise=False)
            await self._clock.sleep(TICK_S if busy else IDLE_S)

    async def ask(self) -> None:
        """Look for receipts that got lost, for ever."""
        while self._receipts is not None:
            found = await self._tried(self._receipts.ask_next, otherwise=False)
            await self._clock.sleep(TICK_S if found else RECEIPT_S)

    async def tick(self) -> bool:
        """Returns whether any campaign runs or is about to."""
        await self._conduct.begin_due()
        busy = await self._store.one(
            "SELECT 1 AS one FROM campaign WHERE state IN ('running', 'scheduled') LIMIT 1"
        )
        self._ticks = self._ticks + 1 if busy is not None else 0
        changed = await self._standing.look(receipts=self._ticks % RECEIPTS_EVERY == 0)
        for waiting in (self._drafts.changed, self._conduct.changed, self._release.changed):
            changed |= waiting
            waiting.clear()
        await self._tell(changed)
        return busy is not None

    async def _tell(self, changed: set[tuple[str, str]]) -> None:
        counts = await count(self._store, [id for _, id in changed])
        for office, id in sorted(changed):
            row = await self._store.one("SELECT * FROM campaign WHERE id = $1 AND office = $2", id, office)
            told = CampaignGone(id=id) if row is None else campaign_of(row, counts[id])
            self._events.tell(office, "campaigns", told)

    async def _tried(self, work: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """The store may be away for a while; whatever else goes wrong must not end all campaigns for ever."""
        try:
            return await work()
        except StoreError:
            log.exception("the campaigns cannot use the store")
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the campaigns have made a mistake")
        return otherwise
