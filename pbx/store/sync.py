"""Which configuration bundles were applied, and what leads back from each of the last ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from pbx.core.errors import UserError
from pbx.core.secret import SecretBox
from pbx.model.sync import SyncRevision
from pbx.store.database import Database
from pbx.store.table import Table, timestamp
from pbx.store.thread import Work

__all__ = ["SyncStore"]

UNDO_KEPT = 10
ROWS_KEPT = 100

_TABLE = Table(SyncRevision, "sync_revisions", key="sequence")


class SyncStore:
    """The table of bundles. What it gives as work belongs into the transaction that changes the office."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    async def newest(self) -> int:
        """The highest sequence that was ever applied, also if it was rolled back; 0 without any."""
        return await self._database.read(_newest)

    async def latest(self, limit: int = 20) -> Sequence[SyncRevision]:
        """Newest first."""
        return await self._database.read(
            lambda connection: _TABLE.select(connection, "ORDER BY sequence DESC LIMIT ?", (limit,))
        )

    async def standing(self) -> tuple[Sequence[SyncRevision], bool]:
        """The bundle that the office is made from and the one before it, as far as there are; and whether what leads
        back from it is kept."""

        def look(connection: sqlite3.Connection) -> tuple[Sequence[SyncRevision], bool]:
            found = _TABLE.select(
                connection, "WHERE rolled_back_at IS NULL ORDER BY sequence DESC LIMIT ?", (2,)
            )
            return found, bool(found) and _undo(connection, found[0].sequence) is not None

        return await self._database.read(look)

    async def undo(self, sequence: int) -> str | None:
        """What was given with it; None once it is too old."""
        sealed = await self._database.read(lambda connection: _undo(connection, sequence))
        return None if sealed is None else self._box.open(sealed, context=_context(sequence))

    def applying(self, revision: SyncRevision, undo: str) -> Work[None]:
        """Raises `UserError` 409 when this bundle, or a newer one, has been applied meanwhile."""
        sealed = self._box.seal(undo, context=_context(revision.sequence))

        def work(connection: sqlite3.Connection) -> None:
            if _newest(connection) >= revision.sequence:
                raise UserError(
                    f"bundle {revision.sequence} or a newer one was applied already", http_status=409
                )
            _TABLE.insert(connection, revision)
            connection.execute(
                "UPDATE sync_revisions SET undo=? WHERE sequence=?", (sealed, revision.sequence)
            )
            connection.execute(
                "UPDATE sync_revisions SET undo=NULL WHERE sequence NOT IN "
                "(SELECT sequence FROM sync_revisions ORDER BY sequence DESC LIMIT ?)",
                (UNDO_KEPT,),
            )
            connection.execute(
                "DELETE FROM sync_revisions WHERE sequence NOT IN "
                "(SELECT sequence FROM sync_revisions ORDER BY sequence DESC LIMIT ?)",
                (ROWS_KEPT,),
            )

        return work

    def rolling_back(self, sequence: int, at: datetime) -> Work[None]:
        """Raises `UserError` 409 when somebody else was quicker."""

        def work(connection: sqlite3.Connection) -> None:
            done = connection.execute(
                "UPDATE sync_revisions SET rolled_back_at=?, undo=NULL "
                "WHERE sequence=? AND rolled_back_at IS NULL AND undo IS NOT NULL",
                (timestamp(at), sequence),
            )
            if done.rowcount != 1:
                raise UserError(f"bundle {sequence} was rolled back already", http_status=409)

        return work


def _newest(connection: sqlite3.Connection) -> int:
    (newest,) = connection.execute("SELECT coalesce(max(sequence), 0) FROM sync_revisions").fetchone()
    return int(newest)


def _undo(connection: sqlite3.Connection, sequence: int) -> bytes | None:
    row = connection.execute(
        "SELECT undo FROM sync_revisions WHERE sequence=? AND rolled_back_at IS NULL", (sequence,)
    ).fetchone()
    return None if row is None or row[0] is None else bytes(row[0])


def _context(sequence: int) -> str:
    return f"sync:{sequence}"
