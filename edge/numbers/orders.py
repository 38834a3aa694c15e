"""Orders in the store. Whoever works at one claims it for a while, so that a crash does not hold it for ever."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from edge.clock import Clock
from edge.errors import EdgeError
from edge.model.numbers import NumberOrder
from edge.store import Row, Statements, Store, StoreError

__all__ = ["CLAIM_MS", "Order", "Orders"]

log = logging.getLogger(__name__)

CLAIM_MS = 180_000
"""Longer than all tries of one order take."""


@dataclass(frozen=True, slots=True)
class Order:
    """`e164` is what Twilio was asked to sell; empty before that."""

    office: str
    id: str
    wish: NumberOrder
    e164: str
    state: str
    reason: str
    created_at: int


class Orders:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def claim(self, office: str, id: str, wish: NumberOrder) -> Order:
        """The order, for us alone while it is open. Raises `EdgeError` 409 when somebody works at it."""
        now = self._clock.now_ms()
        made = await self._store.run(
            "INSERT INTO number_order (office, id, wish, e164, state, reason, claimed_until, created_at)"
            " VALUES ($1, $2, $3, '', 'open', '', $4, $5) ON CONFLICT (office, id) DO NOTHING",
            office, id, msgspec.json.encode(wish).decode(), now + CLAIM_MS, now,
        )  # fmt: skip
        row = None
        if not made:
            row = await self._store.one(
                "UPDATE number_order SET claimed_until = $1"
                " WHERE office = $2 AND id = $3 AND state = 'open' AND claimed_until < $4 RETURNING *",
                now + CLAIM_MS, office, id, now,
            )  # fmt: skip
        if row is None:
            row = await self._store.one(
                "SELECT * FROM number_order WHERE office = $1 AND id = $2", office, id
            )
            if row is None or (not made and row["state"] == "open"):
                raise EdgeError(409, "This order is being carried out just now. Look again in a minute.")
        order = _order(row)
        if msgspec.structs.replace(order.wish, order=None) != msgspec.structs.replace(wish, order=None):
            raise EdgeError(409, "An order with this name was for another number.", field="$.order")
        return order

    async def unfinished(self) -> Sequence[Order]:
        """Orders that nobody works at, claimed for us."""
        now = self._clock.now_ms()
        rows = await self._store.all(
            "UPDATE number_order SET claimed_until = $1 WHERE state = 'open' AND claimed_until < $2 RETURNING *",
            now + CLAIM_MS, now,
        )  # fmt: skip
        return [_order(row) for row in rows]

    async def choose(self, order: Order, e164: str) -> bool:
        """Write down what is asked for before it is asked. False: another order asks for it."""
        try:
            chosen = await self._store.run(
                "UPDATE number_order SET e164 = $1 WHERE office = $2 AND id = $3 AND state = 'open'"
                " AND NOT EXISTS (SELECT 1 FROM number_order WHERE e164 = $1 AND state = 'open'"
                " AND NOT (office = $2 AND id = $3))",
                e164, order.office, order.id,
            )  # fmt: skip
        except StoreError:
            # The index number_order_open: another edge was a moment earlier.
            log.info("two orders ask for one number", extra={"order": order.id})
            return False
        return bool(chosen)

    async def let_go(self, order: Order, *, keep_number: bool) -> None:
        """Leave it open for another try. `keep_number`: it may have been bought."""
        cleared = "" if keep_number else ", e164 = ''"
        await self._store.run(
            f"UPDATE number_order SET claimed_until = 0{cleared} WHERE office = $1 AND id = $2",  # noqa: S608
            order.office, order.id,
        )  # fmt: skip

    async def failed(self, order: Order, reason: str) -> None:
        await self._store.run(
            "UPDATE number_order SET state = 'failed', reason = $1 WHERE office = $2 AND id = $3",
            reason, order.office, order.id,
        )  # fmt: skip

    @staticmethod
    async def bought(within: Statements, order: Order, e164: str) -> None:
        await within.run(
            "UPDATE number_order SET state = 'bought', e164 = $1 WHERE office = $2 AND id = $3",
            e164, order.office, order.id,
        )  # fmt: skip


def _order(row: Row) -> Order:
    wish = msgspec.json.decode(row["wish"], type=NumberOrder)
    return Order(row["office"], row["id"], wish, row["e164"], row["state"], row["reason"], row["created_at"])
