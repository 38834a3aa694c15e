"""What edges have delivered. An edge may bring a thing twice; its id and the thing are written in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from pbx.model.cdr import Cdr
from pbx.model.voicemail import Voicemail
from pbx.store.cdrs import write_cdr
from pbx.store.database import Database
from pbx.store.table import timestamp
from pbx.store.voicemail import insert_voicemail

__all__ = ["EdgeDeliveryStore"]

_TAKE = "INSERT INTO edge_deliveries VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING"
_KNOWN = "SELECT 1 FROM edge_deliveries WHERE id = ?"


class EdgeDeliveryStore:
    """Each of its writes returns False, and changes nothing, for an id that was taken before."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def knows(self, id_: str) -> bool:
        return await self._database.read(
            lambda connection: connection.execute(_KNOWN, (id_,)).fetchone() is not None
        )

    async def voicemail(self, id_: str, at: datetime, message: Voicemail) -> bool:
        return await self._once(
            id_, "voicemail", at, lambda connection: insert_voicemail(connection, message)
        )

    async def call(self, id_: str, at: datetime, cdr: Cdr) -> bool:
        return await self._once(id_, "call", at, lambda connection: write_cdr(connection, cdr))

    async def other(
        self, id_: str, kind: str, at: datetime, work: Callable[[sqlite3.Connection], None]
    ) -> bool:
        """Anything else; `work` runs on the writer's thread, perhaps twice."""
        return await self._once(id_, kind, at, work)

    async def forget(self, before: datetime) -> int:
        """Ids that no edge can bring again; returns how many."""
        query = "DELETE FROM edge_deliveries WHERE taken_at < ?"
        return await self._database.write(
            lambda connection: connection.execute(query, (timestamp(before),)).rowcount, durable=False
        )

    async def _once(
        self, id_: str, kind: str, at: datetime, work: Callable[[sqlite3.Connection], None]
    ) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            if connection.execute(_TAKE, (id_, kind, timestamp(at))).rowcount == 0:
                return False
            work(connection)
            return True

        return await self._database.write(write)
