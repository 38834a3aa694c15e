"""Voice messages: their envelopes. What was said is in files that `pbx.feature.voicemail` looks after."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from pbx.model.voicemail import Folder, Voicemail
from pbx.store.database import Database
from pbx.store.seeking import order
from pbx.store.table import Table, timestamp
from pbx.store.where import Where

__all__ = ["BoxCounts", "VoicemailStore", "insert_voicemail"]

BoxCounts = Mapping[str, Mapping[str, int]]
"""By box: "new", "old", "saved", "bin", and "urgent" of the new ones."""

_TABLE = Table(Voicemail, "voicemails")
_FOLDERS: dict[Folder, str] = {
    "new": "deleted_at IS NULL AND saved = 0 AND read = 0",
    "old": "deleted_at IS NULL AND saved = 0 AND read = 1",
    "saved": "deleted_at IS NULL AND saved = 1",
    "bin": "deleted_at IS NOT NULL",
}
_COUNTS = f"""
SELECT mailbox, {", ".join(f"total({term})" for term in _FOLDERS.values())},
       total({_FOLDERS["new"]} AND urgent = 1)
FROM voicemails WHERE complete = 1 GROUP BY mailbox
"""  # noqa: S608


class VoicemailStore:
    """The messages of all boxes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, message: Voicemail) -> None:
        """Keep a new message."""
        await self._database.write(lambda connection: insert_voicemail(connection, message))

    async def get(self, id_: str) -> Voicemail | None:
        return await self._database.read(lambda connection: _TABLE.get(connection, id_))

    async def change(self, id_: str, edit: Callable[[Voicemail], Voicemail]) -> Voicemail | None:
        """The message as it is now; None when there is none. `edit` runs on the writer's thread, perhaps twice."""

        def work(connection: sqlite3.Connection) -> Voicemail | None:
            found = _TABLE.get(connection, id_)
            if found is None:
                return None
            wanted = edit(found)
            if wanted != found:
                _TABLE.upsert(connection, wanted)
            return wanted

        return await self._database.write(work)

    async def remove(self, ids: Sequence[str]) -> None:
        """Forget them for ever."""

        def work(connection: sqlite3.Connection) -> None:
            for each in ids:
                _TABLE.delete(connection, each)

        if ids:
            await self._database.write(work)

    async def page(
        self,
        mailbox: str | None,
        folder: Folder | None = None,
        *,
        q: str = "",
        sort: str = "",
        limit: int = 1000,
        offset: int = 0,
    ) -> tuple[Sequence[Voicemail], int]:
        """Complete messages of a box, or of all, the newest first, and how many there are; without a folder, all but
        those in the bin.
        """
        where = Where()
        where.add("complete = 1")
        where.add(_FOLDERS[folder] if folder is not None else "deleted_at IS NULL")
        if mailbox is not None:
            where.add("mailbox = ?", mailbox)
        where.search(q, ("mailbox", "from_number", "from_name", "transcript"))
        return await self._database.read(
            lambda connection: _TABLE.page(
                connection,
                where=str(where),
                values=where.values,
                order=order(sort, "received_at"),
                limit=limit,
                offset=offset,
            )
        )

    async def counts(self) -> BoxCounts:
        """Of every box that has a message."""
        rows = await self._database.read(lambda connection: connection.execute(_COUNTS).fetchall())
        return {row[0]: dict(zip((*_FOLDERS, "urgent"), map(int, row[1:]), strict=True)) for row in rows}

    async def unfinished(self) -> Sequence[Voicemail]:
        """Those that are being spoken, or were when the power went."""
        return await self._select("WHERE complete = 0 ORDER BY id")

    async def to_mail(self, now: datetime, furthest: timedelta, limit: int = 20) -> Sequence[Voicemail]:
        """Those whose mail is due; so is one that waits for a time further ahead than any: the clock was set back."""
        return await self._select(
            "WHERE mail_state = 'waiting' AND NOT mail_next_at BETWEEN ? AND ? ORDER BY mail_next_at LIMIT ?",
            timestamp(now) + 1e-6,
            timestamp(now + furthest),
            limit,
        )

    async def next_mail_at(self) -> float | None:
        """When the next mail is due, in Unix seconds."""
        query = "SELECT min(mail_next_at) FROM voicemails WHERE mail_state = 'waiting'"
        row = await self._database.read(lambda connection: connection.execute(query).fetchone())
        return None if row[0] is None else float(row[0])

    async def to_transcribe(self, limit: int = 20) -> Sequence[Voicemail]:
        """Those that wait to be written down, oldest first."""
        return await self._select(
            "WHERE transcript_state = 'waiting' AND complete = 1 ORDER BY received_at LIMIT ?", limit
        )

    async def older_than(self, mailbox: str, moment: datetime) -> Sequence[Voicemail]:
        """Neither saved nor deleted."""
        return await self._select(
            "WHERE mailbox = ? AND complete = 1 AND saved = 0 AND deleted_at IS NULL AND received_at < ?",
            mailbox,
            timestamp(moment),
        )

    async def deleted_before(self, mailbox: str, moment: datetime) -> Sequence[Voicemail]:
        return await self._select("WHERE mailbox = ? AND deleted_at < ?", mailbox, timestamp(moment))

    async def mailboxes(self) -> Sequence[str]:
        """Every number that has a message, whether that box still exists or not."""
        query = "SELECT DISTINCT mailbox FROM voicemails"
        return await self._database.read(lambda connection: [row[0] for row in connection.execute(query)])

    async def _select(self, rest: str, *values: str | float) -> Sequence[Voicemail]:
        return await self._database.read(lambda connection: _TABLE.select(connection, rest, values))


def insert_voicemail(connection: sqlite3.Connection, message: Voicemail) -> None:
    """On the writer's thread."""
    _TABLE.insert(connection, message)
