"""SQLite: one connection on one thread. What is written at the same moment shares one sync to disk."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from mobile_push.errors import SetupError
from mobile_push.store.base import Row, migrations
from mobile_push.store.keep import keep

T = TypeVar("T")

_PARAMETER = re.compile(r"\$(\d+)")


class SqliteStore:
    """Implements `Store`."""

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread
        self._waiting: list[tuple[Callable[[], object], asyncio.Future[object]]] = []
        self._busy = False

    @classmethod
    async def open(cls, path: Path) -> SqliteStore:
        thread = ThreadPoolExecutor(1, thread_name_prefix="push-store")
        path.parent.mkdir(parents=True, exist_ok=True)
        loop = asyncio.get_running_loop()
        return cls(await loop.run_in_executor(thread, _connect, path), thread)

    async def all(self, sql: str, *args: object) -> Sequence[Row]:
        return await self._do(lambda: self._connection.execute(_written(sql), args).fetchall())

    async def one(self, sql: str, *args: object) -> Row | None:
        found: Row | None = await self._do(lambda: self._connection.execute(_written(sql), args).fetchone())
        return found

    async def run(self, sql: str, *args: object) -> int:
        return await self._do(lambda: self._connection.execute(_written(sql), args).rowcount)

    async def many(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        await self._do(lambda: self._connection.executemany(_written(sql), rows))

    async def aclose(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    async def _do(self, work: Callable[[], T]) -> T:
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))  # type: ignore[arg-type]
        self._go_on()
        return await done

    def _go_on(self) -> None:
        """Hand what waits to the thread, unless it is at work."""
        if self._busy or not self._waiting:
            return
        batch, self._waiting = self._waiting, []
        self._busy = True
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._thread, _together, self._connection, [work for work, _ in batch])
        future.add_done_callback(lambda ended: self._ended(ended, [done for _, done in batch]))

    def _ended(
        self,
        ended: asyncio.Future[list[tuple[object, Exception | None]]],
        waiting: Sequence[asyncio.Future[object]],
    ) -> None:
        self._busy = False
        failure = ended.exception()
        results = [] if failure is not None else ended.result()
        for place, done in enumerate(waiting):
            if done.done():
                continue
            result, error = (None, failure) if failure is not None else results[place]
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(result)
        self._go_on()


def _together(
    connection: sqlite3.Connection, batch: Sequence[Callable[[], object]]
) -> list[tuple[object, Exception | None]]:
    """Run them in one transaction; one that fails takes nothing with it."""
    results: list[tuple[object, Exception | None]] = []
    connection.execute("BEGIN IMMEDIATE")
    try:
        for work in batch:
            connection.execute("SAVEPOINT one")
            try:
                results.append((work(), None))
            except sqlite3.Error as error:
                connection.execute("ROLLBACK TO one")
                results.append((None, error))
            connection.execute("RELEASE one")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return results


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA busy_timeout=5000")
    if path.with_name(f".{path.name}-litestream").is_dir():  # Litestream alone moves pages out of the WAL
        connection.execute("PRAGMA wal_autocheckpoint=0")
    try:
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """All missing steps, or nothing. What is there is copied first."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    missing = [(number, text) for number, text in migrations() if number > version]
    if version > len(migrations()):
        raise SetupError(
            f"{path} has layout {version}, this program knows layouts up to {len(migrations())}: "
            "install the newer version again, or see: pbx rollback"
        )
    if not missing:
        return
    if version:
        keep(path, version)
    script = "\n".join(text for _, text in missing)
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version={missing[-1][0]};\nCOMMIT;"
        )
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise SetupError(f"{path} could not be upgraded, nothing has been changed: {error}") from error


def _written(sql: str) -> str:
    return _PARAMETER.sub(r"?\1", sql)
