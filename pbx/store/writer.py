"""The one writer: many waiting writes become one transaction and one fsync.

    write() ─┐
    write() ─┼─► queue ─► BEGIN; work, work, work …; COMMIT ─► every caller gets its result
    write() ─┘            (one trip to the connection's thread)

While one group is being committed the next one gathers, so groups grow by themselves under load. A caller
hears of success only after COMMIT. When a piece of work raises, the group is undone and done again with a
savepoint around each piece, so that only the failing one is lost. When SQLite itself gives up the transaction
(disk full, I/O error), each piece is tried once more alone. Work may therefore run several times.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from functools import partial
from typing import Any, TypeVar

import msgspec

from pbx.store.errors import DiskFullError, StoreBusyError, StoreClosedError, StoreError
from pbx.store.thread import ConnectionThread, Work

T = TypeVar("T")

LARGEST_GROUP = 256
GATHER_S = 0.008
"""Transactions begin at least this far apart. A lone write does not wait; a steady stream of them is gathered, which
bounds what commits can cost (a commit alone takes about ten times the CPU of a write in a group, and an fsync)."""


class WriterCounts(msgspec.Struct):
    """What the writer has done since the start."""

    writes: int = 0
    commits: int = 0
    failed: int = 0
    refused: int = 0
    disk_full: int = 0


class _Pending(msgspec.Struct, eq=False):
    work: Work[Any]
    durable: bool
    done: asyncio.Future[Any]


class _Outcome(msgspec.Struct):
    """What became of a group, made on the thread, delivered on the loop."""

    results: list[tuple[_Pending, Any]] = msgspec.field(default_factory=list)
    errors: list[tuple[_Pending, Exception]] = msgspec.field(default_factory=list)
    commits: int = 0


class _GroupLostError(Exception):
    """SQLite has rolled the whole transaction back."""


class Writer:
    """Owns the only connection that writes. `limit` is how many writes may wait."""

    def __init__(self, thread: ConnectionThread, *, limit: int) -> None:
        self.counts = WriterCounts()
        self._thread = thread
        self._limit = limit
        self._waiting: deque[_Pending] = deque()
        self._in_flight: list[_Pending] = []
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()
        self._closing = False
        self._last_began = float("-inf")
        self._durable = True  # the connection is opened with synchronous=FULL

    def __len__(self) -> int:
        return len(self._waiting)

    async def write(self, work: Work[T], *, durable: bool) -> T:
        """Queue `work`; returns its result once it is committed (and, when `durable`, on the disk)."""
        if self._closing:
            raise StoreClosedError("the database is closed")
        if len(self._waiting) >= self._limit:
            self.counts.refused += 1
            raise StoreBusyError(f"{len(self._waiting)} writes wait already")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Pending(work, durable, done))
        self._wake.set()
        return await done

    async def run(self) -> None:
        """Commit group after group until `finish`; what is queued by then is still written."""
        try:
            while True:
                if not self._waiting:
                    if self._closing:
                        return
                    self._wake.clear()
                    await self._wake.wait()
                await self._gather()
                self._in_flight = group = self._take()
                if group:
                    await self._write(group)
        finally:
            self._closing = True
            for pending in (*self._in_flight, *self._waiting):
                _fail(pending, StoreClosedError("the database was closed during the write"))
            self._waiting.clear()
            self._ended.set()

    async def _gather(self) -> None:
        """Let a group grow, if the last one began a moment ago."""
        loop = asyncio.get_running_loop()
        wait_s = self._last_began + GATHER_S - loop.time()
        if wait_s > 0 and len(self._waiting) < LARGEST_GROUP and not self._closing:
            await asyncio.sleep(wait_s)
        self._last_began = loop.time()

    async def _write(self, group: list[_Pending]) -> None:
        try:
            outcome = await self._thread.run(partial(self._commit, group=group))
        except Exception as error:  # delivered to every caller of the group; the next group is tried again
            outcome = _Outcome(errors=[(pending, error) for pending in group])
        self._deliver(outcome)

    async def finish(self) -> None:
        """Take no more; returns when `run` has committed all that was queued."""
        self._closing = True
        self._wake.set()
        await self._ended.wait()

    def _take(self) -> list[_Pending]:
        """The next group; callers that were cancelled while waiting are left out."""
        size = min(len(self._waiting), LARGEST_GROUP)
        return [one for one in (self._waiting.popleft() for _ in range(size)) if not one.done.done()]

    def _deliver(self, outcome: _Outcome) -> None:
        self.counts.writes += len(outcome.results)
        self.counts.commits += outcome.commits
        self.counts.failed += len(outcome.errors)
        for pending, result in outcome.results:
            if not pending.done.done():
                pending.done.set_result(result)
        for pending, error in outcome.errors:
            self.counts.disk_full += isinstance(error, DiskFullError)
            _fail(pending, error)

    # From here on: on the connection's thread.

    def _commit(self, connection: sqlite3.Connection, group: list[_Pending]) -> _Outcome:
        self._set_durable(connection, any(pending.durable for pending in group))
        try:
            return _together(connection, group)
        except Exception as error:  # delivered to the caller whose work it was
            _roll_back(connection)
            if len(group) == 1:
                return _Outcome(errors=[(group[0], _explained(error))])
        try:
            return _isolated(connection, group)
        except (_GroupLostError, sqlite3.Error):
            _roll_back(connection)
        outcomes = [self._commit(connection, [pending]) for pending in group]
        return _Outcome(
            results=[one for outcome in outcomes for one in outcome.results],
            errors=[one for outcome in outcomes for one in outcome.errors],
            commits=sum(outcome.commits for outcome in outcomes),
        )

    def _set_durable(self, connection: sqlite3.Connection, durable: bool) -> None:
        if durable is not self._durable:
            connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._durable = durable


def _together(connection: sqlite3.Connection, group: list[_Pending]) -> _Outcome:
    """The usual way. Savepoints would double the cost of a small write, and are needed once in a blue moon."""
    connection.execute("BEGIN IMMEDIATE")
    results = [(pending, pending.work(connection)) for pending in group]
    connection.execute("COMMIT")
    return _Outcome(results=results, commits=1)


def _isolated(connection: sqlite3.Connection, group: list[_Pending]) -> _Outcome:
    """Something in the group fails: give each piece its own savepoint."""
    outcome = _Outcome()
    connection.execute("BEGIN IMMEDIATE")
    for pending in group:
        connection.execute("SAVEPOINT piece")
        try:
            outcome.results.append((pending, pending.work(connection)))
        except Exception as error:  # delivered to the caller whose work it was
            if not connection.in_transaction:
                raise _GroupLostError from error
            connection.execute("ROLLBACK TO piece")
            outcome.errors.append((pending, _explained(error)))
        connection.execute("RELEASE piece")
    connection.execute("COMMIT")
    outcome.commits = 1
    return outcome


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _explained(error: Exception) -> Exception:
    """SQLite's words as ours; errors that the work itself raised stay as they are."""
    if not isinstance(error, sqlite3.OperationalError):
        return error
    name = getattr(error, "sqlite_errorname", None) or ""  # Python's own errors have none
    if name == "SQLITE_FULL" or "disk is full" in str(error):
        mapped: StoreError = DiskFullError("the disk is full: nothing can be stored until there is room")
    elif name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        mapped = StoreBusyError("another process holds the database")
    elif name.startswith("SQLITE_IOERR"):
        mapped = StoreError(f"the disk refuses to store: {error} ({name})")
    else:
        return error
    mapped.__cause__ = error
    return mapped


def _fail(pending: _Pending, error: Exception) -> None:
    if not pending.done.done():
        pending.done.set_exception(error)
