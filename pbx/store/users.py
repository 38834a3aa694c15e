"""Users, their log-ins, and the link that lets the first one in.

Passwords are stored as argon2id, session and set-up secrets as SHA-256 of 256 random bits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import msgspec

from pbx.core.errors import UserError
from pbx.core.ids import new_id, token
from pbx.core.password import PasswordHash
from pbx.core.secret import fingerprint
from pbx.model.own_session import OwnSession
from pbx.model.user import Role, Session, User
from pbx.store.audit import Scribe, scribe
from pbx.store.database import Database
from pbx.store.table import Table, moment, timestamp

SESSION_S = 12 * 3600.0
SETUP_LINK_S = 24 * 3600.0
MOST_BROWSER = 300

_TABLE = Table(User, "users", beside=("password_hash",))


class UserStore:
    """Who may use the node."""

    def __init__(self, database: Database, hasher: PasswordHash | None = None) -> None:
        self._database = database
        self._hasher = hasher or PasswordHash()

    async def list(self) -> list[User]:
        return await self._database.read(lambda connection: _TABLE.select(connection, "ORDER BY username"))

    async def count(self) -> int:
        return await self._database.read(_TABLE.count)

    async def get(self, id_: str) -> User | None:
        return await self._database.read(lambda connection: find_user(connection, id_))

    async def named(self, username: str) -> User | None:
        found = await self._database.read(lambda connection: _by_name(connection, username))
        return None if found is None else found[0]

    async def of_extension(self, extension: str) -> User | None:
        """Whose extension it is."""
        found = await self._database.read(
            lambda connection: _TABLE.select(connection, "WHERE extension=?", (extension,))
        )
        return found[0] if found else None

    async def create(
        self,
        username: str,
        password: str | None,
        *,
        role: Role = "owner",
        extension: str | None = None,
        enabled: bool = True,
    ) -> User:
        """Without a password nobody signs in by one.

        Raises `UserError` 409 when the name is taken (upper and lower case are the same), or the extension is.
        """
        user = User(
            id=new_id(),
            username=username,
            created_at=self._database.clock.now(),
            role=role,
            extension=extension,
            enabled=enabled,
        )
        _check(user)
        hashed = "" if password is None else await self._hasher.hash(password)
        pen = scribe(self._database)
        await self._database.write(lambda connection: _insert(connection, user, hashed, pen))
        return user

    async def change(self, id_: str, edit: Callable[[User], User], *, password: str | None = None) -> User:
        """The user as they are now. A new password, a second factor taken away, and being disabled end their sessions.

        Raises `UserError` 404, 409 when no owner would be left or the extension is somebody else's, 422.
        """
        hashed = None if password is None else await self._hasher.hash(password)
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> User:
            old = find_user(connection, id_)
            if old is None:
                raise UserError(f"there is no user {id_}", http_status=404)
            new = edit(old)
            _check(new)
            _update(connection, new)
            if hashed is not None:
                connection.execute("UPDATE users SET password_hash=? WHERE id=?", (hashed, id_))
            if old.second_factor and not new.second_factor:
                connection.execute("UPDATE users SET totp_secret=NULL WHERE id=?", (id_,))
                connection.execute("DELETE FROM recovery_codes WHERE user_id=?", (id_,))
            if hashed is not None or not new.enabled or old.second_factor != new.second_factor:
                end_sessions(connection, id_)
            _keep_an_owner(connection, old)
            after = _noted(new) | ({} if hashed is None else {"password": "(changed)"})
            pen.note(connection, "change", "user", new.username, before=_noted(old), after=after)
            return new

        return await self._database.write(work)

    async def delete(self, id_: str) -> None:
        """With their sessions and tokens. Raises `UserError` 404, 409 for the last owner."""
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> None:
            old = find_user(connection, id_)
            if old is None:
                raise UserError(f"there is no user {id_}", http_status=404)
            _TABLE.delete(connection, id_)
            _keep_an_owner(connection, old)
            pen.note(connection, "delete", "user", old.username, before=_noted(old))

        await self._database.write(work)

    async def set_password(self, username: str, password: str) -> User:
        """Change a password; every session of that user ends. Raises `UserError` 404."""
        found = await self.named(username)
        if found is None:
            raise UserError(f"there is no user {username}", http_status=404)
        return await self.change(found.id, lambda user: user, password=password)

    async def change_own_password(self, user: User, old: str, new: str, *, keep: str = "") -> bool:
        """False when `old` is wrong. Their other sessions end, but the cookie or grant `keep`."""
        if await self.authenticate(user.username, old) is None:
            return False
        hashed = await self._hasher.hash(new)
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE users SET password_hash=? WHERE id=?", (hashed, user.id))
            end_sessions(connection, user.id, keep=keep)
            pen.note(connection, "change_password", "user", user.username)

        await self._database.write(work)
        return True

    async def authenticate(self, username: str, password: str) -> User | None:
        """The user, if that is their password; a wrong name takes as long as a wrong password."""
        found = await self._database.read(lambda connection: _by_name(connection, username))
        user, hashed = found or (None, None)
        right = await self._hasher.verify(hashed, password)
        return user if right and user is not None and user.enabled else None

    async def open_session(
        self, user: User, *, lifetime_s: float = SESSION_S, source: str = "", browser: str = ""
    ) -> tuple[str, Session]:
        """A new log-in: the secret for the cookie, and the session. Old sessions are swept out with it."""
        secret, csrf_token = token(32), token(32)
        now = self._database.clock.now()
        session = Session(user=user, csrf_token=csrf_token, expires_at=now + timedelta(seconds=lifetime_s))

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM sessions WHERE expires_at<=?", (timestamp(now),))
            connection.execute(
                "INSERT INTO sessions (secret_hash, user_id, csrf_token, expires_at, opened_at, source, browser) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *(fingerprint(secret), user.id, csrf_token, timestamp(session.expires_at)),
                    *(timestamp(now), source, browser[:MOST_BROWSER]),
                ),
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

    async def sessions_of(self, user: User, *, current: str = "") -> tuple[OwnSession, ...]:
        """Their browsers; `current` is the cookie of the one that asks."""
        now, own = timestamp(self._database.clock.now()), fingerprint(current)

        def work(connection: sqlite3.Connection) -> tuple[OwnSession, ...]:
            rows = connection.execute(
                "SELECT secret_hash, browser, source, opened_at, expires_at FROM sessions "
                "WHERE user_id=? AND expires_at>?",
                (user.id, now),
            )
            return tuple(
                OwnSession(
                    id=_session_id(secret_hash),
                    kind="browser",
                    name=browser,
                    source=source,
                    opened_at=moment(opened_at) if opened_at else None,
                    expires_at=moment(expires_at),
                    current=secret_hash == own,
                )
                for secret_hash, browser, source, opened_at, expires_at in rows
            )

        return await self._database.read(work)

    async def end_session(self, user: User, id_: str) -> bool:
        """End one of their browsers' sessions; False when there is none of this id."""
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> bool:
            rows = connection.execute("SELECT secret_hash, browser FROM sessions WHERE user_id=?", (user.id,))
            for secret_hash, browser in rows.fetchall():
                if _session_id(secret_hash) == id_:
                    connection.execute("DELETE FROM sessions WHERE secret_hash=?", (secret_hash,))
                    told = {"kind": "browser", "device": browser}
                    pen.note(connection, "log_out", "session", user.username, before=told)
                    return True
            return False

        return await self._database.write(work)

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
        user = User(id=new_id(), username=username, created_at=self._database.clock.now())
        hashed = await self._hasher.hash(password)
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> None:
            if not _link_works(connection, secret, now):
                raise _dead_link()
            connection.execute("DELETE FROM setup_links")
            _insert(connection, user, hashed, pen)

        await self._database.write(work)
        return user


_USER = ", ".join(f"users.{name}" for name in User.__struct_fields__)
_SESSION = f"""
SELECT csrf_token, expires_at, {_USER}
FROM sessions JOIN users ON users.id = user_id WHERE secret_hash=? AND expires_at>? AND enabled
"""  # noqa: S608  our own words


def _session_id(secret_hash: bytes) -> str:
    """Names a session without giving its cookie away: half of the hash of 256 random bits."""
    return bytes(secret_hash).hex()[:32]


def find_user(connection: sqlite3.Connection, id_: str) -> User | None:
    return _TABLE.get(connection, id_)


def end_sessions(connection: sqlite3.Connection, user_id: str, *, keep: str = "") -> None:
    """Everything that lets somebody stay signed in, but the cookie or the grant `keep`; programs' tokens stay."""
    connection.execute(
        "DELETE FROM sessions WHERE user_id=? AND secret_hash<>?", (user_id, fingerprint(keep))
    )
    connection.execute("DELETE FROM grants WHERE user_id=? AND id<>?", (user_id, keep))
    connection.execute("DELETE FROM app_links WHERE user_id=?", (user_id,))
    connection.execute("DELETE FROM invitations WHERE user_id=?", (user_id,))


def _check(user: User) -> None:
    if user.role == "user" and user.extension is None:
        raise UserError(
            "somebody with the role user needs an extension",
            http_status=422,
            path="$.extension",
            needed="the number of their extension",
        )


def _keep_an_owner(connection: sqlite3.Connection, changed: User) -> None:
    was_one = changed.role == "owner" and changed.enabled
    if was_one and not _TABLE.count(connection, "WHERE role='owner' AND enabled"):
        raise UserError(
            "this is the last owner, and there has to be one",
            http_status=409,
            action="Make somebody else an owner first",
        )


def _insert(connection: sqlite3.Connection, user: User, hashed: str, pen: Scribe) -> None:
    with _taken(user):
        _TABLE.insert(connection, user, password_hash=hashed)
    pen.note(connection, "create", "user", user.username, after=_noted(user))


def _update(connection: sqlite3.Connection, user: User) -> None:
    with _taken(user):
        connection.execute(
            "UPDATE users SET role=?, extension=?, enabled=?, second_factor=? WHERE id=?",
            (user.role, user.extension, int(user.enabled), int(user.second_factor), user.id),
        )


@contextmanager
def _taken(user: User) -> Iterator[None]:
    """409 for what only one can have."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        name = "extension" if "extension" in str(error) else "username"
        raise UserError(
            f"the extension {user.extension} is another user's"
            if name == "extension"
            else f"the user {user.username} exists already",
            http_status=409,
            path=f"$.{name}",
            got=getattr(user, name),
            action=f"Choose another {'extension' if name == 'extension' else 'name'}",
        ) from None


def _noted(user: User) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(user)
    return {name: fields[name] for name in ("role", "extension", "enabled", "second_factor")}


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
