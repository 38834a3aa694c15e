"""Whether it is within some hours of the week, in a time zone. Summer time is the zone's own business."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pbx.model.opening import DateSpan, Opening

__all__ = ["DAYS", "is_open", "within", "zone_of"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo | None:
    """None for a zone that nobody knows."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_open(hours: Sequence[Opening], now: datetime, zone: tzinfo | None) -> bool:
    """Whether `now` lies in one of `hours`; without a zone they are those of the machine."""
    local = now.astimezone(zone)
    today, yesterday = DAYS[local.weekday()], DAYS[(local - timedelta(days=1)).weekday()]
    clock = f"{local:%H:%M}"
    return any(_covers(each, clock, today, yesterday) for each in hours)


def _covers(span: Opening, clock: str, today: str, yesterday: str) -> bool:
    if span.start < span.end:
        return today in span.days and span.start <= clock < span.end
    return (today in span.days and clock >= span.start) or (yesterday in span.days and clock < span.end)


def within(span: DateSpan, day: date) -> bool:
    """Whether a day is one of a span, which may be one of every year."""
    first, last = span.first, span.last or span.first
    if len(first) > 5:
        return first <= day.isoformat() <= last
    month_day = f"{day:%m-%d}"
    return first <= month_day <= last if first <= last else month_day >= first or month_day <= last
