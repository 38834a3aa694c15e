"""The store of an edge that is alone: one SQLite file, one connection that writes, one that reads."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import aiosqlite

from edge.errors import StartError
from edge.store.keep import keep
from edge.store.migrate import VERSION_TABLE, missing_steps
from edge.store.store import Row, Statements, StoreError

__all__ = ["SqliteStore"]

BUSY_S = 10.0
_READS = ("select", "with")


class SqliteStore:
    """What only reads does not wait for whoever writes; it sees all that was committed before."""

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._writer = _Connection(writer)
        self._reader = _Connection(reader)
        self._connections = (writer, reader)
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> SqliteStore:
        """Raises `StartError` for a file that cannot be used."""
        try:
            await asyncio.to_thread(_make, path)
            writer = await _connect(path)
            try:
                await _prepare(writer, path)
                reader = await _connect(path)
            except BaseException:
                await writer.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise StartError(
                f"{path} cannot be used: {error}", action="Look at the folder and its rights"
            ) from error
        return cls(writer, reader)

    async def all(self, sql: str, *values: object) -> Sequence[Row]:
        if sql.lstrip()[:6].lower().startswith(_READS):
            return await self._reader.all(sql, *values)
        async with self._turn:
            return await self._writer.all(sql, *values)

    async def one(self, sql: str, *values: object) -> Row | None:
        return next(iter(await self.all(sql, *values)), None)

    async def run(self, sql: str, *values: object) -> int:
        async with self._turn:
            return await self._writer.run(sql, *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        async with self._turn:
            try:
                await self._writer.run("BEGIN IMMEDIATE")
                yield self._writer
                await self._writer.run("COMMIT")
            except BaseException:
                with suppress(StoreError):  # nothing was begun, or a cancelled COMMIT was done all the same
                    await asyncio.shield(self._writer.run("ROLLBACK"))
                raise

    async def close(self) -> None:
        async with self._turn:
            for connection in self._connections:
                await connection.close()


class _Connection:
    """One connection; statements commit by themselves outside a transaction."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def all(self, sql: str, *values: object) -> Sequence[Row]:
        """In one go of the connection's thread: who is cancelled in the middle leaves no statement open."""
        with _plain_errors():
            return list(await self._connection.execute_fetchall(sql, _named(values)))

    async def one(self, sql: str, *values: object) -> Row | None:
        return next(iter(await self.all(sql, *values)), None)

    async def run(self, sql: str, *values: object) -> int:
        with _plain_errors():
            async with self._connection.execute(sql, _named(values)) as cursor:
                return max(cursor.rowcount, 0)


def _named(values: Sequence[object]) -> dict[str, Any]:
    """SQLite reads $1 as a parameter whose name is 1."""
    return {str(place): value for place, value in enumerate(values, 1)}


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)


async def _connect(path: Path) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None, timeout=BUSY_S)
    connection.row_factory = sqlite3.Row
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=1", "cache_size=-2048"):
            await connection.execute(f"PRAGMA {pragma}")
        if path.with_name(f".{path.name}-litestream").is_dir():  # Litestream alone moves pages out of the WAL
            await connection.execute("PRAGMA wal_autocheckpoint=0")
    except BaseException:
        await connection.close()  # or its thread keeps the process alive
        raise
    return connection


async def _prepare(writer: aiosqlite.Connection, path: Path) -> None:
    """All missing steps, or nothing. What is there is copied first."""
    version = await _version(writer)
    if version is not None and missing_steps(version):
        await asyncio.to_thread(keep, path, version)
    await writer.execute("BEGIN IMMEDIATE")
    try:
        await writer.execute(VERSION_TABLE)
        for number, statements in missing_steps(await _version(writer)):
            for statement in statements:
                await writer.execute(statement)
            await writer.execute("INSERT INTO edge_layout (version) VALUES ($1)", {"1": number})
        await writer.execute("COMMIT")
    except BaseException:
        await writer.execute("ROLLBACK")
        raise


async def _version(writer: aiosqlite.Connection) -> int | None:
    """None for a database without tables."""
    async with writer.execute(
        "SELECT count(*) AS tables FROM sqlite_schema WHERE name='edge_layout'"
    ) as cursor:
        found = await cursor.fetchone()
    if found is None or not found["tables"]:
        return None
    async with writer.execute("SELECT MAX(version) AS version FROM edge_layout") as cursor:
        found = await cursor.fetchone()
    return None if found is None else found["version"]


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, ValueError) as error:
        raise StoreError(f"the database refused: {error}") from error
