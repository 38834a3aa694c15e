"""Call history: one row a call, written when it starts, when it is answered and when it ends."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from pbx.model.cdr import Cdr
from pbx.model.flow_traffic import FlowTraffic
from pbx.store.call_notes import CallNoteStore
from pbx.store.database import Database
from pbx.store.flow_traffic import count_call, traffic_of
from pbx.store.table import Table, timestamp
from pbx.store.where import Where

_WHOLE = Table(Cdr, "cdrs", beside=("search",))
_BRIEF = Table(Cdr, "cdrs", without=("events",))
CHUNK = 500
PRUNED = 1000
Sort = Literal["started_at", "-started_at", "talk_s", "-talk_s", "duration_s", "-duration_s"]


class CdrFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls to list. `since` and `until` are about the start, `until` not included; `extension` may be
    either side; `number` is a part of the caller's or the dialled number. Each word of `q` stands in a number or a
    name.
    """

    since: datetime | None = None
    until: datetime | None = None
    extension: str | None = None
    number: str | None = None
    disposition: str | None = None
    flow: str | None = None
    direction: str | None = None
    did: str | None = None
    trunk: str | None = None
    queue: str | None = None
    missed: bool | None = None
    min_talk_s: float | None = None
    q: str = ""


class CdrStore:
    """Call detail records."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.notes = CallNoteStore(database)

    async def put(self, cdr: Cdr) -> None:
        """Write a call's record, new or changed; returns when it would survive a power cut.

        When it is closed with this, its way through flows is counted.
        """

        await self._database.write(lambda connection: write_cdr(connection, cdr))

    async def flow_traffic(self, flow: str, since: datetime, revision: int | None = None) -> FlowTraffic:
        """How many calls went which way through a flow since that day."""
        return await self._database.read(lambda connection: traffic_of(connection, flow, since, revision))

    async def get(self, id_: str) -> Cdr | None:
        """One call with all its events."""
        return await self._database.read(lambda connection: _WHOLE.get(connection, id_))

    async def with_outside_legs(self, since: datetime) -> list[Cdr]:
        """The calls since then in which a trunk was called or that took in a leg, with their events, oldest first."""
        return await self._database.read(
            lambda connection: _WHOLE.select(
                connection,
                "WHERE started_at >= ? AND (instr(events, ?) OR instr(events, ?)) ORDER BY started_at, id",
                (timestamp(since), '"trunk":"', '"leg_joined"'),
            )
        )

    async def list(
        self,
        limit: int = 50,
        offset: int = 0,
        filters: CdrFilter | None = None,
        sort: Sort = "-started_at",
    ) -> tuple[list[Cdr], int]:
        """One page, newest first, without the events; and how many match in all. Only the page's rows are read."""
        wanted = filters or CdrFilter()
        where = _where(wanted)
        order = _order(sort)

        seen = f"FROM cdrs {'' if wanted.extension else 'INDEXED BY cdrs_seen'} {where}"

        def work(connection: sqlite3.Connection) -> tuple[list[Cdr], int]:
            query = f"SELECT id {seen} ORDER BY {order} LIMIT ? OFFSET ?"
            ids = [row[0] for row in connection.execute(query, (*where.values, limit, offset))]
            if len(ids) < limit and (ids or not offset):  # the last page: nobody needs to count
                total = offset + len(ids)
            else:
                (total,) = connection.execute(f"SELECT count(*) {seen}", where.values).fetchone()
            marks = ", ".join("?" * len(ids))
            return _BRIEF.select(connection, f"WHERE id IN ({marks}) ORDER BY {order}", ids), total

        return await self._database.read(work)

    async def chunks(self, filters: CdrFilter) -> AsyncIterator[Sequence[Cdr]]:
        """All that match, newest first, some hundred at a time; calls that begin meanwhile are not among them."""
        where = _where(filters)
        last: tuple[str | float, ...] = ()

        def work(connection: sqlite3.Connection) -> Sequence[Cdr]:
            return _BRIEF.select(connection, _after(str(where), last), (*where.values, *last))

        while True:
            page = await self._database.read(work)
            if not page:
                return
            yield page
            last = (timestamp(page[-1].started_at), page[-1].id)

    async def last_dialled(self, extension: str, limit: int = 50) -> Sequence[str]:
        """What an extension has dialled, newest first."""
        query = "SELECT dialled FROM cdrs WHERE from_extension = ? ORDER BY started_at DESC LIMIT ?"
        return await self._database.read(
            lambda connection: [row[0] for row in connection.execute(query, (extension, limit))]
        )

    async def last_callers(self, extension: str, limit: int = 50) -> Sequence[tuple[str, str]]:
        """Who called an extension and what they dialled, newest first; those who showed no number are passed over.

        Calls that reached it as one of a group are found among the newest calls of the office only.
        """
        values = {"extension": extension, "rung": f'%"extension":"{extension}"%', "limit": limit}
        return await self._database.read(
            lambda connection: [(row[0], row[1]) for row in connection.execute(_CALLERS, values)]
        )

    async def prune(self, before: datetime) -> int:
        """Delete the calls that began before and are over, some at a time, so that no other write waits for long."""

        def work(connection: sqlite3.Connection) -> int:
            return connection.execute(_PRUNE, (timestamp(before), PRUNED)).rowcount

        total = 0
        while found := await self._database.write(work, durable=False):
            total += found
        return total

    async def close_interrupted(self, now: datetime, but: Collection[str] = ()) -> int:
        """Close the calls that a dead process left open, `but` those that go on; returns how many.

        Only the node that holds the data directory's lock may do this, before its first call. The disposition
        is kept, except that a call nobody answered is no longer in progress: it "failed".
        """

        def work(connection: sqlite3.Connection) -> int:
            going_on = msgspec.json.encode(list(but)).decode()
            cursor = connection.execute(_CLOSE, {"now": timestamp(now), "but": going_on})
            return cursor.rowcount

        return await self._database.write(work)


def write_cdr(connection: sqlite3.Connection, cdr: Cdr) -> None:
    """On the writer's thread."""
    if cdr.ended_at is not None and not connection.execute(_CLOSED, (cdr.id,)).fetchone():
        count_call(connection, cdr)
    _WHOLE.upsert(connection, cdr, search=search_text(cdr))


_CALLERS = """
SELECT from_number, dialled FROM (
    SELECT * FROM (
        SELECT id, from_number, from_extension, dialled, started_at FROM cdrs
        WHERE to_extension = :extension ORDER BY started_at DESC LIMIT :limit
    )
    UNION
    SELECT id, from_number, from_extension, dialled, started_at FROM (
        SELECT * FROM cdrs ORDER BY started_at DESC LIMIT 500
    ) WHERE events LIKE :rung
)
WHERE from_number <> '' AND from_extension IS NOT :extension
ORDER BY started_at DESC LIMIT :limit
"""

_PRUNE = """
DELETE FROM cdrs WHERE id IN (
    SELECT id FROM cdrs INDEXED BY cdrs_seen WHERE started_at < ? AND ended_at IS NOT NULL LIMIT ?
)
"""

_CLOSED = "SELECT 1 FROM cdrs WHERE id = ? AND ended_at IS NOT NULL"

_CLOSE = """
UPDATE cdrs SET
    ended_at = max(:now, started_at),
    interrupted = 1,
    cause = CASE cause WHEN '' THEN 'interrupted' ELSE cause END,
    disposition = CASE
        WHEN disposition <> 'in_progress' THEN disposition
        WHEN answered_at IS NOT NULL THEN 'answered'
        ELSE 'failed' END,
    duration_s = max(0, :now - started_at),
    talk_s = CASE WHEN answered_at IS NULL THEN 0 ELSE max(0, :now - answered_at) END
WHERE ended_at IS NULL AND id NOT IN (SELECT value FROM json_each(:but))
"""


def search_text(cdr: Cdr) -> str:
    """What a search looks at."""
    texts = (
        cdr.from_number,
        cdr.from_name,
        cdr.dialled,
        cdr.to_extension or "",
        cdr.to_name,
        *(leg.extension or leg.party for leg in cdr.legs),
    )
    return "\n".join(dict.fromkeys(texts)).casefold()


def _order(sort: str) -> str:
    field, down = sort.removeprefix("-"), sort.startswith("-")
    words = [field, "id"] if field == "started_at" else [field, "started_at", "id"]
    return ", ".join(f"{each} DESC" if down else each for each in words)


def _after(where: str, last: Sequence[object]) -> str:
    """The next chunk below the last row of the one before."""
    if last:
        where = f"{where} AND (started_at, id) < (?, ?)" if where else "WHERE (started_at, id) < (?, ?)"
    return (
        f"WHERE id IN (SELECT id FROM cdrs INDEXED BY cdrs_seen {where} "  # noqa: S608  our own words
        f"ORDER BY started_at DESC, id DESC LIMIT {CHUNK}) ORDER BY started_at DESC, id DESC"
    )


def _where(wanted: CdrFilter) -> Where:
    where = Where()
    where.between("started_at", wanted.since, wanted.until)
    if wanted.extension is not None:
        where.add("(from_extension = ? OR to_extension = ?)", *[wanted.extension] * 2)
    if wanted.number is not None:
        where.add("(instr(from_number, ?) OR instr(dialled, ?))", *[wanted.number] * 2)
    where.same(wanted, ("disposition", "flow", "direction", "did", "trunk", "queue", "missed"))
    if wanted.min_talk_s is not None:
        where.add("talk_s >= ?", wanted.min_talk_s)
    for word in wanted.q.casefold().split():
        where.add("instr(search, ?)", word)
    return where
