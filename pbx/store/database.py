"""The database: one SQLite file in WAL mode, one connection that writes, one that reads.

`write` groups commits (see `writer`); `read` never waits for a writer. Both take a function that gets the
plain `sqlite3.Connection` on its own thread. What another process commits (`pbx import` beside a running
node) is noticed within a second and told to whoever asked by `on_foreign_change`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from pbx.core.clock import Clock, SystemClock
from pbx.core.errors import StartupError
from pbx.core.metrics import Registry
from pbx.core.tasks import Supervisor
from pbx.store import restoring
from pbx.store.errors import StoreClosedError
from pbx.store.inspect import inspect
from pbx.store.kept import Kept, keep
from pbx.store.litestream_meta import meta_folder
from pbx.store.lock import DataDirLock, locked_by_another
from pbx.store.migrate import migrate, steps
from pbx.store.thread import ConnectionThread, Work, connect
from pbx.store.writer import Writer, WriterCounts

log = logging.getLogger(__name__)

T = TypeVar("T")

FILE_NAME = restoring.FILE_NAME
WAL_AUTOCHECKPOINT_PAGES = 1000
WAITING_WRITES = 10_000
FOREIGN_CHANGE_POLL_S = 1.0
CACHE_KIB = 2048
WRITER_PRAGMAS: dict[str, str | int] = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "journal_size_limit": 16 << 20,  # a WAL that once grew is cut back to this
}
READER_PRAGMAS: dict[str, str | int] = {"query_only": 1}
_COUNTED = {
    "writes": "Writes committed.",
    "commits": "Transactions committed; each holds one or more writes.",
    "failed": "Writes that failed and were undone.",
    "refused": "Writes refused because too many waited.",
    "disk_full": "Writes that failed because the disk was full.",
}


class Database:
    """An open database. Make one with `open`; `close` writes what is queued first."""

    def __init__(
        self, path: Path, clock: Clock, writer: ConnectionThread, reader: ConnectionThread, waiting_limit: int
    ) -> None:
        self.path = path
        self.clock = clock
        self._threads = (writer, reader)
        self._reader = reader
        self._writer = Writer(writer, limit=waiting_limit)
        self._tasks = Supervisor()
        self._listeners: list[Callable[[], None]] = []
        self._closed = False
        self.kept: Kept | None = None
        """The copy of the database as it was, if opening it has brought it to a newer layout."""

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        clock: Clock | None = None,
        metrics: Registry | None = None,
        wal_autocheckpoint: int | None = None,
        waiting_limit: int = WAITING_WRITES,
        poll_s: float = FOREIGN_CHANGE_POLL_S,
    ) -> Self:
        """Check the file, open it, bring it to this program's layout. Makes it, mode 0600, if there is none.

        Raises `StartupError` when the file is damaged, not ours, or of a newer program; it is not touched then. A
        database of an older layout is copied first (see `kept`). `wal_autocheckpoint` is 0, unless another is asked
        for, when Litestream replicates the file: it alone may move pages out of the WAL. `poll_s` 0 turns the watch
        for other processes' changes off.
        """
        if wal_autocheckpoint is None:
            replicated = await asyncio.to_thread(meta_folder(path).is_dir)
            wal_autocheckpoint = 0 if replicated else WAL_AUTOCHECKPOINT_PAGES
        with _plain_errors(path):
            kept = await asyncio.to_thread(_prepare, path)
            async with AsyncExitStack() as opened:
                common: dict[str, str | int] = {
                    "foreign_keys": 1,
                    "cache_size": -CACHE_KIB,
                    "wal_autocheckpoint": wal_autocheckpoint,
                }
                writer = await connect(path, pragmas=common | WRITER_PRAGMAS)
                opened.push_async_callback(writer.close)
                applied = await writer.run(lambda connection: migrate(connection, path, steps()))
                version = await writer.run(_data_version)
                reader = await connect(path, pragmas=common | READER_PRAGMAS)
                opened.pop_all()
        if applied:
            log.info(
                "database layout brought up to date",
                extra={"steps": applied, "layout": len(steps()), "kept": str(kept.path) if kept else "none"},
            )
        self = cls(path, clock or SystemClock(), writer, reader, waiting_limit)
        self.kept = kept
        self._tasks.spawn("database writer", self._writer.run())
        if poll_s > 0:
            self._tasks.spawn("database watch", self._watch(poll_s, version))
        if metrics is not None:
            self._measure(metrics)
        return self

    @property
    def counts(self) -> WriterCounts:
        """What the writer has done: writes, commits, failures."""
        return self._writer.counts

    async def write(self, work: Work[T], *, durable: bool = True) -> T:
        """Run `work` in a transaction, together with other waiting writes; returns after COMMIT.

        With `durable` the result survives a power cut (`synchronous=FULL`); without, a crash of the program
        but perhaps not of the power. `work` may raise: it is undone, the others are not. It may be run twice.
        Raises `StoreError`.
        """
        return await self._writer.write(work, durable=durable)

    async def read(self, work: Work[T]) -> T:
        """Run `work` on the reading connection: it sees everything committed before. It cannot write."""
        if self._closed:
            raise StoreClosedError("the database is closed")
        return await self._reader.run(work)

    def on_foreign_change(self, listener: Callable[[], None]) -> None:
        """Have `listener` called, on the loop, after another process has changed the database."""
        self._listeners.append(listener)

    async def close(self) -> None:
        """Write what is queued, then close the file. May be called twice."""
        if self._closed:
            return
        self._closed = True
        await self._writer.finish()
        await self._tasks.aclose()
        for thread in self._threads:
            await thread.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _watch(self, poll_s: float, seen: int) -> None:
        """`data_version` of the writing connection moves when, and only when, someone else has committed."""
        writer, _ = self._threads
        while True:
            await asyncio.sleep(poll_s)
            if (version := await writer.run(_data_version)) != seen:
                seen = version
                for listener in self._listeners:
                    listener()

    def _measure(self, metrics: Registry) -> None:
        counts = self._writer.counts
        for field, text in _COUNTED.items():
            metrics.counter(f"pbx_store_{field}_total", text, read=partial(getattr, counts, field))
        metrics.gauge(
            "pbx_store_waiting_writes", "Writes waiting for their commit.", read=self._writer.__len__
        )
        metrics.gauge(
            "pbx_store_wal_bytes", "Size of the write-ahead log.", read=partial(_wal_size, self.path)
        )


def lock_data_dir(data_dir: Path) -> DataDirLock:
    """Make the data directory if there is none, keep other nodes out of it, and bring a restore that was interrupted to
    its end. Raises `StartupError`.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = DataDirLock.take(data_dir)
    except OSError as error:
        raise _unusable(data_dir, error) from error
    try:
        if restoring.finish(data_dir):
            log.warning("a restore that was interrupted has been brought to its end")
    except OSError as error:
        lock.release()
        raise _unusable(data_dir, error) from error
    return lock


def _unusable(data_dir: Path, error: OSError) -> StartupError:
    return StartupError(
        f"the data directory {data_dir} cannot be used: {error.strerror}",
        action="Choose another with --data-dir, or give this user the right to write there",
    )


def _prepare(path: Path) -> Kept | None:
    """Look before anything is opened for writing; make an empty file if there is none, a copy if the layout is old."""
    newest = len(steps())
    found = inspect(path, newest=newest)
    if found.is_new:
        # Mode 0600: SQLite gives its -wal and -shm the same.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    elif found.version < newest and locked_by_another(path.parent):
        raise StartupError(
            f"the database {path} needs an upgrade, but a node of an older program is using it",
            action="Stop the node, start it again with this version, and repeat the command",
        )
    elif 0 < found.version < newest:
        return keep(path, found.version)
    return None


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StartupError(
            f"the database {path} cannot be opened: {error}",
            action="Check that this user may write there and that the disk has room (see: pbx doctor)",
        ) from error


def _data_version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


def _wal_size(path: Path) -> float:
    try:
        return float(path.with_name(f"{path.name}-wal").stat().st_size)
    except FileNotFoundError:
        return 0.0
