"""Small things the node remembers for itself across restarts. Nobody's configuration: losing them loses no call."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TypeVar

import msgspec

from pbx.store.database import Database
from pbx.store.errors import StoreClosedError, StoreError

__all__ = ["StateStore"]

T = TypeVar("T")

log = logging.getLogger(__name__)

AGAIN_S = 10.0
_PUT = "INSERT INTO state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value=excluded.value"


class StateStore:
    """Values by key; each is JSON of a type that its owner knows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str, kind: type[T]) -> T | None:
        """None when nothing is stored, or what another version stored cannot be read."""
        row = await self._database.read(
            lambda connection: connection.execute("SELECT value FROM state WHERE key=?", (key,)).fetchone()
        )
        try:
            return None if row is None else msgspec.json.decode(row[0], type=kind)
        except msgspec.DecodeError:
            return None

    async def with_prefix(self, prefix: str, kind: type[T]) -> dict[str, T]:
        """Every value whose key begins so; what another version stored and cannot be read is left out."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT key, value FROM state WHERE substr(key, 1, ?)=?", (len(prefix), prefix)
            ).fetchall()
        )
        found: dict[str, T] = {}
        for key, text in rows:
            with suppress(msgspec.DecodeError):
                found[key] = msgspec.json.decode(text, type=kind)
        return found

    async def change(self, put: Mapping[str, object], remove: Iterable[str] = ()) -> None:
        """Several at once, all or nothing; otherwise as `put`."""
        rows = [(key, msgspec.json.encode(value).decode()) for key, value in put.items()]
        gone = [(key,) for key in remove]

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM state WHERE key=?", gone)
            connection.executemany(_PUT, rows)

        await self._database.write(work, durable=False)

    async def keep(self, key: str, value: Callable[[], object]) -> None:
        """As `put`, for what is remembered in the background: while the disk takes nothing, it is tried again, each
        time with the value of then."""
        while True:
            try:
                return await self.put(key, value())
            except StoreClosedError:
                raise
            except StoreError as error:
                log.warning("could not be stored, is tried again", extra={"what": key, "error": str(error)})
                await asyncio.sleep(AGAIN_S)

    async def put(self, key: str, value: object) -> None:
        """Survives the end of the process at once, a power cut a moment later."""
        text = msgspec.json.encode(value).decode()
        await self._database.write(lambda connection: connection.execute(_PUT, (key, text)), durable=False)
