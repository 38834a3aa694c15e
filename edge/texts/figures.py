"""Figures of an office's texts, by day of its own time zone.

The database counts quarters of an hour, since every zone's midnight falls on one; the days are made here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from statistics import median_low
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge.clock import Clock
from edge.errors import EdgeError
from edge.model.text_settings import DayFigures, NumberFigures, SmsAnalytics, SmsQuery, TextFailure
from edge.store import Row, Store
from edge.texts.knowledge import KnowledgeOf

__all__ = ["Figures"]

QUARTER_MS = 900_000
MOST_DAYS = 400
USUAL_DAYS = 30
MOST_PAIRS = 5000
_LEFT = ("sent", "delivered", "failed", "uncertain")


class Figures:
    """`words` explains Twilio's codes."""

    def __init__(
        self, store: Store, clock: Clock, knowledge: KnowledgeOf, words: Callable[[int, str], str]
    ) -> None:
        self._store = store
        self._clock = clock
        self._knowledge = knowledge
        self._words = words

    async def of(self, office: str, query: SmsQuery) -> SmsAnalytics:
        """Raises `EdgeError` 422."""
        name = (await self._knowledge(office)).time_zone
        zone = _zone(name)
        first, last = self._span(query, zone)
        start, end = _ms(first, zone), _ms(last + timedelta(days=1), zone)
        counts = await self._store.all(
            "SELECT at / $1 AS quarter, direction, author, state, ours, code, COUNT(*) AS n, SUM(segments) AS parts"
            " FROM text_message WHERE office = $2 AND at >= $3 AND at < $4 AND ($5 = '' OR ours = $5)"
            " GROUP BY at / $1, direction, author, state, ours, code",
            QUARTER_MS, office, start, end, query.number,
        )  # fmt: skip
        changes = await self._store.all(
            "SELECT opted_out, COUNT(*) AS n FROM text_consent_change WHERE office = $1 AND at >= $2 AND at < $3"
            " AND ($4 = '' OR ours = $4) GROUP BY opted_out",
            office, start, end, query.number,
        )  # fmt: skip
        by_change = {bool(row["opted_out"]): row["n"] for row in changes}
        return SmsAnalytics(
            first=first.isoformat(),
            last=last.isoformat(),
            time_zone=str(getattr(zone, "key", "UTC")),
            days=_days(counts, first, last, zone),
            numbers=_numbers(counts),
            failures=self._failures(counts),
            opted_out=by_change.get(True, 0),
            opted_in=by_change.get(False, 0),
            segments=sum(int(row["parts"]) for row in counts if row["direction"] == "out"),
            answered_s=await self._answered(office, start, end, query.number),
        )

    def _span(self, query: SmsQuery, zone: tzinfo) -> tuple[date, date]:
        today = datetime.fromtimestamp(self._clock.now_ms() / 1000, zone).date()
        try:
            last = date.fromisoformat(query.last) if query.last else today
            first = date.fromisoformat(query.first) if query.first else last - timedelta(days=USUAL_DAYS - 1)
        except (ValueError, OverflowError) as error:
            raise EdgeError(422, f"This is no day: {error}.", field="query.first") from None
        if first > last or (last - first).days >= MOST_DAYS or not 2000 <= first.year <= last.year <= 2200:
            raise EdgeError(
                422, f"From one day to a later one, {MOST_DAYS} days at most.", field="query.first"
            )
        return first, last

    def _failures(self, counts: Sequence[Row]) -> tuple[TextFailure, ...]:
        failed = Counter[int]()
        for row in counts:
            if row["state"] == "failed":
                failed[row["code"]] += row["n"]
        return tuple(
            TextFailure(code=code, words=self._words(code, ""), count=count)
            for code, count in failed.most_common(20)
        )

    async def _answered(self, office: str, start: int, end: int, number: str) -> int | None:
        """From a text to the first that the office sent after it; of the latest ones, where there are very many."""
        rows = await self._store.all(
            "SELECT i.at AS asked, (SELECT MIN(o.at) FROM text_message o WHERE o.office = i.office AND o.ours = i.ours"
            "  AND o.theirs = i.theirs AND o.direction = 'out' AND o.at >= i.at AND o.campaign = '') AS answered"
            " FROM text_message i WHERE i.office = $1 AND i.direction = 'in' AND i.at >= $2 AND i.at < $3"
            " AND ($4 = '' OR i.ours = $4) ORDER BY i.at DESC LIMIT $5",
            office, start, end, number, MOST_PAIRS,
        )  # fmt: skip
        took = [row["answered"] - row["asked"] for row in rows if row["answered"] is not None]
        return median_low(took) // 1000 if took else None


def _days(counts: Sequence[Row], first: date, last: date, zone: tzinfo) -> tuple[DayFigures, ...]:
    by_day: dict[date, Counter[str]] = {
        first + timedelta(days=n): Counter() for n in range((last - first).days + 1)
    }
    for row in counts:
        day = datetime.fromtimestamp(int(row["quarter"]) * QUARTER_MS / 1000, zone).date()
        if (tally := by_day.get(day)) is None:
            continue
        if row["direction"] == "in":
            tally["received"] += row["n"]
        elif row["state"] in _LEFT:
            tally["sent"] += row["n"]
            if row["state"] != "sent":
                tally[row["state"]] += row["n"]
            by = {"ai": "by_ai", "person": "by_people", "campaign": "by_campaigns"}.get(row["author"])
            if by is not None:
                tally[by] += row["n"]
    return tuple(DayFigures(day=day.isoformat(), **tally) for day, tally in by_day.items())


def _numbers(counts: Sequence[Row]) -> tuple[NumberFigures, ...]:
    received, sent = Counter[str](), Counter[str]()
    for row in counts:
        if row["direction"] == "in":
            received[row["ours"]] += row["n"]
        elif row["state"] in _LEFT:
            sent[row["ours"]] += row["n"]
    return tuple(
        NumberFigures(number=number, received=received[number], sent=sent[number])
        for number in sorted({*received, *sent})
    )


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _ms(day: date, zone: tzinfo) -> int:
    return round(datetime.combine(day, time(), zone).timestamp() * 1000)
