"""Bearer tokens of programs: 256 random bits, of which only the SHA-256 is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

import msgspec

from pbx.core.errors import UserError
from pbx.core.ids import new_id, token
from pbx.core.secret import fingerprint
from pbx.model.token import EVERYTHING, Token, TokenCreated
from pbx.model.user import User
from pbx.store.audit import scribe
from pbx.store.database import Database
from pbx.store.table import Table, timestamp
from pbx.store.users import find_user

PREFIX = "pbx_"
"""Lets people and secret scanners recognise a token."""

LAST_USED_STEP_S = 60.0

_TABLE = Table(Token, "tokens", beside=("secret_hash",))


class TokenStore:
    """The tokens and what proves them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, limit: int = 50, offset: int = 0) -> tuple[list[Token], int]:
        """One page, oldest first, and how many there are in all."""
        return await self._database.read(
            lambda connection: _TABLE.page(connection, order="created_at, id", limit=limit, offset=offset)
        )

    async def get(self, id_: str) -> Token | None:
        return await self._database.read(lambda connection: _TABLE.get(connection, id_))

    async def create(
        self,
        name: str,
        *,
        scopes: Sequence[str] = (EVERYTHING,),
        expires_at: datetime | None = None,
        user_id: str | None = None,
    ) -> TokenCreated:
        """A new token with its secret, which is shown here and never again."""
        secret = PREFIX + token(32)
        made = Token(
            id=new_id(),
            name=name,
            created_at=self._database.clock.now(),
            scopes=tuple(scopes),
            expires_at=expires_at,
            user_id=user_id,
        )
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> None:
            _TABLE.insert(connection, made, secret_hash=fingerprint(secret))
            pen.note(connection, "create", "token", made.id, after=_noted(made))

        await self._database.write(work)
        return TokenCreated(token=made, secret=secret)

    async def delete(self, id_: str) -> None:
        """Raises `UserError` 404."""
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> None:
            found = _TABLE.get(connection, id_)
            if found is None:
                raise UserError(f"there is no token {id_}", http_status=404)
            _TABLE.delete(connection, id_)
            pen.note(connection, "delete", "token", id_, before=_noted(found))

        await self._database.write(work)

    async def authenticate(self, secret: str) -> tuple[Token, User | None] | None:
        """Whose secret this is, if anyone's, and the user who made it; notes when it was used, to the minute."""
        digest, now = fingerprint(secret), self._database.clock.now()

        def work(connection: sqlite3.Connection) -> tuple[Token, User | None] | None:
            found = _TABLE.select(connection, "WHERE secret_hash=?", (digest,))
            if not found or (found[0].expires_at is not None and found[0].expires_at <= now):
                return None
            if found[0].user_id is None:
                return found[0], None
            user = find_user(connection, found[0].user_id)
            return (found[0], user) if user is not None and user.enabled else None

        found = await self._database.read(work)
        if found is not None:
            await self._used(found[0], now)
        return found

    async def _used(self, known: Token, now: datetime) -> None:
        if known.last_used_at is None or (now - known.last_used_at).total_seconds() >= LAST_USED_STEP_S:
            await self._database.write(
                lambda connection: connection.execute(
                    "UPDATE tokens SET last_used_at=? WHERE id=?", (timestamp(now), known.id)
                ),
                durable=False,
            )


def _noted(known: Token) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(known)
    return {name: fields[name] for name in ("name", "scopes", "expires_at", "user_id")}
