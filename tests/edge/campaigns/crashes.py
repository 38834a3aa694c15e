"""A store whose process dies at any step: before a statement, after it, or between a commit and its answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from edge.store import Row, Statements, Store
from tests.edge.texts.carrier import Killed


@dataclass
class Mortal:
    """Implements `Store` over one that stays. `fuse` statements are left to this process; 0: for ever."""

    store: Store
    fuse: int = 0
    dead: bool = False

    async def all(self, sql: str, *values: object) -> Sequence[Row]:
        self._burn()
        found = await self.store.all(sql, *values)
        self._burn()
        return found

    async def one(self, sql: str, *values: object) -> Row | None:
        self._burn()
        found = await self.store.one(sql, *values)
        self._burn()
        return found

    async def run(self, sql: str, *values: object) -> int:
        self._burn()
        done = await self.store.run(sql, *values)
        self._burn()
        return done

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        self._burn()
        async with self.store.transaction() as tx:
            yield _Mortal(self, tx)
            self._burn()
        self._burn()

    async def close(self) -> None:
        """The store belongs to the test."""

    def _burn(self) -> None:
        """Nothing of a process that is gone happens any more."""
        if self.dead:
            raise Killed
        if self.fuse:
            self.fuse -= 1
            if not self.fuse:
                self.dead = True
                raise Killed


@dataclass
class _Mortal:
    process: Mortal
    tx: Statements

    async def all(self, sql: str, *values: object) -> Sequence[Row]:
        self.process._burn()
        return await self.tx.all(sql, *values)

    async def one(self, sql: str, *values: object) -> Row | None:
        self.process._burn()
        return await self.tx.one(sql, *values)

    async def run(self, sql: str, *values: object) -> int:
        self.process._burn()
        return await self.tx.run(sql, *values)
