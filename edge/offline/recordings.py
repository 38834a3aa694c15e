"""Messages on their way from Twilio to the office: a row each, which says how far it has come.

    remote ── fetched ──▶ stored ── written down, or not ──▶ written ── given to the deliveries ──▶ handed
      │ Twilio has it no more                                                                        │ deleted
      ▼                                                                                              ▼ at Twilio
     lost                                                                                           done

Each arrow is one statement on the row; whoever dies before it begins that step again. An edge that takes a row moves
its `due_at`, so no two work on it at once for longer than a lease.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.clock import Clock
from edge.offline.journal import name_of
from edge.store import Row, Store

__all__ = ["Note", "Recorded", "Recordings"]

LEASE_MS = 45_000
LONG_LEASE_MS = 6 * 60_000
"""For what a speech server takes."""
TRANSCRIPT_WAIT_MS = 5 * 60_000
"""So long a message waits for Twilio to write it down."""

_COLUMNS = (
    "office, sid, id, call_sid, extension, caller, called, recorded_at, duration_s, state, transcription,"
    " language, transcript, attempts, error"
)


@dataclass(frozen=True, slots=True)
class Note:
    """What a webhook, or Twilio's list, says of a recording."""

    office: str
    sid: str
    call_sid: str
    extension: str
    caller: str
    called: str
    duration_s: float
    transcription: str
    language: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row, without its sound."""

    office: str
    sid: str
    id: str
    call_sid: str
    extension: str
    caller: str
    called: str
    recorded_at: int
    duration_s: float
    state: str
    transcription: str
    language: str
    transcript: str | None
    attempts: int
    error: str


class Recordings:
    """Of all offices."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def note(self, note: Note) -> bool:
        """Remember that there is one; False when that was known."""
        now = self._clock.now_ms()
        return bool(
            await self._store.run(
                "INSERT INTO offline_recording (office, sid, id, call_sid, extension, caller, called, recorded_at,"
                " duration_s, state, transcription, language, due_at, attempts, error)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'remote', $10, $11, $8, 0, '')"
                " ON CONFLICT (office, sid) DO NOTHING",
                note.office, note.sid, name_of("recording", note.sid), note.call_sid, note.extension, note.caller,
                note.called, now, note.duration_s, note.transcription, note.language,
            )
        )  # fmt: skip

    async def take_due(self, limit: int = 5) -> Sequence[Recorded]:
        """Rows with something to do, for this edge alone until the lease is over."""
        now = self._clock.now_ms()
        rows = await self._store.all(
            "SELECT office, sid, due_at FROM offline_recording"
            " WHERE state IN ('remote', 'stored', 'written', 'handed') AND due_at <= $1 ORDER BY due_at LIMIT $2",
            now, limit,
        )  # fmt: skip
        taken = [await self._take(row, now) for row in rows]
        return [_recorded(each) for each in taken if each is not None]

    async def _take(self, row: Row, now: int) -> Row | None:
        return await self._store.one(
            "UPDATE offline_recording SET due_at = $1, attempts = attempts + 1"  # noqa: S608
            f" WHERE office = $2 AND sid = $3 AND due_at = $4 RETURNING {_COLUMNS}",
            now + LEASE_MS, row["office"], row["sid"], row["due_at"],
        )  # fmt: skip

    # -- the steps ----------------------------------------------------------------------------------------------------

    async def stored(self, one: Recorded, audio: bytes, duration_s: float) -> None:
        """The sound is here. It waits for its transcript, or for nothing."""
        now = self._clock.now_ms()
        waits = one.transcription == "twilio" and one.transcript is None
        await self._store.run(
            "UPDATE offline_recording SET state = 'stored', audio = $1, duration_s = $2, due_at = $3, attempts = 0,"
            " error = '' WHERE office = $4 AND sid = $5 AND state = 'remote'",
            audio, duration_s, now + (TRANSCRIPT_WAIT_MS if waits else 0), one.office, one.sid,
        )  # fmt: skip

    async def written(self, one: Recorded, transcript: str | None) -> None:
        """It is written down, or will not be."""
        await self._store.run(
            "UPDATE offline_recording SET state = 'written', transcript = COALESCE(transcript, $1), due_at = $2,"
            " attempts = 0, error = '' WHERE office = $3 AND sid = $4 AND state = 'stored'",
            transcript, self._clock.now_ms(), one.office, one.sid,
        )  # fmt: skip

    async def handed(self, one: Recorded) -> None:
        """The deliveries have it, with its sound."""
        await self._store.run(
            "UPDATE offline_recording SET state = 'handed', audio = NULL, due_at = $1, attempts = 0, error = ''"
            " WHERE office = $2 AND sid = $3 AND state = 'written'",
            self._clock.now_ms(), one.office, one.sid,
        )  # fmt: skip

    async def done(self, one: Recorded) -> None:
        """Nothing of it is at Twilio any more. What was said in it is not kept here twice."""
        await self._store.run(
            "UPDATE offline_recording SET state = 'done', transcript = NULL WHERE office = $1 AND sid = $2",
            one.office, one.sid,
        )  # fmt: skip

    async def lost(self, one: Recorded, error: str) -> None:
        """It can never be fetched. It stays in the list, for people to see."""
        await self._store.run(
            "UPDATE offline_recording SET state = 'lost', error = $1 WHERE office = $2 AND sid = $3",
            error[:300], one.office, one.sid,
        )  # fmt: skip

    async def later(self, one: Recorded, wait_ms: int, error: str) -> None:
        await self._store.run(
            "UPDATE offline_recording SET due_at = $1, error = $2 WHERE office = $3 AND sid = $4 AND state = $5",
            self._clock.now_ms() + wait_ms, error[:300], one.office, one.sid, one.state,
        )  # fmt: skip

    async def hold(self, one: Recorded) -> None:
        """The next step takes longer than most."""
        await self._store.run(
            "UPDATE offline_recording SET due_at = $1 WHERE office = $2 AND sid = $3",
            self._clock.now_ms() + LONG_LEASE_MS, one.office, one.sid,
        )  # fmt: skip

    async def twilio_wrote(self, sid: str, transcript: str | None) -> None:
        """Twilio's transcript has come, or will not."""
        await self._store.run(
            "UPDATE offline_recording SET transcript = COALESCE(transcript, $1), due_at = $2, transcription = 'none'"
            " WHERE sid = $3 AND state IN ('remote', 'stored')",
            transcript, self._clock.now_ms(), sid,
        )  # fmt: skip

    async def audio(self, one: Recorded) -> bytes:
        row = await self._store.one(
            "SELECT audio FROM offline_recording WHERE office = $1 AND sid = $2", one.office, one.sid
        )
        return bytes(row["audio"]) if row is not None and row["audio"] is not None else b""

    # -- for people ---------------------------------------------------------------------------------------------------

    async def held(self, office: str, limit: int, offset: int) -> tuple[Sequence[Recorded], int]:
        """Those that the office may not have yet, newest first, and how many there are."""
        where = "office = $1 AND (state IN ('remote', 'stored', 'written', 'lost') OR id IN (SELECT id FROM delivery))"
        total = await self._store.one(
            f"SELECT COUNT(*) AS many FROM offline_recording WHERE {where}",  # noqa: S608
            office,
        )
        rows = await self._store.all(
            f"SELECT {_COLUMNS} FROM offline_recording WHERE {where}"  # noqa: S608
            " ORDER BY recorded_at DESC, sid LIMIT $2 OFFSET $3",
            office, limit, offset,
        )  # fmt: skip
        return [_recorded(row) for row in rows], int(total["many"]) if total is not None else 0

    async def of_call(self, office: str, call_sid: str) -> Sequence[Recorded]:
        rows = await self._store.all(
            f"SELECT {_COLUMNS} FROM offline_recording WHERE office = $1 AND call_sid = $2 ORDER BY recorded_at, sid",  # noqa: S608
            office,
            call_sid,
        )
        return [_recorded(row) for row in rows]

    async def find(self, office: str, id: str) -> Recorded | None:
        row = await self._store.one(
            f"SELECT {_COLUMNS} FROM offline_recording WHERE office = $1 AND id = $2",  # noqa: S608
            office,
            id,
        )
        return None if row is None else _recorded(row)

    async def sound(self, one: Recorded) -> bytes:
        """Wherever it is here."""
        row = await self._store.one(
            "SELECT body FROM delivery WHERE id = $1 AND office = $2", one.id, one.office
        )
        return bytes(row["body"]) if row is not None else await self.audio(one)

    async def refusals(self, office: str) -> Mapping[str, str]:
        """Why the office took none of these, by id."""
        rows = await self._store.all(
            "SELECT id, refused FROM delivery WHERE office = $1 AND kind = 'voicemail' AND refused <> ''",
            office,
        )
        return {row["id"]: row["refused"] for row in rows}

    async def again(self, one: Recorded) -> None:
        """Try at once what waits, or what the office refused."""
        async with self._store.transaction() as store:
            await store.run(
                "UPDATE delivery SET refused = '' WHERE id = $1 AND office = $2", one.id, one.office
            )
            await store.run(
                "UPDATE offline_recording SET due_at = $1, attempts = 0,"
                " state = CASE state WHEN 'lost' THEN 'remote' ELSE state END WHERE office = $2 AND sid = $3",
                self._clock.now_ms(), one.office, one.sid,
            )  # fmt: skip

    async def drop(self, one: Recorded) -> None:
        """Give up one that is lost."""
        await self._store.run(
            "DELETE FROM offline_recording WHERE office = $1 AND sid = $2 AND state = 'lost'", one.office, one.sid
        )  # fmt: skip

    async def forget(self, before_ms: int) -> None:
        """Those that are done for long: until then a webhook that comes again finds them."""
        await self._store.run(
            "DELETE FROM offline_recording WHERE state = 'done' AND recorded_at < $1", before_ms
        )


def _recorded(row: Row) -> Recorded:
    return Recorded(**{name.strip(): row[name.strip()] for name in _COLUMNS.split(",")})
