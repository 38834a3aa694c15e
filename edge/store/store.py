"""What the edge asks of its database. One SQL text serves both: see `migrations/0001_offices.sql` for its types.

Parameters are $1, $2 …; times are ms since 1970 (BIGINT), ids TEXT, JSON is TEXT, truth is 0 or 1. Only what SQLite
and PostgreSQL both know: ON CONFLICT, RETURNING, LIMIT. Work is claimed by `UPDATE … WHERE state = … RETURNING`, which
is right under BEGIN IMMEDIATE and under READ COMMITTED.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

__all__ = ["Row", "Statements", "Store", "StoreError"]


class StoreError(Exception):
    """The database refused, or is not there."""


class Row(Protocol):
    """A row of an answer; its columns have names."""

    def __getitem__(self, name: str, /) -> Any: ...


class Statements(Protocol):
    """What can be asked, alone or inside a transaction. Each raises `StoreError`."""

    async def all(self, sql: str, *values: object) -> Sequence[Row]: ...

    async def one(self, sql: str, *values: object) -> Row | None:
        """The first row, None when there is none."""
        ...

    async def run(self, sql: str, *values: object) -> int:
        """How many rows were changed."""
        ...


class Store(Statements, Protocol):
    """Durable when a call returns: what a crash of the power takes is what was still under way."""

    def transaction(self) -> AbstractAsyncContextManager[Statements]:
        """All of it or nothing. Do not wait for anything but the database inside: others wait for you."""
        ...

    async def close(self) -> None: ...
