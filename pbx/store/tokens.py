"""Bearer tokens of programs: 256 random bits, of which only the SHA-256 is stored."""

from __future__ import annotations

import sqlite3

from pbx.core.errors import UserError
from pbx.core.ids import new_id, token
from pbx.core.secret import fingerprint
from pbx.model.token import Token, TokenCreated
from pbx.store.database import Database
from pbx.store.table import Table, timestamp

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

    async def create(self, name: str) -> TokenCreated:
        """A new token with its secret, which is shown here and never again."""
        secret = PREFIX + token(32)
        made = Token(id=new_id(), name=name, created_at=self._database.clock.now())
        await self._database.write(
            lambda connection: _TABLE.insert(connection, made, secret_hash=fingerprint(secret))
        )
        return TokenCreated(token=made, secret=secret)

    async def delete(self, id_: str) -> None:
        """Raises `UserError` 404."""

        def work(connection: sqlite3.Connection) -> None:
            if not _TABLE.delete(connection, id_):
                raise UserError(f"there is no token {id_}", http_status=404)

        await self._database.write(work)

    async def authenticate(self, secret: str) -> Token | None:
        """Whose secret this is, if anyone's; notes when it was used, to the minute."""
        digest = fingerprint(secret)
        found = await self._database.read(
            lambda connection: _TABLE.select(connection, "WHERE secret_hash=?", (digest,))
        )
        if not found:
            return None
        now = self._database.clock.now()
        known = found[0]
        if known.last_used_at is None or (now - known.last_used_at).total_seconds() >= LAST_USED_STEP_S:
            await self._database.write(
                lambda connection: connection.execute(
                    "UPDATE tokens SET last_used_at=? WHERE id=?", (timestamp(now), known.id)
                ),
                durable=False,
            )
        return known
