"""Text messages: those that wait for a phone, and those that were delivered."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from pbx.core.errors import UserError
from pbx.model.text_message import TextMessage
from pbx.store.database import Database
from pbx.store.seeking import order
from pbx.store.table import Table, timestamp
from pbx.store.where import Where

__all__ = ["MessageStore"]

MOST_WAITING = 100
MOST_KEPT = 1000
"""For each extension."""

_TABLE = Table(TextMessage, "messages")
_WAITING = "WHERE to_extension = ? AND delivered_at IS NULL AND expires_at > ?"
_TRIM = """
DELETE FROM messages WHERE id IN (
    SELECT id FROM messages WHERE to_extension = ? ORDER BY sent_at DESC, id DESC LIMIT -1 OFFSET ?
)
"""


class MessageStore:
    """The messages of the office, bounded for each extension."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, message: TextMessage) -> None:
        """Keep a new message; the oldest of the extension may go. Raises `UserError` 409 when too many wait."""

        def work(connection: sqlite3.Connection) -> None:
            values = (message.to_extension, timestamp(message.sent_at))
            if _TABLE.count(connection, _WAITING, values) >= MOST_WAITING:
                raise UserError(
                    f"{MOST_WAITING} messages wait for extension {message.to_extension} already",
                    http_status=409,
                    action="Wait until one of its phones registers",
                )
            _TABLE.insert(connection, message)
            connection.execute(_TRIM, (message.to_extension, MOST_KEPT))

        await self._database.write(work)

    async def waiting(self, extension: str, now: datetime) -> Sequence[TextMessage]:
        """What its phones have not got yet, oldest first."""
        values = (extension, timestamp(now))
        return await self._database.read(
            lambda connection: _TABLE.select(connection, f"{_WAITING} ORDER BY sent_at, id", values)
        )

    async def extensions_waiting(self, now: datetime) -> Sequence[str]:
        """Who has messages that wait."""
        query = "SELECT DISTINCT to_extension FROM messages WHERE delivered_at IS NULL AND expires_at > ?"
        return await self._database.read(
            lambda connection: [row[0] for row in connection.execute(query, (timestamp(now),))]
        )

    async def delivered(self, id_: str, at: datetime) -> bool:
        """Note that a phone has it; False when that was noted before, or the message is gone."""
        query = "UPDATE messages SET delivered_at = ? WHERE id = ? AND delivered_at IS NULL"
        return await self._database.write(
            lambda connection: connection.execute(query, (timestamp(at), id_)).rowcount > 0
        )

    async def page(
        self,
        *,
        extension: str | None = None,
        waiting: bool = False,
        q: str = "",
        sort: str = "",
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[Sequence[TextMessage], int]:
        """One page, newest first, and how many there are in all."""
        where = Where()
        if waiting:
            where.add("delivered_at IS NULL")
        if extension:
            where.add("(to_extension = ? OR from_extension = ?)", extension, extension)
        where.search(q, ("from_number", "from_name", "to_extension", "text"))
        return await self._database.read(
            lambda connection: _TABLE.page(
                connection,
                where=str(where),
                values=where.values,
                order=order(sort, "sent_at"),
                limit=limit,
                offset=offset,
            )
        )

    async def forget(self, now: datetime) -> int:
        """Give up what has expired undelivered; returns how many."""
        query = "DELETE FROM messages WHERE delivered_at IS NULL AND expires_at <= ?"
        return await self._database.write(
            lambda connection: connection.execute(query, (timestamp(now),)).rowcount
        )
