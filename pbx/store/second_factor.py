"""Second factors: the sealed secret of each, the last code that was used, and recovery codes, each good once.

A code counts once: what it was is noted in the transaction that accepts it, so of two that come at once one gets in.
"""

from __future__ import annotations

import secrets
import sqlite3

from pbx.core import totp
from pbx.core.errors import UserError
from pbx.core.ids import CROCKFORD
from pbx.core.secret import SecretBox, fingerprint
from pbx.model.user import User
from pbx.store.audit import scribe
from pbx.store.database import Database
from pbx.store.table import timestamp
from pbx.store.users import end_sessions

__all__ = ["SecondFactorStore"]

RECOVERY_CODES = 10
_LONG = 16
"""Letters of a recovery code: 80 random bits, so that a plain hash is enough."""


class SecondFactorStore:
    """The second factors of all users."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    async def begin(self, user: User) -> str:
        """A new secret, which counts when a code of it has come. Raises `UserError` 409 when one counts already."""
        secret = totp.new_secret()
        sealed = self._box.seal(secret, context=_context(user.id))

        def work(connection: sqlite3.Connection) -> None:
            query = "UPDATE users SET totp_secret=?, totp_step=0 WHERE id=? AND NOT second_factor"
            if not connection.execute(query, (sealed, user.id)).rowcount:
                raise UserError(
                    "there is a second factor already", http_status=409, action="Take it away first"
                )

        await self._database.write(work)
        return secret

    async def confirm(self, user: User, code: str, *, keep: str = "") -> tuple[str, ...] | None:
        """The recovery codes, if the code is right; from then on one is asked for. Other sessions than `keep` end.

        Raises `UserError` 409 when none was begun.
        """
        codes = tuple(_new_code() for _ in range(RECOVERY_CODES))
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> bool:
            if self._secret(connection, user.id, on=False) is None:
                raise UserError(
                    "no second factor is being set up", http_status=409, action="Begin with a POST"
                )
            if not self._accept(connection, user.id, code, on=False):
                return False
            connection.execute("UPDATE users SET second_factor=1 WHERE id=?", (user.id,))
            connection.execute("DELETE FROM recovery_codes WHERE user_id=?", (user.id,))
            rows = [(user.id, _hash(user.id, each)) for each in codes]
            connection.executemany("INSERT INTO recovery_codes VALUES (?, ?)", rows)
            end_sessions(connection, user.id, keep=keep)
            pen.note(connection, "set_second_factor", "user", user.username)
            return True

        return codes if await self._database.write(work) else None

    async def check(self, user: User, code: str) -> bool:
        """Whether this code, or recovery code, is good now. It is not good again."""
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> bool:
            if self._accept(connection, user.id, code, on=True):
                return True
            query = "DELETE FROM recovery_codes WHERE user_id=? AND code_hash=?"
            if not connection.execute(query, (user.id, _hash(user.id, code))).rowcount:
                return False
            pen.note(connection, "use_recovery_code", "user", user.username)
            return True

        return await self._database.write(work)

    async def remove(self, user: User) -> None:
        """Ask for no code any more."""
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE users SET second_factor=0, totp_secret=NULL WHERE id=?", (user.id,))
            connection.execute("DELETE FROM recovery_codes WHERE user_id=?", (user.id,))
            pen.note(connection, "remove_second_factor", "user", user.username)

        await self._database.write(work)

    def _accept(self, connection: sqlite3.Connection, user_id: str, code: str, *, on: bool) -> bool:
        secret = self._secret(connection, user_id, on=on)
        if secret is None:
            return False
        (last,) = connection.execute("SELECT totp_step FROM users WHERE id=?", (user_id,)).fetchone()
        step = totp.matching_step(secret, code, timestamp(self._database.clock.now()), after=last)
        if step is None:
            return False
        connection.execute("UPDATE users SET totp_step=? WHERE id=?", (step, user_id))
        return True

    def _secret(self, connection: sqlite3.Connection, user_id: str, *, on: bool) -> str | None:
        query = "SELECT totp_secret FROM users WHERE id=? AND second_factor=?"
        row = connection.execute(query, (user_id, int(on))).fetchone()
        if row is None or row[0] is None:
            return None
        return self._box.open(bytes(row[0]), context=_context(user_id))


def _context(user_id: str) -> str:
    return f"totp:{user_id}"


def _new_code() -> str:
    letters = "".join(secrets.choice(CROCKFORD) for _ in range(_LONG))
    return "-".join(letters[at : at + 4] for at in range(0, _LONG, 4))


def _hash(user_id: str, code: str) -> bytes:
    """Hyphens, blanks and small letters are forgiven, and so is O for 0 and I or L for 1 (Crockford)."""
    plain = "".join(each for each in code.upper() if each.isalnum())
    plain = plain.translate(str.maketrans("OIL", "011"))
    return fingerprint(f"{user_id}:{plain}")
