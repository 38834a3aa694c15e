"""Administrators, their log-ins, and the link that lets the first one in.

Passwords are stored as argon2id, session and set-up secrets as SHA-256 of 256 random bits.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from pbx.core.errors import UserError
from pbx.core.ids import new_id, token
from pbx.core.password import PasswordHash
from pbx.core.secret import fingerprint
from pbx.model.user import Session, User
from pbx.store.database import Database
from pbx.store.table import Table, moment, timestamp

SESSION_S = 12 * 3600.0
SETUP_LINK_S = 24 * 3600.0

_TABLE = Table(User, "users", beside=("password_hash",))


class UserStore:
    """Who may administer the node."""

    def __init__(self, database: Database, hasher: PasswordHash | None = None) -> None:
        self._database = database
        self._hasher = hasher or PasswordHash()

    async def list(self) -> list[User]:
        return await self._database.read(lambda connection: _TABLE.select(connection, "ORDER BY username"))

    async def count(self) -> int:
        return await self._database.read(_TABLE.count)

    async def create(self, username: str, password: str) -> User:
        """Raises `UserError` 409 when the name is taken (upper and lower case are the same)."""
        user, hashed = await self._new(username, password)
        await self._database.write(lambda connection: _insert(connection, user, hashed))
        return user

    async def set_password(self, username: str, password: str) -> User:
        """Change a password; every session of that user ends. Raises `UserError` 404."""
        hashed = await self._hasher.hash(password)

        def work(connection: sqlite3.Connection) -> User:
            found = _by_name(connection, username)
            if found is None:
                raise UserError(f"there is no administrator {username}", http_status=404)
            user, _ = found
            connection.execute("UPDATE users SET password_hash=? WHERE id=?", (hashed, user.id))
            connection.execute("DELETE FROM sessions WHERE user_id=?", (user.id,))
            return user

        return await self._database.write(work)

    async def authenticate(self, username: str, password: str) -> User | None:
        """The user, if that is their password; a wrong name takes as long as a wrong password."""
        found = await self._database.read(lambda connection: _by_name(connection, username))
        user, hashed = found or (None, None)
        return user if await self._hasher.verify(hashed, password) else None

    async def open_session(self, user: User, *, lifetime_s: float = SESSION_S) -> tuple[str, Session]:
        """A new log-in: the secret for the cookie, and the session. Old sessions are swept out with it."""
        secret, csrf_token = token(32), token(32)
        now = self._database.clock.now()
        session = Session(user=user, csrf_token=csrf_token, expires_at=now + timedelta(seconds=lifetime_s))

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM sessions WHERE expires_at<=?", (timestamp(now),))
            connection.execute(
                "INSERT INTO sessions (secret_hash, user_id, csrf_token, expires_at) VALUES (?, ?, ?, ?)",
                (fingerprint(secret), user.id, csrf_token, timestamp(session.expires_at)),
            )

        await self._database.write(work)
        return secret, session

    async def session(self, secret: str) -> Session | None:
        """The session of a cookie, unless it has expired."""
        now = timestamp(self._database.clock.now())

        def work(connection: sqlite3.Connection) -> Session | None:
            row = connection.execute(_SESSION, (fingerprint(secret), now)).fetchone()
            if row is None:
                return None
            csrf_token, expires_at, *user = row
            return Session(user=_TABLE.decode(user), csrf_token=csrf_token, expires_at=moment(expires_at))

        return await self._database.read(work)

    async def close_session(self, secret: str) -> None:
        """Log out; nothing happens when the session is gone already."""
        await self._database.write(
            lambda connection: connection.execute(
                "DELETE FROM sessions WHERE secret_hash=?", (fingerprint(secret),)
            )
        )

    async def new_setup_link(self, *, lifetime_s: float = SETUP_LINK_S) -> str:
        """The secret of a link that lets the first administrator in; links made before stop working."""
        secret = token(24)
        expires_at = timestamp(self._database.clock.now()) + lifetime_s

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM setup_links")
            connection.execute("INSERT INTO setup_links VALUES (?, ?)", (fingerprint(secret), expires_at))

        await self._database.write(work)
        return secret

    async def setup_link_works(self, secret: str) -> bool:
        """Whether the link would be accepted now."""
        now = timestamp(self._database.clock.now())
        return await self._database.read(lambda connection: _link_works(connection, secret, now))

    async def create_first(self, secret: str, username: str, password: str) -> User:
        """Redeem a set-up link. Raises `UserError` 403 when it is spent, expired or unknown, or when an
        administrator exists already. Of two that try at once, one succeeds.
        """
        if not await self.setup_link_works(secret):
            raise _dead_link()
        now = timestamp(self._database.clock.now())
        user, hashed = await self._new(username, password)

        def work(connection: sqlite3.Connection) -> None:
            if not _link_works(connection, secret, now):
                raise _dead_link()
            connection.execute("DELETE FROM setup_links")
            _insert(connection, user, hashed)

        await self._database.write(work)
        return user

    async def _new(self, username: str, password: str) -> tuple[User, str]:
        user = User(id=new_id(), username=username, created_at=self._database.clock.now())
        return user, await self._hasher.hash(password)


_SESSION = """
SELECT csrf_token, expires_at, users.id, username, created_at
FROM sessions JOIN users ON users.id = user_id WHERE secret_hash=? AND expires_at>?
"""


def _insert(connection: sqlite3.Connection, user: User, hashed: str) -> None:
    try:
        _TABLE.insert(connection, user, password_hash=hashed)
    except sqlite3.IntegrityError:
        raise UserError(
            f"the administrator {user.username} exists already",
            http_status=409,
            path="$.username",
            got=user.username,
            action="Choose another name",
        ) from None


def _by_name(connection: sqlite3.Connection, username: str) -> tuple[User, str] | None:
    row = connection.execute(
        f"SELECT {_TABLE.columns}, password_hash FROM users WHERE username=?",  # noqa: S608  constants
        (username,),
    ).fetchone()
    return None if row is None else (_TABLE.decode(row[:-1]), str(row[-1]))


def _link_works(connection: sqlite3.Connection, secret: str, now: float) -> bool:
    if _TABLE.count(connection):
        return False
    row = connection.execute(
        "SELECT 1 FROM setup_links WHERE secret_hash=? AND expires_at>?", (fingerprint(secret), now)
    ).fetchone()
    return row is not None


def _dead_link() -> UserError:
    return UserError(
        "this set-up link does not work: it has been used, is too old, or an administrator exists",
        http_status=403,
        action="Restart the node for a new link, or run: pbx admin create NAME",
    )
