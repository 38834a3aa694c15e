"""The calls that this edge was asked about: which is live, which is over, and the one-time tokens that streams show."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal

from edge.clock import Clock
from edge.model.base import new_id
from edge.store import Row, Store

__all__ = ["KEEP_MS", "VoiceCall", "VoiceCalls"]

KEEP_MS = 7 * 24 * 3600 * 1000
TOKEN_MS = 5 * 60 * 1000
"""A placed call may ring for two minutes before its stream begins."""

State = Literal["asked", "live", "done", "lost"]


@dataclass(frozen=True, slots=True)
class VoiceCall:
    """A call as it is known here."""

    id: str
    office: str
    call_sid: str
    direction: str
    caller: str
    called: str
    name: str
    state: State
    made_at: int
    mode: str


class VoiceCalls:
    """Asks the store each time: another edge may be asked how a call goes on."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def begin(
        self,
        office: str,
        *,
        call_sid: str,
        direction: Literal["inbound", "outbound"],
        caller: str,
        called: str,
        name: str = "",
        mode: Literal["stream", "sip"] = "stream",
        id: str = "",
    ) -> tuple[str, str]:
        """A new call: its id, and the token that lets its stream in, once."""
        now, token = self._clock.now_ms(), secrets.token_urlsafe(24)
        name_of_call = id or new_id(now)
        await self._store.run(
            "INSERT INTO voice_call (id, office, call_sid, direction, caller, called, name, mode, state, cause,"
            " token_hash, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'asked', '', $9, $10)",
            name_of_call, office, call_sid, direction, caller, called, name, mode, _hash(token), now,
        )  # fmt: skip
        return name_of_call, token

    async def claim(self, id: str, token: str, call_sid: str) -> VoiceCall | None:
        """The call whose stream this is; None when the token is wrong, old, or was used."""
        now = self._clock.now_ms()
        row = await self._store.one(
            "UPDATE voice_call SET state = 'live', token_hash = '', live_at = $1, call_sid = $2"
            " WHERE id = $3 AND state = 'asked' AND token_hash = $4 AND made_at > $5"
            " AND (call_sid = '' OR call_sid = $2) RETURNING *",
            now, call_sid, id, _hash(token), now - TOKEN_MS,
        )  # fmt: skip
        return None if row is None else _call(row)

    async def find(self, id: str) -> VoiceCall | None:
        row = await self._store.one("SELECT * FROM voice_call WHERE id = $1", id)
        return None if row is None else _call(row)

    async def has_sid(self, id: str, call_sid: str) -> None:
        """Twilio has named a call that was placed."""
        await self._store.run(
            "UPDATE voice_call SET call_sid = $1 WHERE id = $2 AND call_sid = ''", call_sid, id
        )

    async def over(self, id: str, state: Literal["done", "lost"], cause: str) -> bool:
        """How the call ended; what was known before stays."""
        changed = await self._store.run(
            "UPDATE voice_call SET state = $1, cause = $2, done_at = $3"
            " WHERE id = $4 AND state IN ('asked', 'live')",
            state, cause[:256], self._clock.now_ms(), id,
        )  # fmt: skip
        return bool(changed)

    async def ended(self, call_sid: str, cause: str) -> None:
        """Twilio says that the call is over, whatever else is known of it."""
        await self._store.run(
            "UPDATE voice_call SET state = 'done', cause = $1, done_at = $2"
            " WHERE call_sid = $3 AND state IN ('asked', 'live')",
            cause[:256], self._clock.now_ms(), call_sid,
        )  # fmt: skip

    async def forget(self) -> None:
        await self._store.run("DELETE FROM voice_call WHERE made_at < $1", self._clock.now_ms() - KEEP_MS)


def _call(row: Row) -> VoiceCall:
    return VoiceCall(
        row["id"],
        row["office"],
        row["call_sid"],
        row["direction"],
        row["caller"],
        row["called"],
        row["name"],
        row["state"],
        row["made_at"],
        row["mode"],
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
