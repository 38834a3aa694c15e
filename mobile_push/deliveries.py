"""The log of what was sent. Lines are written in groups, and nothing waits for them: a crash may lose the last few."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque

from mobile_push.clock import Clock
from mobile_push.metrics import Metrics
from mobile_push.model import Delivery, Outcome, Push, State
from mobile_push.store import Store

log = logging.getLogger(__name__)

PAUSE_S = 0.2
MOST_WAITING = 20_000
MOST_AT_ONCE = 1000
KEEP_DAYS = 30
TOKEN_END = 8
_COLUMNS = "id, at, kind, platform, token_end, call_id, state, reason, attempts, took_ms"
_INSERT = (
    f"INSERT INTO push_delivery (office, {_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"  # noqa: S608
)


class Deliveries:
    """That of all offices."""

    def __init__(self, store: Store, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._waiting: deque[tuple[object, ...]] = deque()

    def note(self, office: str, push: Push, platform: str, token: str, outcome: Outcome) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._metrics.log_dropped += 1
            return
        now = self._clock.time()
        self._waiting.append(
            (
                office,
                f"{int(now * 1000):012x}{secrets.token_hex(6)}",
                now,
                push.kind,
                platform,
                token[-TOKEN_END:],
                push.call_id,
                outcome.state,
                outcome.reason[:200],
                outcome.attempts,
                outcome.took_ms,
            )
        )

    async def run(self) -> None:
        """Write for ever, and once an hour forget what is old."""
        written_s = 0.0
        while True:
            await asyncio.sleep(PAUSE_S)
            await self.flush()
            written_s -= PAUSE_S
            if written_s <= 0:
                written_s = 3600.0
                await self._store.run(
                    "DELETE FROM push_delivery WHERE at<$1", self._clock.time() - KEEP_DAYS * 86400
                )

    async def flush(self) -> None:
        """Write what waits."""
        while self._waiting:
            rows = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
            try:
                await self._store.many(_INSERT, rows)
            except Exception:  # a full disk stops no call
                self._metrics.log_dropped += len(rows)
                log.exception("the delivery log could not be written")
                return

    async def of(self, office: str, *, call_id: str = "", limit: int = 100) -> list[Delivery]:
        """The newest first."""
        rows = await self._store.all(
            f"SELECT {_COLUMNS} FROM push_delivery WHERE office=$1 AND ($2='' OR call_id=$2) "  # noqa: S608
            "ORDER BY at DESC, id DESC LIMIT $3",
            office,
            call_id,
            limit,
        )
        return [Delivery(**{name: row[name] for name in Delivery.__struct_fields__}) for row in rows]

    async def last_day(self, office: str) -> dict[State, int]:
        """How many, by what became of them."""
        rows = await self._store.all(
            "SELECT state, COUNT(*) AS n FROM push_delivery WHERE office=$1 AND at>$2 GROUP BY state",
            office,
            self._clock.time() - 86400,
        )
        return {row["state"]: int(row["n"]) for row in rows}
