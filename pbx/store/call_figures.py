"""Figures of the call history, counted by SQLite from its one index; days and hours are those of the office."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from pbx.model.call_figures import CallTotals, DayOfCalls, DidOfCalls, HourOfCalls
from pbx.store.database import Database
from pbx.store.table import timestamp

__all__ = ["Counted", "FigureStore", "Offset"]

EPOCH = date(1970, 1, 1)
Offset = tuple[datetime, int]
"""From this moment on, the office's clocks show UTC plus so many seconds."""

_SEEN = """
FROM cdrs INDEXED BY cdrs_seen
WHERE started_at >= :since AND started_at < :until AND ended_at IS NOT NULL AND NOT test AND dialled <> 'listen'
"""
_HOURS = """
SELECT
    CAST((started_at + {offset}) / 3600 AS INTEGER) AS hour, direction, count(*),
    sum(direction = 'inbound' AND NOT missed), sum(direction = 'inbound' AND missed), sum(talk_s)
"""
_DIDS = """
SELECT did, count(*), sum(NOT missed), sum(missed), avg(CASE WHEN missed THEN NULL ELSE wait_s END),
    max(CASE WHEN missed THEN NULL ELSE wait_s END)
"""


class Counted(msgspec.Struct, frozen=True):
    """What was counted; days without a call are not among `days`."""

    totals: CallTotals
    days: dict[date, DayOfCalls]
    hours: tuple[HourOfCalls, ...]
    dids: tuple[DidOfCalls, ...]


class _Sums(msgspec.Struct):
    inbound: int = 0
    outbound: int = 0
    internal: int = 0
    answered: int = 0
    missed: int = 0
    talk_s: float = 0.0

    def fields(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in self.__struct_fields__} | {
            "talk_s": round(self.talk_s, 1)
        }


class _Folded(msgspec.Struct):
    """The rows of one query, as days, hours and a total."""

    total: _Sums = msgspec.field(default_factory=_Sums)
    days: dict[date, _Sums] = msgspec.field(default_factory=dict)
    hours: list[list[int]] = msgspec.field(default_factory=lambda: [[0, 0] for _ in range(24)])

    def take(self, row: tuple[int, str, int, int, int, float]) -> None:
        hour, direction, calls, answered, missed, talk_s = row
        day = EPOCH + timedelta(days=hour // 24)
        for sums in (self.total, self.days.setdefault(day, _Sums())):
            setattr(sums, direction, getattr(sums, direction) + calls)
            sums.answered += answered
            sums.missed += missed
            sums.talk_s += talk_s
        self.hours[hour % 24][0] += calls
        self.hours[hour % 24][1] += missed


class FigureStore:
    """Counts what `pbx.store.cdrs` has written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, since: datetime, until: datetime, offsets: Sequence[Offset]) -> Counted:
        """The calls that began in this time and are over. `offsets` are in order, the first not after `since`."""
        values = {"since": timestamp(since), "until": timestamp(until)}
        hours = f"{_HOURS.format(offset=_offset_sql(offsets))} {_SEEN} GROUP BY 1, 2"
        dids = f"{_DIDS} {_SEEN} AND direction = 'inbound' GROUP BY did ORDER BY 2 DESC, did"

        def work(connection: sqlite3.Connection) -> Counted:
            folded = _Folded()
            for row in connection.execute(hours, values):
                folded.take(row)
            lines = connection.execute(dids, values).fetchall()
            longest = [most for *_, most in lines if most is not None]
            return Counted(
                totals=CallTotals(
                    **folded.total.fields(),  # type: ignore[arg-type]  # each is of its field's type
                    median_wait_s=_median_wait(connection, values, folded.total.answered),
                    longest_wait_s=round(max(longest), 1) if longest else None,
                ),
                days={
                    day: DayOfCalls(day=day, **sums.fields())  # type: ignore[arg-type]  # likewise
                    for day, sums in folded.days.items()
                },
                hours=tuple(
                    HourOfCalls(hour=hour, calls=calls, missed=missed)
                    for hour, (calls, missed) in enumerate(folded.hours)
                ),
                dids=tuple(
                    DidOfCalls(
                        did=did or "",
                        calls=calls,
                        answered=answered,
                        missed=missed,
                        wait_s=None if wait is None else round(wait, 1),
                    )
                    for did, calls, answered, missed, wait, _ in lines
                ),
            )

        return await self._database.read(work)


def _median_wait(connection: sqlite3.Connection, values: dict[str, float], taken: int) -> float | None:
    """Of the calls from outside that somebody took; the lower of two in the middle."""
    if not taken:
        return None
    query = (
        f"SELECT wait_s {_SEEN} AND direction = 'inbound' AND NOT missed ORDER BY wait_s LIMIT 1 OFFSET :at"
    )
    found = connection.execute(query, values | {"at": (taken - 1) // 2}).fetchone()
    return round(found[0], 1) if found else None


def _offset_sql(offsets: Sequence[Offset]) -> str:
    """How much is to be added at the moment of a row. Numbers only."""
    (_, first), *later = offsets
    cases = [
        f"WHEN started_at >= {timestamp(since)!r} THEN {int(offset)}" for since, offset in reversed(later)
    ]
    return f"(CASE {' '.join(cases)} ELSE {int(first)} END)" if cases else f"({int(first)})"
