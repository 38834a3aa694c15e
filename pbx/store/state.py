"""Small things the node remembers for itself across restarts. Nobody's configuration: losing them loses no call."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from pbx.store.database import Database

__all__ = ["StateStore"]

T = TypeVar("T")

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

    async def put(self, key: str, value: object) -> None:
        """Survives the end of the process at once, a power cut a moment later."""
        text = msgspec.json.encode(value).decode()
        await self._database.write(lambda connection: connection.execute(_PUT, (key, text)), durable=False)
