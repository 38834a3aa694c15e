"""Links that let somebody choose a password themselves: for a new user, or one who has forgotten theirs.

A link works once and for a while, and a new one ends those before it. What is stored is its SHA-256.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from pbx.core.errors import UserError
from pbx.core.ids import token
from pbx.core.password import PasswordHash
from pbx.core.secret import fingerprint
from pbx.model.user import User
from pbx.store.audit import scribe
from pbx.store.database import Database
from pbx.store.table import timestamp
from pbx.store.users import end_sessions, find_user

__all__ = ["INVITATION_S", "InvitationStore"]

INVITATION_S = 7 * 24 * 3600.0


class InvitationStore:
    """Who may choose a password."""

    def __init__(self, database: Database, hasher: PasswordHash) -> None:
        self._database = database
        self._hasher = hasher

    async def make(self, user: User, *, lifetime_s: float = INVITATION_S) -> tuple[str, datetime]:
        """The secret of the link, and until when it works."""
        secret = token(24)
        until = self._database.clock.now() + timedelta(seconds=lifetime_s)
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM invitations WHERE user_id=?", (user.id,))
            connection.execute(
                "INSERT INTO invitations VALUES (?, ?, ?)", (fingerprint(secret), user.id, timestamp(until))
            )
            pen.note(connection, "invite", "user", user.username)

        await self._database.write(work)
        return secret, until

    async def redeem(self, secret: str, password: str) -> User:
        """Set the password; every session of the user ends. Raises `UserError` 403 for a link that does not work."""
        now = timestamp(self._database.clock.now())
        row = (fingerprint(secret), now)
        works = "SELECT user_id FROM invitations WHERE secret_hash=? AND expires_at>?"
        if await self._database.read(lambda connection: connection.execute(works, row).fetchone()) is None:
            raise _dead()
        hashed = await self._hasher.hash(password)
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> User:
            found = connection.execute(
                "DELETE FROM invitations WHERE secret_hash=? AND expires_at>? RETURNING user_id", row
            ).fetchone()
            user = None if found is None else find_user(connection, found[0])
            if user is None or not user.enabled:
                raise _dead()
            connection.execute("UPDATE users SET password_hash=? WHERE id=?", (hashed, user.id))
            end_sessions(connection, user.id)
            pen.note(connection, "change_password", "user", user.username)
            return user

        return await self._database.write(work)


def _dead() -> UserError:
    return UserError("this link was used already, has expired, or never was one", http_status=403)
