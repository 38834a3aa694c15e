"""The store that several edges share: PostgreSQL, through a pool of connections."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol

import asyncpg

from edge.errors import StartError
from edge.store.migrate import VERSION_TABLE, missing_steps
from edge.store.store import Row, Statements, StoreError

__all__ = ["PostgresStore"]

CONNECTIONS = 8
ANSWER_S = 15.0
LAYOUT_LOCK = 0x6265_6C6C
"""Only one edge at a time brings the layout up to date."""


class PostgresStore:
    """`open` it; each statement outside a transaction takes a connection of its own."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool
        self._alone = _Connection(pool)

    @classmethod
    async def open(cls, dsn: str) -> PostgresStore:
        """Raises `StartError` when the server does not answer or refuses."""
        try:
            pool = await asyncpg.create_pool(dsn, min_size=1, max_size=CONNECTIONS, command_timeout=ANSWER_S)
            async with pool.acquire() as connection, connection.transaction():
                await _prepare(connection)
        except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise StartError(
                f"PostgreSQL cannot be used: {error}", action="Check --db-dsn, and that the server runs"
            ) from error
        return cls(pool)

    async def all(self, sql: str, *values: object) -> Sequence[Row]:
        return await self._alone.all(sql, *values)

    async def one(self, sql: str, *values: object) -> Row | None:
        return await self._alone.one(sql, *values)

    async def run(self, sql: str, *values: object) -> int:
        return await self._alone.run(sql, *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        with _plain_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                yield _Connection(connection)

    async def close(self) -> None:
        await self._pool.close()


class _Executor(Protocol):
    """What a pool and a connection have in common."""

    async def fetch(self, query: str, *args: Any) -> list[Any]: ...

    async def fetchrow(self, query: str, *args: Any) -> Any: ...

    async def execute(self, query: str, *args: Any) -> str: ...


class _Connection:
    def __init__(self, executor: Any) -> None:
        self._executor: _Executor = executor

    async def all(self, sql: str, *values: object) -> Sequence[Row]:
        with _plain_errors():
            return await self._executor.fetch(sql, *values)

    async def one(self, sql: str, *values: object) -> Row | None:
        with _plain_errors():
            found: Row | None = await self._executor.fetchrow(sql, *values)
            return found

    async def run(self, sql: str, *values: object) -> int:
        with _plain_errors():
            tag = await self._executor.execute(sql, *values)
        last = tag.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0


async def _prepare(connection: Any) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock($1)", LAYOUT_LOCK)
    await connection.execute(VERSION_TABLE)
    version = await connection.fetchval("SELECT MAX(version) FROM edge_layout")
    for number, statements in missing_steps(version):
        for statement in statements:
            await connection.execute(statement)
        await connection.execute("INSERT INTO edge_layout (version) VALUES ($1)", number)


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise StoreError(f"the database refused: {error}") from error
