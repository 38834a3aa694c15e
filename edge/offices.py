"""The offices an edge works for: their keys, and which of the outside numbers is whose."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from edge.clock import Clock
from edge.model.base import new_id
from edge.model.office import LOCAL, Number, Office
from edge.store import Row, Store

__all__ = ["Offices"]


class Offices:
    """Asks the store each time: another edge may have changed it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def add(self, name: str) -> tuple[Office, str]:
        """A new office, and its key, which nobody can be told again."""
        office, key = Office(new_id(self._clock.now_ms()), name), secrets.token_urlsafe(32)
        await self._insert(office, _hash(key))
        return office, key

    async def ensure_local(self, name: str = "") -> Office:
        """The office of the node that this edge runs in; it needs no key."""
        if (found := await self.get(LOCAL)) is not None:
            return found
        office = Office(LOCAL, name)
        await self._insert(office, "")
        return office

    async def remove(self, id: str) -> bool:
        return bool(await self._store.run("DELETE FROM office WHERE id = $1", id))

    async def get(self, id: str) -> Office | None:
        row = await self._store.one("SELECT id, name FROM office WHERE id = $1", id)
        return None if row is None else Office(row["id"], row["name"])

    async def list(self) -> Sequence[Office]:
        rows = await self._store.all("SELECT id, name FROM office ORDER BY id")
        return [Office(row["id"], row["name"]) for row in rows]

    async def let_in(self, credential: str) -> Office | None:
        """The office that this says to be, as `id.key`; None for anybody else."""
        id, _, key = credential.partition(".")
        row = await self._store.one("SELECT id, name, key_hash FROM office WHERE id = $1", id)
        known = row["key_hash"] if row is not None else ""
        if not hmac.compare_digest(_hash(key), known or _hash("")) or row is None or not known:
            return None
        return Office(row["id"], row["name"])

    async def of_number(self, e164: str) -> Office | None:
        """Whose number it is. An edge with one office knows without having been told."""
        row = await self._store.one(
            "SELECT office.id, office.name FROM number JOIN office ON office.id = number.office"
            " WHERE number.e164 = $1",
            e164,
        )
        if row is not None:
            return Office(row["id"], row["name"])
        offices = await self.list()
        return offices[0] if len(offices) == 1 else None

    async def numbers(self, office: str) -> Sequence[Number]:
        rows = await self._store.all("SELECT * FROM number WHERE office = $1 ORDER BY e164", office)
        return [_number(row) for row in rows]

    async def number(self, e164: str) -> Number | None:
        row = await self._store.one("SELECT * FROM number WHERE e164 = $1", e164)
        return None if row is None else _number(row)

    async def put_number(self, number: Number) -> None:
        """Add it, or say anew what is known of it."""
        await self._store.run(
            "INSERT INTO number (e164, office, sid, label, created_at) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (e164) DO UPDATE SET office = excluded.office, sid = excluded.sid, label = excluded.label",
            number.e164, number.office, number.sid, number.label, self._clock.now_ms(),
        )  # fmt: skip

    async def drop_number(self, e164: str) -> bool:
        return bool(await self._store.run("DELETE FROM number WHERE e164 = $1", e164))

    async def _insert(self, office: Office, key_hash: str) -> None:
        await self._store.run(
            "INSERT INTO office (id, name, key_hash, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
            office.id, office.name, key_hash, self._clock.now_ms(),
        )  # fmt: skip


def _number(row: Row) -> Number:
    return Number(row["e164"], row["office"], row["sid"], row["label"])


def _hash(key: str) -> str:
    """The keys are 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()
