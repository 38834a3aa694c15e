"""Whether an office is open, by the hours of its directory, and those hours as a sentence. Pure: time is handed in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge.model.directory import OfficeDirectory, OpenHours
from edge.offline.words import Words

__all__ = ["hours_in_words", "is_open"]


def is_open(directory: OfficeDirectory, now_ms: int) -> bool | None:
    """None when the office has not said when it is."""
    if directory.opening is None:
        return None
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(_zone(directory.time_zone))
    return any(_covers(each, directory, local) for each in directory.opening)


def _covers(span: OpenHours, directory: OfficeDirectory, local: datetime) -> bool:
    """Hours past midnight belong to the day on which they begin; so does its being closed."""
    clock = f"{local:%H:%M}"
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    begins_today = today.weekday() == span.day and today.isoformat() not in directory.closed_on
    if span.from_ < span.to:
        return begins_today and span.from_ <= clock < span.to
    began = yesterday.weekday() == span.day and yesterday.isoformat() not in directory.closed_on
    return (begins_today and clock >= span.from_) or (began and clock < span.to)


def hours_in_words(directory: OfficeDirectory, words: Words) -> str:
    """ "Opening hours: Monday to Friday from 9:00 to 17:00."; empty when nobody has said."""
    if directory.opening is None:
        return ""
    topic = words.hours_topic[0]
    if not directory.opening:
        return words("hours_never", topic=topic)
    by_span: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for day in range(7):
        spans = tuple(sorted((each.from_, each.to) for each in directory.opening if each.day == day))
        if spans:
            by_span.setdefault(spans, []).append(day)
    parts = [_part(days, spans, words) for spans, days in by_span.items()]
    return words("hours", topic=topic, spans=", ".join(parts))


def _part(days: Sequence[int], spans: Sequence[tuple[str, str]], words: Words) -> str:
    named = f" {words('and')} ".join(_runs(days, words))
    said = []
    for start, end in spans:
        if start == end == "00:00":
            said.append(words("all_day", days=named))
        else:
            said.append(words("span", days=named, start=_clock(start), end=_clock(end)))
        named = words("and")
    return " ".join(said)


def _runs(days: Sequence[int], words: Words) -> Iterator[str]:
    """Three and more in a row are named by their ends."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    for run in runs:
        if len(run) > 2:
            yield words("day_range", first=words.days[run[0]], last=words.days[run[-1]])
        else:
            yield from (words.days[day] for day in run)


def _clock(clock: str) -> str:
    return clock.removeprefix("0")


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
