"""Days and hours as the people of the office count them, also where the clock is changed.

A day there has 23, 24 or 25 hours. SQLite knows nothing of zones, so what it is to group by hours gets the stretches
of time in which the offset to UTC stays the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from pbx.core.errors import UserError

__all__ = ["Stretch", "check_zone", "midnight", "office_zone", "stretches", "zone_name"]

LOCAL = Path("/etc/localtime")
"""The machine's zone with its rules: a bare offset would be wrong in the other half of the year."""
STEP = timedelta(hours=12)
"""No zone changes its offset twice within this."""


def office_zone(name: str) -> tzinfo:
    """The zone of this name, that of the machine for "" and for one that this machine does not know."""
    if name:
        with suppress(ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo(name)
    with suppress(OSError, ValueError), LOCAL.open("rb") as file:
        return ZoneInfo.from_file(file, key="localtime")
    return datetime.now(UTC).astimezone().tzinfo or UTC


def zone_name(name: str) -> str:
    """How the IANA names the office's zone; "" where only the machine's rules are known, not their name."""
    zone = office_zone(name)
    key = zone.key if isinstance(zone, ZoneInfo) else ""
    if key and key != "localtime":
        return key
    with suppress(OSError):
        _, found, rest = str(LOCAL.resolve()).partition("/zoneinfo/")
        if found:
            return rest
    return ""


def check_zone(name: str) -> None:
    """Raises `UserError` 422 for a zone that this machine does not know."""
    if not name:
        return
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UserError(
            "there is no such time zone",
            http_status=422,
            path="$.time_zone",
            got=name,
            needed="a name as Europe/Berlin",
        ) from error


def midnight(day: date, zone: tzinfo) -> datetime:
    """When a day of the office begins; where the clock is changed at midnight, when the first hour does."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


class Stretch(msgspec.Struct, frozen=True):
    """From `since` on, the office's clocks show UTC plus `offset_s`."""

    since: datetime
    offset_s: int


def stretches(since: datetime, until: datetime, zone: tzinfo) -> tuple[Stretch, ...]:
    """Of the time between the two, in order; the first begins at `since`."""
    return tuple(_stretches(since, until, zone))


def _stretches(since: datetime, until: datetime, zone: tzinfo) -> Iterator[Stretch]:
    at, before = since, _offset(since, zone)
    yield Stretch(since, before)
    while at < until:
        then = min(at + STEP, until)
        if (now := _offset(then, zone)) != before:
            yield Stretch(_change(at, then, zone), now)
        at, before = then, now


def _change(early: datetime, late: datetime, zone: tzinfo) -> datetime:
    """The first second with the offset of `late`."""
    wanted = _offset(late, zone)
    while late - early > timedelta(seconds=1):
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle <= early:
            break
        if _offset(middle, zone) == wanted:
            late = middle
        else:
            early = middle
    return late


def _offset(at: datetime, zone: tzinfo) -> int:
    return int((at.astimezone(zone).utcoffset() or timedelta()).total_seconds())
