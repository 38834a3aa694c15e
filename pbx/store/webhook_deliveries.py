"""What waits to be sent to webhooks, and how the newest deliveries went."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence

from pbx.model.webhook import WebhookDelivery
from pbx.store.database import Database
from pbx.store.table import Table

__all__ = ["MOST_KEPT", "MOST_WAITING", "DeliveryStore"]

MOST_WAITING = 1000
"""For one webhook: of more, the oldest are given up."""
MOST_KEPT = 2000
"""The same with those that are done."""

_TABLE = Table(WebhookDelivery, "webhook_deliveries")
_GIVEN_UP = """
UPDATE webhook_deliveries SET state = 'failed', error = 'Too many events waited for this address.', next_at = NULL
WHERE id IN (
    SELECT id FROM webhook_deliveries WHERE webhook = :webhook AND state = 'waiting'
    ORDER BY id DESC LIMIT -1 OFFSET :most
)
"""
_FORGOTTEN = """
DELETE FROM webhook_deliveries WHERE id IN (
    SELECT id FROM webhook_deliveries WHERE webhook = :webhook AND state <> 'waiting'
    ORDER BY id DESC LIMIT -1 OFFSET :most
)
"""


class DeliveryStore:
    """Ids sort by time. What was written survives the end of the program, though perhaps not that of the power."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, delivery: WebhookDelivery) -> None:
        """New or changed; what is too much goes."""

        def work(connection: sqlite3.Connection) -> None:
            _TABLE.upsert(connection, delivery)
            webhook = delivery.webhook
            connection.execute(_GIVEN_UP, {"webhook": webhook, "most": MOST_WAITING})
            connection.execute(_FORGOTTEN, {"webhook": webhook, "most": MOST_KEPT})

        await self._database.write(work, durable=False)

    async def get(self, id_: str) -> WebhookDelivery | None:
        return await self._database.read(lambda connection: _TABLE.get(connection, id_))

    async def next(self, webhook: str) -> WebhookDelivery | None:
        """The oldest that waits."""
        found = await self._database.read(
            lambda connection: _TABLE.select(
                connection, "WHERE webhook = ? AND state = 'waiting' ORDER BY id LIMIT 1", (webhook,)
            )
        )
        return found[0] if found else None

    async def give_up_others(self, webhooks: Collection[str]) -> None:
        """What waits for a webhook that is not among these will never be sent."""
        marks = ", ".join("?" * len(webhooks))
        query = (
            "UPDATE webhook_deliveries SET state = 'failed', next_at = NULL, error = 'The webhook is gone.' "  # noqa: S608
            f"WHERE state = 'waiting' AND webhook NOT IN ({marks})"
        )
        await self._database.write(lambda connection: connection.execute(query, tuple(webhooks)).rowcount)

    async def page(
        self, *, webhook: str | None, state: str | None, limit: int, offset: int
    ) -> tuple[Sequence[WebhookDelivery], int]:
        """The newest first, and how many there are in all."""
        wanted = {"webhook": webhook, "state": state}
        terms = [f"{column} = ?" for column, value in wanted.items() if value is not None]
        values = [value for value in wanted.values() if value is not None]
        where = f"WHERE {' AND '.join(terms)}" if terms else ""
        return await self._database.read(
            lambda connection: _TABLE.page(
                connection, where=where, values=values, order="id DESC", limit=limit, offset=offset
            )
        )
