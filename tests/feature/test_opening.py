from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.feature.opening import DAYS, is_open, zone_of
from pbx.model.opening import Opening

BERLIN = ZoneInfo("Europe/Berlin")
WORK = (Opening(days=("mon", "tue", "wed", "thu", "fri"), start="08:00", end="18:00"),)


@pytest.mark.parametrize(
    ("utc", "open_"),
    [
        ("2026-01-05T07:00:00", True),  # Monday, 8:00 in Berlin
        ("2026-01-05T06:59:59", False),
        ("2026-01-05T16:59:59", True),
        ("2026-01-05T17:00:00", False),
        ("2026-07-06T06:00:00", True),  # summer time
        ("2026-07-06T16:00:00", False),
        ("2026-01-04T10:00:00", False),  # Sunday
    ],
)
def test_hours_are_those_of_the_zone(utc: str, open_: bool) -> None:
    assert is_open(WORK, datetime.fromisoformat(utc).replace(tzinfo=UTC), BERLIN) is open_


def test_a_span_goes_on_past_midnight() -> None:
    night = (Opening(days=("fri",), start="22:00", end="02:00"),)
    friday = datetime(2026, 1, 9, 22, 0, tzinfo=UTC)
    assert [is_open(night, friday + timedelta(hours=hours), UTC) for hours in (-0.1, 0, 3.9, 4, 24)] == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_a_span_without_times_is_the_whole_day() -> None:
    monday = datetime(2026, 1, 5, tzinfo=UTC)
    span = (Opening(days=("mon",)),)
    assert [is_open(span, monday + timedelta(hours=hours), UTC) for hours in (0, 12, 23.9)] == [True] * 3
    assert not is_open(span, monday - timedelta(seconds=1), UTC)


def test_a_zone_that_nobody_knows_is_none() -> None:
    assert zone_of("Europe/Berlin") == BERLIN
    assert zone_of("Mars/Olympus") is None
    assert zone_of("../etc/passwd") is None


minutes = st.integers(0, 1439)


@given(st.sets(st.sampled_from(DAYS), min_size=1), minutes, minutes, st.integers(0, 7 * 1440 - 1))
def test_a_week_in_minutes_agrees(days: set[str], start: int, end: int, minute: int) -> None:
    """The oracle paints the span on a week of minutes."""
    painted: set[int] = set()
    for day in days:
        begin = DAYS.index(day) * 1440 + start
        length = end - start if start < end else end - start + 1440
        painted |= {each % (7 * 1440) for each in range(begin, begin + length)}
    span = Opening(
        days=tuple(days),  # type: ignore[arg-type]  # drawn from the days
        start=f"{start // 60:02}:{start % 60:02}",
        end=f"{end // 60:02}:{end % 60:02}",
    )
    now = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=minute)
    assert is_open((span,), now, UTC) == (minute in painted)
