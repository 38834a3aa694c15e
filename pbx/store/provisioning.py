"""Links that give a softphone its login, once. Only the hash of a link's secret is kept."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from pbx.core.ids import token
from pbx.core.secret import fingerprint
from pbx.store.audit import scribe
from pbx.store.database import Database
from pbx.store.table import timestamp

__all__ = ["LINK_S", "ProvisioningStore"]

LINK_S = 24 * 3600.0


class ProvisioningStore:
    """Those of all extensions. An extension has one link at a time: the newest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def new_link(self, extension: str, *, lifetime_s: float = LINK_S) -> tuple[str, datetime]:
        """The secret, which is shown once, and when it ends."""
        secret = token(24)
        until = self._database.clock.now() + timedelta(seconds=lifetime_s)
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM provisioning_links WHERE extension=?", (extension,))
            connection.execute(
                "INSERT INTO provisioning_links VALUES (?, ?, ?)",
                (fingerprint(secret), extension, timestamp(until)),
            )
            pen.note(connection, "make_provisioning_link", "extension", extension)

        await self._database.write(work)
        return secret, until

    async def redeem(self, secret: str) -> str | None:
        """The extension that it was for; it is spent. None for one that is spent, too old, or was never made."""
        now = timestamp(self._database.clock.now())
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> str | None:
            connection.execute("DELETE FROM provisioning_links WHERE expires_at<=?", (now,))
            row = connection.execute(
                "DELETE FROM provisioning_links WHERE secret_hash=? RETURNING extension",
                (fingerprint(secret),),
            ).fetchone()
            if row is None:
                return None
            pen.note(connection, "use_provisioning_link", "extension", row[0])
            return str(row[0])

        return await self._database.write(work)
