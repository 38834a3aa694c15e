"""The numbers of the offices in the store: what each should be, and as what it was last seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from edge.clock import Clock
from edge.model.numbers import NumberDrift, OutsideNumber
from edge.numbers.wanted import Place, country_of, kind_of
from edge.store import Row, Statements, Store
from edge.twilio.records import Number, NumberSettings

__all__ = ["Book", "Entry"]

_DRIFT = msgspec.json.Decoder(tuple[NumberDrift, ...])
_SELECT = (
    "SELECT number.e164, number.office, number.sid, number.label, s.country, s.kind, s.voice, s.sms, s.mms,"
    " s.extension, s.trunk_sid, s.base, s.state, s.drift, s.checked_at FROM number"
    " LEFT JOIN number_state AS s ON s.office = number.office AND s.e164 = number.e164"
)
ALIVE_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """`shown` is what the office sees; `base` is the edge that set the number up."""

    office: str
    base: str
    shown: OutsideNumber


class Book:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def of_office(self, office: str) -> Sequence[Entry]:
        rows = await self._store.all(f"{_SELECT} WHERE number.office = $1 ORDER BY number.e164", office)
        return [_entry(row) for row in rows]

    async def all(self) -> Sequence[Entry]:
        return [_entry(row) for row in await self._store.all(f"{_SELECT} ORDER BY number.e164")]

    async def get(self, office: str, e164: str) -> Entry | None:
        row = await self._store.one(f"{_SELECT} WHERE number.office = $1 AND number.e164 = $2", office, e164)
        return None if row is None else _entry(row)

    async def is_taken(self, e164: str) -> bool:
        """Whether any office has it."""
        return await self._store.one("SELECT e164 FROM number WHERE e164 = $1", e164) is not None

    async def put(
        self,
        within: Statements,
        office: str,
        number: Number,
        *,
        name: str,
        extension: str,
        trunk_sid: str,
        base: str,
    ) -> None:
        """A number that the office has from now on."""
        now = self._clock.now_ms()
        await within.run(
            "INSERT INTO number (e164, office, sid, label, created_at) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (e164) DO UPDATE SET sid = excluded.sid, label = excluded.label"
            " WHERE number.office = excluded.office",
            number.number, office, number.sid, name, now,
        )  # fmt: skip
        can = number.capabilities
        await within.run(
            "INSERT INTO number_state (office, e164, country, kind, voice, sms, mms, extension, trunk_sid, base,"
            " state, drift, checked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'ok', '[]', $11)"
            " ON CONFLICT (office, e164) DO UPDATE SET voice = excluded.voice, sms = excluded.sms,"
            " mms = excluded.mms, extension = excluded.extension, trunk_sid = excluded.trunk_sid,"
            " base = excluded.base, state = 'ok', drift = '[]', checked_at = excluded.checked_at",
            office, number.number, country_of(number.number), kind_of(number.number), int(can.voice),
            int(can.sms), int(can.mms), extension, trunk_sid, base, now,
        )  # fmt: skip

    async def seen(
        self,
        entry: Entry,
        number: Number | None,
        drift: tuple[NumberDrift, ...],
        *,
        base: str,
        trunk_sid: str,
    ) -> OutsideNumber:
        """What Twilio has today; None: it has the number no more. Returns what is shown from now on."""
        shown = entry.shown
        if number is not None or shown.state == "unknown":
            await self.put(
                self._store,
                entry.office,
                number or Number(shown.sid, shown.number, NumberSettings()),
                name=shown.name,
                extension=shown.extension,
                trunk_sid=trunk_sid,
                base=base,
            )
        state = "missing" if number is None else "drift" if drift else "ok"
        await self._store.run(
            "UPDATE number_state SET state = $1, drift = $2, checked_at = $3 WHERE office = $4 AND e164 = $5",
            state, msgspec.json.encode(drift).decode(), self._clock.now_ms(), entry.office, shown.number,
        )  # fmt: skip
        after = await self.get(entry.office, shown.number)
        return shown if after is None else after.shown

    async def rename(self, office: str, e164: str, name: str) -> None:
        await self._store.run(
            "UPDATE number SET label = $1 WHERE office = $2 AND e164 = $3", name, office, e164
        )

    async def is_being_released(self, office: str, e164: str) -> None:
        await self._store.run(
            "UPDATE number_state SET state = 'releasing' WHERE office = $1 AND e164 = $2", office, e164
        )

    async def drop(self, office: str, e164: str) -> None:
        """Its state goes with it."""
        await self._store.run("DELETE FROM number WHERE office = $1 AND e164 = $2", office, e164)

    # ------------------------------------------------------------------------------------------------ other edges

    async def is_alive(self, place: Place) -> None:
        """Say that this edge lives, so that the others leave its numbers to it."""
        await self._store.run(
            "INSERT INTO number_edge (base, fallback, seen_at) VALUES ($1, $2, $3)"
            " ON CONFLICT (base) DO UPDATE SET fallback = excluded.fallback, seen_at = excluded.seen_at",
            place.base, place.fallback, self._clock.now_ms(),
        )  # fmt: skip

    async def alive(self) -> dict[str, Place]:
        rows = await self._store.all(
            "SELECT base, fallback FROM number_edge WHERE seen_at > $1", self._clock.now_ms() - ALIVE_MS
        )
        return {row["base"]: Place(row["base"], row["fallback"]) for row in rows}


def _entry(row: Row) -> Entry:
    """A number that nobody has looked at yet has no state."""
    e164 = row["e164"]
    known = row["state"] is not None
    return Entry(
        row["office"],
        row["base"] or "",
        OutsideNumber(
            number=e164,
            sid=row["sid"],
            name=row["label"],
            country=row["country"] if known else country_of(e164),
            kind=row["kind"] if known else kind_of(e164),
            voice=bool(row["voice"]) if known else True,
            sms=bool(row["sms"]),
            mms=bool(row["mms"]),
            state=row["state"] if known else "unknown",
            drift=_DRIFT.decode(row["drift"]) if known else (),
            extension=row["extension"] or "",
            trunk_sid=row["trunk_sid"] or "",
            checked_at=row["checked_at"],
        ),
    )
