"""Offices and their keys. A key is `{office}.{secret}`; only the hash of the secret is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from mobile_push.clock import Clock
from mobile_push.errors import PushError
from mobile_push.store import Row, Store

KNOWN_FOR_S = 10.0
"""So long a key is believed without a look into the store: an office that is removed may send on for that time."""


class Offices:
    """Those that may send."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, tuple[str, float]] = {}

    async def add(self, name: str, *, id: str = "") -> str:
        """The key of a new office, which is shown once. Raises `PushError` 409."""
        id = id or secrets.token_hex(6)
        secret = secrets.token_urlsafe(32)
        added = await self._store.run(
            "INSERT INTO push_office (id, name, key_hash, created_at) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (id) DO NOTHING",
            id,
            name,
            _hash(secret),
            self._clock.time(),
        )
        if not added:
            raise PushError(409, f"There is an office {id} already.")
        return f"{id}.{secret}"

    async def all(self) -> list[Row]:
        return list(await self._store.all("SELECT id, name, created_at FROM push_office ORDER BY id"))

    async def remove(self, id: str) -> bool:
        """With all that is kept for it."""
        self._known.clear()
        await self._store.run("DELETE FROM push_device WHERE office=$1", id)
        await self._store.run("DELETE FROM push_delivery WHERE office=$1", id)
        return await self._store.run("DELETE FROM push_office WHERE id=$1", id) > 0

    async def of_key(self, key: str) -> str:
        """Whose key it is. Raises `PushError` 401."""
        id, _, secret = key.partition(".")
        hashed = _hash(secret)
        known = self._known.get(id)
        if known is not None and known[1] > self._clock.monotonic() and hmac.compare_digest(known[0], hashed):
            return id
        row = await self._store.one("SELECT key_hash FROM push_office WHERE id=$1", id)
        if row is None or not hmac.compare_digest(str(row["key_hash"]), hashed):
            raise PushError(401, "This is no key of an office.")
        self._known[id] = (hashed, self._clock.monotonic() + KNOWN_FOR_S)
        return id


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
