"""PostgreSQL, for several gateways that share their offices and devices."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from mobile_push.store.base import Row, migrations

LOCK = 0x70757368
"""Whoever starts first brings the tables up to date; the others wait."""


class PostgresStore:
    """Implements `Store`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, dsn: str) -> PostgresStore:
        pool = await asyncpg.create_pool(dsn, min_size=1, max_size=5)
        async with pool.acquire() as connection:
            await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
            try:
                await _migrate(connection)
            finally:
                await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
        return cls(pool)

    async def all(self, sql: str, *args: object) -> Sequence[Row]:
        return [dict(row) for row in await self._pool.fetch(sql, *args)]

    async def one(self, sql: str, *args: object) -> Row | None:
        row = await self._pool.fetchrow(sql, *args)
        return None if row is None else dict(row)

    async def run(self, sql: str, *args: object) -> int:
        words = (await self._pool.execute(sql, *args)).split()
        return int(words[-1]) if words and words[-1].isdigit() else 0

    async def many(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        await self._pool.executemany(sql, rows)

    async def aclose(self) -> None:
        await self._pool.close()


async def _migrate(connection: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy) -> None:
    await connection.execute("CREATE TABLE IF NOT EXISTS push_migration (number BIGINT PRIMARY KEY)")
    done = {row["number"] for row in await connection.fetch("SELECT number FROM push_migration")}
    for number, text in migrations():
        if number not in done:
            async with connection.transaction():
                await connection.execute(text)
                await connection.execute("INSERT INTO push_migration VALUES ($1)", number)
