"""Registrations on disk: a phone is told 200 OK only when its binding would survive a power cut."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable

import msgspec

from pbx.model.binding import Binding
from pbx.store.database import Database
from pbx.store.table import timestamp

log = logging.getLogger(__name__)

_DECODER = msgspec.json.Decoder(Binding)
_ENCODER = msgspec.json.Encoder()
_PUT = """
INSERT INTO bindings (extension, contact_uri, expires_at, record) VALUES (?, ?, ?, ?)
ON CONFLICT (extension, contact_uri) DO UPDATE SET expires_at=excluded.expires_at, record=excluded.record
"""


class BindingStore:
    """The contacts that phones have registered, keyed by extension and contact URI as written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> list[Binding]:
        """All bindings that have not expired; the others are deleted.

        One that this program cannot read (an older program wrote it) is dropped: the phone registers again.
        """
        now = timestamp(self._database.clock.now())
        rows = await self._database.write(lambda connection: _sweep(connection, now))
        bindings: list[Binding] = []
        for extension, record in rows:
            try:
                bindings.append(_DECODER.decode(record))
            except msgspec.MsgspecError:
                log.warning(
                    "a stored registration cannot be read and is dropped", extra={"extension": extension}
                )
        return bindings

    async def apply(self, put: Iterable[Binding], remove: Iterable[Binding]) -> None:
        """Delete `remove`, then insert or refresh `put`; returns only when committed durably."""
        gone = [(binding.extension, binding.contact_uri) for binding in remove]
        kept = [
            (binding.extension, binding.contact_uri, binding.expires_at, _ENCODER.encode(binding).decode())
            for binding in put
        ]

        def work(connection: sqlite3.Connection) -> None:
            for key in gone:
                connection.execute("DELETE FROM bindings WHERE extension=? AND contact_uri=?", key)
            for row in kept:
                connection.execute(_PUT, row)

        if gone or kept:
            await self._database.write(work)


def _sweep(connection: sqlite3.Connection, now: float) -> list[tuple[str, str]]:
    connection.execute("DELETE FROM bindings WHERE expires_at<=?", (now,))
    return connection.execute("SELECT extension, record FROM bindings").fetchall()
