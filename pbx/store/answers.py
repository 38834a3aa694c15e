"""What creating requests were answered with, for those that ask again with the same Idempotency-Key.

The answer may hold a secret that is shown once, so it is sealed.
"""

from __future__ import annotations

import base64
import sqlite3

import msgspec

from pbx.core.secret import SecretBox
from pbx.store.database import Database
from pbx.store.table import timestamp

__all__ = ["KEPT_S", "AnswerStore", "KeptAnswer"]

KEPT_S = 24 * 3600.0


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to give again."""

    status: int
    headers: dict[str, str]
    body: bytes | None = None


class Found(msgspec.Struct, frozen=True):
    """What is kept under a key. `request` is the hash of what was asked then."""

    request: bytes
    answer: KeptAnswer


class AnswerStore:
    """Answers by credential and key, for a day."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    async def get(self, credential: str, key: str) -> Found | None:
        since = timestamp(self._database.clock.now()) - KEPT_S
        query = "SELECT request_hash, answer FROM answers WHERE credential=? AND key=? AND at>?"
        row = await self._database.read(
            lambda connection: connection.execute(query, (credential, key, since)).fetchone()
        )
        if row is None:
            return None
        text = self._box.open(bytes(row[1]), context=_context(credential))
        return Found(bytes(row[0]), msgspec.json.decode(base64.b64decode(text), type=KeptAnswer))

    async def put(self, credential: str, key: str, request: bytes, answer: KeptAnswer) -> None:
        text = base64.b64encode(msgspec.json.encode(answer)).decode()
        sealed = self._box.seal(text, context=_context(credential))
        row = (credential, key, request, timestamp(self._database.clock.now()), sealed)
        await self._database.write(
            lambda connection: connection.execute("INSERT OR REPLACE INTO answers VALUES (?,?,?,?,?)", row)
        )

    async def prune(self) -> None:
        """Let go what is too old."""
        before = timestamp(self._database.clock.now()) - KEPT_S

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM answers WHERE at<=?", (before,))

        await self._database.write(work)


def _context(credential: str) -> str:
    return f"answer:{credential}"
