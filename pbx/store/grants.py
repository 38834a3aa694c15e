"""Log-ins without a cookie: refresh secrets that change with each use, and links that let an app in once.

A secret that was used already is a copy in wrong hands (or in ours, when an answer was lost): within `LEEWAY_S` it is
taken once more, after that the whole grant ends.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import msgspec

from pbx.core.ids import new_id, token
from pbx.core.secret import SecretBox, fingerprint
from pbx.model.grant import Grant, GrantKind
from pbx.model.user import User
from pbx.store.audit import scribe
from pbx.store.database import Database
from pbx.store.table import Table, timestamp
from pbx.store.users import find_user

__all__ = ["LEEWAY_S", "LIFETIME_S", "GrantStore", "Granted"]

LIFETIME_S: dict[GrantKind, float] = {"site": 12 * 3600.0, "app": 90 * 86400.0}
LEEWAY_S = 30.0
LINK_S = 24 * 3600.0
_TABLE = Table(Grant, "grants", beside=("secret_hash", "previous_hash", "push_token"))


class Granted(msgspec.Struct, frozen=True):
    """A grant, whose it is, and the refresh secret where it is new."""

    grant: Grant
    user: User
    secret: str = ""


class GrantStore:
    """What sites elsewhere and apps hold."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    async def open(self, user: User, kind: GrantKind, device: str = "") -> Granted:
        secret, now = token(32), self._database.clock.now()
        made = Grant(
            id=new_id(),
            user_id=user.id,
            kind=kind,
            device=device,
            created_at=now,
            refreshed_at=now,
            expires_at=now + timedelta(seconds=LIFETIME_S[kind]),
        )
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM grants WHERE expires_at<=?", (timestamp(now),))
            _TABLE.insert(
                connection, made, secret_hash=fingerprint(secret), previous_hash=None, push_token=None
            )
            told = {"kind": kind, "device": device}
            pen.note(connection, "log_in", "session", user.username, after=told)

        await self._database.write(work)
        return Granted(made, user, secret)

    async def get(self, id_: str) -> Granted | None:
        """As long as it counts."""
        now = self._database.clock.now()

        def work(connection: sqlite3.Connection) -> Granted | None:
            found = _TABLE.get(connection, id_)
            user = None if found is None else find_user(connection, found.user_id)
            if found is None or user is None or not user.enabled or found.expires_at <= now:
                return None
            return Granted(found, user)

        return await self._database.read(work)

    async def refresh(self, secret: str, kind: GrantKind) -> Granted | None:
        """The grant with a new secret; None when this one is worth nothing."""
        fresh, old, now = token(32), fingerprint(secret), self._database.clock.now()
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> Granted | None:
            (*found,) = _TABLE.select(
                connection, "WHERE kind=? AND ? IN (secret_hash, previous_hash)", (kind, old)
            )
            user = find_user(connection, found[0].user_id) if found else None
            if user is None or not user.enabled or found[0].expires_at <= now:
                return None
            (grant,) = found
            (current,) = connection.execute(
                "SELECT secret_hash FROM grants WHERE id=?", (grant.id,)
            ).fetchone()
            late = (now - grant.refreshed_at).total_seconds() > LEEWAY_S
            if bytes(current) != old and late:
                _TABLE.delete(connection, grant.id)
                told = {"kind": kind, "device": grant.device, "why": "an old refresh token was used again"}
                pen.note(connection, "revoke", "session", user.username, after=told)
                return None
            moved = msgspec.structs.replace(
                grant, refreshed_at=now, expires_at=now + timedelta(seconds=LIFETIME_S[kind])
            )
            connection.execute(
                "UPDATE grants SET secret_hash=?, previous_hash=?, refreshed_at=?, expires_at=? WHERE id=?",
                (fingerprint(fresh), old, timestamp(now), timestamp(moved.expires_at), grant.id),
            )
            return Granted(moved, user, fresh)

        return await self._database.write(work)

    async def of(self, user: User, kind: GrantKind) -> list[Grant]:
        """The newest first."""
        now = timestamp(self._database.clock.now())
        return await self._database.read(
            lambda connection: _TABLE.select(
                connection,
                "WHERE user_id=? AND kind=? AND expires_at>? ORDER BY created_at DESC, id",
                (user.id, kind, now),
            )
        )

    async def close(self, user: User, id_: str, *, kind: GrantKind | None = None) -> bool:
        """End it; False when they have no such grant."""
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> bool:
            found = _TABLE.get(connection, id_)
            if found is None or found.user_id != user.id or kind not in (None, found.kind):
                return False
            _TABLE.delete(connection, id_)
            told = {"kind": found.kind, "device": found.device}
            pen.note(connection, "log_out", "session", user.username, before=told)
            return True

        return await self._database.write(work)

    # -- links -----------------------------------------------------------------------------------------------------

    async def new_link(self, user: User, *, lifetime_s: float = LINK_S) -> str:
        """The secret of a link that lets an app in once; one made before stops working."""
        secret = token(24)
        expires_at = timestamp(self._database.clock.now()) + lifetime_s
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM app_links WHERE user_id=?", (user.id,))
            connection.execute(
                "INSERT INTO app_links VALUES (?, ?, ?)", (fingerprint(secret), user.id, expires_at)
            )
            pen.note(connection, "make_app_link", "user", user.username)

        await self._database.write(work)
        return secret

    async def redeem(self, secret: str) -> User | None:
        """Whose link it is; it is spent."""
        now = timestamp(self._database.clock.now())

        def work(connection: sqlite3.Connection) -> User | None:
            row = connection.execute(
                "DELETE FROM app_links WHERE secret_hash=? AND expires_at>? RETURNING user_id",
                (fingerprint(secret), now),
            ).fetchone()
            user = None if row is None else find_user(connection, row[0])
            return user if user is not None and user.enabled else None

        return await self._database.write(work)
