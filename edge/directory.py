"""The offices' directories and their receptionists, as the edge keeps them. Asked of the store each time: another edge
may have changed them.
"""

from __future__ import annotations

import logging

import msgspec

from edge.clock import Clock
from edge.model.directory import Kept, OfficeDirectory
from edge.model.receptionist import Receptionist
from edge.store import Store

__all__ = ["Directories", "Receptionists"]

log = logging.getLogger(__name__)

MOST_BYTES = 4 << 20


class Directories:
    """The last that came counts, with the time at which it came."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def keep(self, office: str, document: bytes) -> None:
        """What an office sent. What is no directory is logged, and the one before stays."""
        try:
            directory = _read(document)
        except (ValueError, RecursionError) as error:
            log.warning(
                "an office sent a directory that cannot be used",
                extra={"office": office, "reason": str(error)[:200]},
            )
            return
        await self._store.run(
            "INSERT INTO directory (office, document, synced_at) VALUES ($1, $2, $3)"
            " ON CONFLICT (office) DO UPDATE SET document = excluded.document, synced_at = excluded.synced_at",
            office, msgspec.json.encode(directory).decode(), self._clock.now_ms(),
        )  # fmt: skip

    async def of(self, office: str) -> Kept | None:
        """None where the office has never sent one, or what is kept cannot be read any more."""
        row = await self._store.one("SELECT document, synced_at FROM directory WHERE office = $1", office)
        if row is None:
            return None
        try:
            directory = msgspec.json.decode(row["document"], type=OfficeDirectory)
        except (ValueError, RecursionError):
            log.exception("a kept directory cannot be read", extra={"office": office})
            return None
        return Kept(directory=directory, synced_at=row["synced_at"])


class Receptionists:
    """What each office has set; the defaults where it has set nothing."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def of(self, office: str) -> Receptionist:
        row = await self._store.one("SELECT document FROM receptionist WHERE office = $1", office)
        if row is None:
            return Receptionist()
        try:
            return msgspec.json.decode(row["document"], type=Receptionist)
        except (ValueError, RecursionError):
            log.exception("kept settings of a receptionist cannot be read", extra={"office": office})
            return Receptionist()

    async def put(self, office: str, settings: Receptionist, actor: str) -> None:
        await self._store.run(
            "INSERT INTO receptionist (office, document, changed_at, changed_by) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (office) DO UPDATE SET document = excluded.document, changed_at = excluded.changed_at,"
            " changed_by = excluded.changed_by",
            office, msgspec.json.encode(settings).decode(), self._clock.now_ms(), actor,
        )  # fmt: skip


def _read(document: bytes) -> OfficeDirectory:
    if len(document) > MOST_BYTES:
        raise ValueError(f"{len(document)} bytes are more than a directory has")
    return msgspec.json.decode(document, type=OfficeDirectory)
