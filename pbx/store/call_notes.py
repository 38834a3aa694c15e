"""Notes on calls: one of each extension, kept as long as the call's record."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

from pbx.model.call_note import CallNote
from pbx.store.database import Database
from pbx.store.table import timestamp

__all__ = ["CallNoteStore"]

_PUT = (
    "INSERT INTO call_notes VALUES (?, ?, ?, ?)"
    " ON CONFLICT (call, extension) DO UPDATE SET text=excluded.text, at=excluded.at"
)


class CallNoteStore:
    """What was written down about calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, call: str, extension: str, text: str) -> bool:
        """Keep, change or, with an empty text, remove a note; False when there is no record of the call."""
        at = timestamp(self._database.clock.now())

        def work(connection: sqlite3.Connection) -> bool:
            if connection.execute("SELECT 1 FROM cdrs WHERE id=?", (call,)).fetchone() is None:
                return False
            if text:
                connection.execute(_PUT, (call, extension, text, at))
            else:
                connection.execute("DELETE FROM call_notes WHERE call=? AND extension=?", (call, extension))
            return True

        return await self._database.write(work)

    async def of(self, call: str) -> Sequence[CallNote]:
        """All notes on a call, the oldest first."""
        query = "SELECT extension, text, at FROM call_notes WHERE call=? ORDER BY at"
        rows = await self._database.read(lambda connection: connection.execute(query, (call,)).fetchall())
        return [
            CallNote(extension=extension, text=text, at=datetime.fromtimestamp(at, UTC))
            for extension, text, at in rows
        ]

    async def by(self, extension: str, calls: Sequence[str]) -> dict[str, str]:
        """What an extension wrote about these calls, by call."""
        marks = ", ".join("?" * len(calls))
        query = f"SELECT call, text FROM call_notes WHERE extension=? AND call IN ({marks})"  # noqa: S608  marks only
        rows = await self._database.read(
            lambda connection: connection.execute(query, (extension, *calls)).fetchall()
        )
        return dict(rows)
