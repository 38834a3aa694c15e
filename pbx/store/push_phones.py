"""Phones that can be woken, on disk. Tokens are sealed, and opened only when something is sent."""

from __future__ import annotations

import sqlite3

from pbx.core.secret import SecretBox
from pbx.model.push_phone import PushPhone
from pbx.store.database import Database
from pbx.store.table import Table, timestamp

__all__ = ["PushPhoneStore"]

_TABLE = Table(PushPhone, "push_phones", beside=("grant_id", "push_token"))
_SCORES = """
UPDATE push_phones SET pushes=?, woke=?, score=?, last_push_at=?, last_woke_ms=?, last_reason=?, dead=? WHERE id=?
"""
_OWNER = """
SELECT p.push_token FROM push_phones p LEFT JOIN grants g ON g.id = p.grant_id LEFT JOIN users u ON u.id = g.user_id
WHERE p.id=? AND (p.grant_id IS NULL OR (u.extension = p.extension AND u.enabled AND g.expires_at > ?))
"""


class PushPhoneStore:
    """Those of all extensions."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    async def all(self) -> list[PushPhone]:
        return await self._database.read(
            lambda connection: _TABLE.select(connection, "ORDER BY extension, id")
        )

    async def put(self, phone: PushPhone, token: str) -> None:
        """Returns when it would survive a power cut."""
        sealed = self._box.seal(token, context=f"push:{phone.id}")
        grant = phone.id if phone.told_by == "app" else None

        def work(connection: sqlite3.Connection) -> None:
            _TABLE.upsert(connection, phone, grant_id=grant, push_token=sealed)
            if grant is not None:
                connection.execute("UPDATE grants SET push_service=? WHERE id=?", (phone.service, grant))

        await self._database.write(work)

    async def remove(self, id_: str) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            connection.execute("UPDATE grants SET push_service='' WHERE id=?", (id_,))
            return _TABLE.delete(connection, id_)

        return await self._database.write(work)

    async def note(self, phone: PushPhone) -> None:
        """What a push came to."""
        values = (
            phone.pushes,
            phone.woke,
            phone.score,
            None if phone.last_push_at is None else timestamp(phone.last_push_at),
            phone.last_woke_ms,
            phone.last_reason,
            int(phone.dead),
            phone.id,
        )
        await self._database.write(lambda connection: connection.execute(_SCORES, values))

    async def token(self, id_: str) -> str | None:
        """In clear; None when the phone is nobody's any more: its log-in was taken back, or its user moved."""
        now = timestamp(self._database.clock.now())
        row = await self._database.read(lambda connection: connection.execute(_OWNER, (id_, now)).fetchone())
        return None if row is None else self._box.open(bytes(row[0]), context=f"push:{id_}")
