"""What happened in calls that the edge answered: a row each, a line for each step. Written twice, it is there once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from edge.clock import Clock
from edge.offline.steps import Happened
from edge.store import Row, Store

__all__ = ["CallStep", "Journal", "OfflineCall", "OpenCall", "name_of"]

LOOK_MS = 30_000
"""So long after the last step somebody looks whether the call is over."""
SOON_MS = 3_000
STEPS_AN_ANSWER = 10
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class CallStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the history, as the office gets it. `at` is in ms since 1970."""

    at: int
    kind: str
    extension: str = ""
    name: str = ""
    number: str = ""
    detail: str = ""
    seconds: int = 0


class OfflineCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the edge answered, as the office gets it."""

    call: str
    call_sid: str
    from_number: str
    from_name: str
    to_number: str
    began_at: int
    ended_at: int
    steps: tuple[CallStep, ...]


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call that may be over. `since` is when its last step was."""

    office: str
    call_sid: str
    id: str
    began_at: int
    since: int
    attempts: int


class Journal:
    """Of all offices."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def note(
        self,
        office: str,
        call_sid: str,
        happened: Sequence[Happened],
        *,
        answer: int,
        caller: str,
        caller_name: str,
        called: str,
        over: bool = False,
    ) -> None:
        """`answer` numbers our answers in the call; what the same one says again changes nothing. `over`: the call is
        about to end."""
        now = self._clock.now_ms()
        due = now + (SOON_MS if over else LOOK_MS)
        async with self._store.transaction() as store:
            await store.run(
                "INSERT INTO offline_call (office, call_sid, id, caller, caller_name, called, began_at, last_at,"
                " state, due_at, attempts) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 'open', $8, 0)"
                " ON CONFLICT (office, call_sid) DO UPDATE SET last_at = excluded.last_at, due_at = excluded.due_at",
                office, call_sid, name_of("call", call_sid), caller, caller_name, called, now, due,
            )  # fmt: skip
            for place, each in enumerate(happened[:STEPS_AN_ANSWER]):
                await store.run(
                    "INSERT INTO offline_step (office, call_sid, number, document) VALUES ($1, $2, $3, $4)"
                    " ON CONFLICT (office, call_sid, number) DO NOTHING",
                    office, call_sid, answer * STEPS_AN_ANSWER + place, _line(each, now),
                )  # fmt: skip

    async def due(self, limit: int = 20) -> Sequence[OpenCall]:
        """Open calls that somebody has to look at, and nobody else will within a minute."""
        now = self._clock.now_ms()
        rows = await self._store.all(
            "SELECT office, call_sid, due_at FROM offline_call WHERE state = 'open' AND due_at <= $1"
            " ORDER BY due_at LIMIT $2",
            now, limit,
        )  # fmt: skip
        taken = [await self._take(row, now) for row in rows]
        return [each for each in taken if each is not None]

    async def _take(self, row: Row, now: int) -> OpenCall | None:
        taken = await self._store.one(
            "UPDATE offline_call SET due_at = $1, attempts = attempts + 1 WHERE office = $2 AND call_sid = $3"
            " AND state = 'open' AND due_at = $4 RETURNING office, call_sid, id, began_at, last_at, attempts",
            now + 60_000, row["office"], row["call_sid"], row["due_at"],
        )  # fmt: skip
        if taken is None:
            return None
        return OpenCall(
            taken["office"], taken["call_sid"], taken["id"], taken["began_at"], taken["last_at"], taken["attempts"]
        )  # fmt: skip

    async def later(self, call: OpenCall, wait_ms: int) -> None:
        await self._store.run(
            "UPDATE offline_call SET due_at = $1 WHERE office = $2 AND call_sid = $3 AND state = 'open'",
            self._clock.now_ms() + wait_ms, call.office, call.call_sid,
        )  # fmt: skip

    async def soon(self, call_sid: str) -> None:
        """Twilio says that this call is over."""
        now = self._clock.now_ms()
        await self._store.run(
            "UPDATE offline_call SET due_at = $1, ended_at = COALESCE(ended_at, $2)"
            " WHERE call_sid = $3 AND state = 'open'",
            now + SOON_MS, now, call_sid,
        )  # fmt: skip

    async def document(self, call: OpenCall) -> OfflineCall | None:
        """As the office gets it. None when it is gone."""
        row = await self._store.one(
            "SELECT * FROM offline_call WHERE office = $1 AND call_sid = $2", call.office, call.call_sid
        )
        if row is None:
            return None
        return OfflineCall(
            call=row["id"],
            call_sid=call.call_sid,
            from_number=row["caller"],
            from_name=row["caller_name"],
            to_number=row["called"],
            began_at=row["began_at"],
            ended_at=max(row["ended_at"] or 0, row["last_at"]),
            steps=await self.steps(call.office, call.call_sid),
        )

    async def steps(self, office: str, call_sid: str) -> tuple[CallStep, ...]:
        rows = await self._store.all(
            "SELECT document FROM offline_step WHERE office = $1 AND call_sid = $2 ORDER BY number",
            office, call_sid,
        )  # fmt: skip
        return tuple(msgspec.json.decode(row["document"], type=CallStep) for row in rows)

    async def handed(self, call: OpenCall) -> None:
        """The delivery is in the store: nobody looks at it again."""
        await self._store.run(
            "UPDATE offline_call SET state = 'handed' WHERE office = $1 AND call_sid = $2",
            call.office, call.call_sid,
        )  # fmt: skip

    async def forget(self, before_ms: int) -> None:
        """Calls that the office has had for long."""
        async with self._store.transaction() as store:
            old = "SELECT call_sid FROM offline_call WHERE state = 'handed' AND last_at < $1"
            await store.run(f"DELETE FROM offline_step WHERE call_sid IN ({old})", before_ms)  # noqa: S608
            await store.run("DELETE FROM offline_call WHERE state = 'handed' AND last_at < $1", before_ms)


def name_of(kind: str, sid: str) -> str:
    """The same 26 letters for the same thing at Twilio, whichever edge asks: the office knows it by that."""
    number = int.from_bytes(hashlib.sha256(f"{kind}\0{sid}".encode()).digest()[:16], "big")
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def _line(happened: Happened, now: int) -> str:
    step = CallStep(
        at=now,
        kind=happened.kind,
        extension=happened.extension,
        name=happened.name,
        number=happened.number,
        detail=happened.detail,
        seconds=happened.seconds,
    )
    return msgspec.json.encode(step).decode()
