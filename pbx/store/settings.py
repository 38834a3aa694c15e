"""Settings of the office, one row a key, so that a new setting needs no migration."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable

import msgspec

from pbx.core.events import EventBus
from pbx.model.settings import OfficeSettings
from pbx.store.audit import scribe
from pbx.store.database import Database

_PUT = "INSERT INTO settings VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value=excluded.value"


__all__ = ["TOPIC", "SettingStore"]

TOPIC = "settings"


class SettingStore:
    """The office's settings; the new ones are published on the topic "settings"."""

    def __init__(self, database: Database, bus: EventBus) -> None:
        self._database = database
        self._bus = bus

    async def get(self) -> OfficeSettings:
        """What is stored; defaults for the rest. Keys that a newer program wrote are passed over."""
        return await self._database.read(_read)

    async def put(self, settings: OfficeSettings) -> None:
        rows = [
            (key, msgspec.json.encode(value).decode())
            for key, value in msgspec.structs.asdict(settings).items()
        ]

        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> None:
            before, after = (msgspec.to_builtins(each) for each in (_read(connection), settings))
            connection.executemany(_PUT, rows)
            pen.note(connection, "change", "settings", "", before=before, after=after)

        await self._database.write(work)
        self._bus.publish(TOPIC, settings)

    async def follow(self, use: Callable[[OfficeSettings], Awaitable[None]]) -> None:
        """`use` the settings as they are now, and again whenever they change, for ever."""
        with self._bus.subscribe(TOPIC) as changes:
            await use(await self.get())
            async for published in changes:
                if isinstance(published.event, OfficeSettings):
                    await use(published.event)


def _read(connection: sqlite3.Connection) -> OfficeSettings:
    rows = connection.execute("SELECT key, value FROM settings").fetchall()
    known = OfficeSettings.__struct_fields__
    return msgspec.convert(
        {key: msgspec.json.decode(value) for key, value in rows if key in known}, OfficeSettings
    )
