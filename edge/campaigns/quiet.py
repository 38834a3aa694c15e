"""Quiet hours: when somebody may be texted, by the clock on their wall. Pure; the time is an argument.

A number says where it was given out, not where its owner is. Where it may lie in several time zones, the hours hold in
all of them. Hours are read off the wall clock of that day, so daylight-saving changes need no rule of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["DAYTIME", "Hours", "allowed", "closes", "next_allowed", "zones_of"]

UNKNOWN = "Etc/Unknown"
HORIZON = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes after midnight: from `start` on, before `end`."""

    start: int = 8 * 60
    end: int = 21 * 60

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= 24 * 60:
            raise ValueError(f"no hours of a day: {self.start} to {self.end}")

    def holds(self, wall: datetime) -> bool:
        return self.start <= wall.hour * 60 + wall.minute < self.end


DAYTIME = Hours()


def zones_of(number: str) -> tuple[str, ...]:
    """Where an E.164 number may be, in order; empty when nothing is known."""
    import phonenumbers
    from phonenumbers.timezone import time_zones_for_number

    try:
        found = time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(sorted(zone for zone in found if zone != UNKNOWN))


def allowed(zones: Sequence[str], at_ms: int, hours: Hours = DAYTIME) -> bool:
    """Whether it is daytime in each of the zones. Without a zone it never is."""
    return bool(zones) and all(hours.holds(_wall(zone, at_ms)) for zone in zones)


def next_allowed(zones: Sequence[str], at_ms: int, hours: Hours = DAYTIME) -> int | None:
    """The first moment from `at_ms` on when it is daytime in all zones; None when there is none in a week."""
    if not zones:
        return None
    until = at_ms + int(HORIZON / timedelta(milliseconds=1))
    while at_ms <= until:
        later = max(_opens(zone, at_ms, hours) for zone in zones)
        if later == at_ms:
            return at_ms
        at_ms = later
    return None


def _opens(zone: str, at_ms: int, hours: Hours) -> int:
    """`at_ms` itself in daytime, else about the start of the next one, never after it.

    A start that the clocks skip is looked for minute by minute, from the earlier of its two readings on.
    """
    wall = _wall(zone, at_ms)
    if hours.holds(wall):
        return at_ms
    day = wall.date() + timedelta(days=1 if wall.hour * 60 + wall.minute >= hours.end else 0)
    opening = datetime.combine(day, time(hours.start // 60, hours.start % 60), ZoneInfo(zone))
    opens_ms = int(min(opening.timestamp(), opening.replace(fold=1).timestamp()) * 1000)
    return opens_ms if opens_ms > at_ms else at_ms + 60_000


def _wall(zone: str, at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))


def closes(zones: Sequence[str], at_ms: int, hours: Hours = DAYTIME) -> int:
    """When the daytime that holds at `at_ms` ends in the first of the zones."""
    return min(_ends(zone, at_ms, hours) for zone in zones)


def _ends(zone: str, at_ms: int, hours: Hours) -> int:
    wall = _wall(zone, at_ms)
    day = wall.date() + timedelta(days=hours.end // (24 * 60))
    end = datetime.combine(day, time(hours.end // 60 % 24, hours.end % 60), ZoneInfo(zone))
    readings = sorted(int(each.timestamp() * 1000) for each in (end, end.replace(fold=1)))
    return next((moment for moment in readings if moment > at_ms), at_ms)
