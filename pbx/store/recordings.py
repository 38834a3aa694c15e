"""The recordings of calls: what each file is, and the audit trail of those that were deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from pbx.model.recording import Recording
from pbx.store.database import Database
from pbx.store.seeking import order
from pbx.store.table import Table, moment, timestamp
from pbx.store.where import Where

__all__ = ["RecordingFilter", "RecordingStore"]

_TABLE = Table(Recording, "recordings")
_THERE = "deleted_at IS NULL"


class RecordingFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which recordings. `number` is a part of what either side shows; `deleted` None means both."""

    call: str | None = None
    chain: str | None = None
    extension: str | None = None
    number: str | None = None
    trunk: str | None = None
    queue: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    deleted: bool | None = False
    q: str = ""
    sort: str = ""


class RecordingStore:
    """The table of recordings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, recording: Recording) -> None:
        """Write one, new or changed. What is deleted stays deleted, whatever else has become of it."""

        def work(connection: sqlite3.Connection) -> None:
            before = _TABLE.get(connection, recording.id)
            if before is None or before.deleted_at is None or recording.deleted_at is not None:
                _TABLE.upsert(connection, recording)

        await self._database.write(work)

    async def get(self, id_: str) -> Recording | None:
        return await self._database.read(lambda connection: _TABLE.get(connection, id_))

    async def page(
        self, wanted: RecordingFilter, *, limit: int, offset: int = 0
    ) -> tuple[Sequence[Recording], int]:
        """One page, newest first, and how many there are in all."""
        where = _where(wanted)
        return await self._database.read(
            lambda connection: _TABLE.page(
                connection,
                where=str(where),
                values=where.values,
                order=order(wanted.sort, "started_at"),
                limit=limit,
                offset=offset,
            )
        )

    async def unfinished(self) -> Sequence[Recording]:
        """Those that go on, or did when the node died."""
        return await self._select("WHERE state = 'recording' ORDER BY started_at")

    async def due(self, now: datetime, limit: int = 500) -> Sequence[Recording]:
        """Whose time is over."""
        return await self._select(
            f"WHERE {_THERE} AND state <> 'recording' AND keep_until <= ? ORDER BY keep_until LIMIT ?",
            (timestamp(now), limit),
        )

    async def oldest(self, limit: int = 100) -> Sequence[Recording]:
        """The oldest that are complete."""
        return await self._select(
            f"WHERE {_THERE} AND state <> 'recording' ORDER BY started_at, id LIMIT ?", (limit,)
        )

    async def known(self, files: Sequence[str]) -> set[str]:
        """Which of these files have a row."""
        return await self._with(files, "SELECT 1 FROM recordings WHERE file = ?")

    async def deleted(self, files: Sequence[str]) -> set[str]:
        """Which of these files should be gone."""
        return await self._with(files, "SELECT 1 FROM recordings WHERE file = ? AND deleted_at IS NOT NULL")

    async def _with(self, files: Sequence[str], query: str) -> set[str]:
        return await self._database.read(
            lambda connection: {each for each in files if connection.execute(query, (each,)).fetchone()}
        )

    async def totals(self) -> tuple[int, int]:
        """How many files there are, and their bytes."""
        query = f"SELECT count(*), coalesce(sum(bytes), 0) FROM recordings WHERE {_THERE}"  # noqa: S608
        row = await self._database.read(lambda connection: connection.execute(query).fetchone())
        return int(row[0]), int(row[1])

    async def made_since(self, since: datetime) -> tuple[int, datetime | None]:
        """The bytes of all that was recorded since then, deleted or not, and when the very first was recorded."""

        def work(connection: sqlite3.Connection) -> tuple[int, datetime | None]:
            (made,) = connection.execute(
                "SELECT coalesce(sum(bytes), 0) FROM recordings WHERE started_at >= ?", (timestamp(since),)
            ).fetchone()
            (first,) = connection.execute("SELECT min(started_at) FROM recordings").fetchone()
            return int(made), None if first is None else moment(first)

        return await self._database.read(work)

    async def expiring(self, now: datetime, days: int) -> Sequence[int]:
        """The bytes whose time is over on each of the next days; the first is today's and what is overdue."""
        query = f"SELECT keep_until, bytes FROM recordings WHERE {_THERE} AND keep_until < ?"  # noqa: S608
        until = timestamp(now + timedelta(days=days))

        def work(connection: sqlite3.Connection) -> list[int]:
            found = [0] * days
            for at, size in connection.execute(query, (until,)):
                found[max(0, int((at - timestamp(now)) // 86400))] += size
            return found

        return await self._database.read(work)

    async def _select(self, rest: str, values: Sequence[str | float] = ()) -> Sequence[Recording]:
        return await self._database.read(lambda connection: _TABLE.select(connection, rest, values))


_SOUGHT = ('"left"', '"right"', "left_extension", "right_extension", "dialled", "trunk", "queue")


def _where(wanted: RecordingFilter) -> Where:
    where = Where()
    where.same(wanted, ("call", "chain", "trunk", "queue"))
    if wanted.extension is not None:
        where.add("(left_extension = ? OR right_extension = ?)", *[wanted.extension] * 2)
    if wanted.number is not None:
        where.add("(instr(left, ?) OR instr(right, ?) OR instr(dialled, ?))", *[wanted.number] * 3)
    where.between("started_at", wanted.since, wanted.until)
    if wanted.deleted is not None:
        where.add("deleted_at IS NOT NULL" if wanted.deleted else _THERE)
    where.search(wanted.q, _SOUGHT)
    return where
