"""Quiet hours by the wall clock of the recipient, over every daylight-saving change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.campaigns.quiet import DAYTIME, Hours, allowed, next_allowed, zones_of

MINUTE = 60_000


def ms(year: int, month: int, day: int, hour: int, minute: int = 0, zone: str = "UTC") -> int:
    return int(datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def test_the_hours_are_from_eight_to_before_nine_at_night() -> None:
    zone = ("America/New_York",)
    assert not allowed(zone, ms(2026, 6, 1, 7, 59, zone[0]))
    assert allowed(zone, ms(2026, 6, 1, 8, 0, zone[0]))
    assert allowed(zone, ms(2026, 6, 1, 20, 59, zone[0]))
    assert not allowed(zone, ms(2026, 6, 1, 21, 0, zone[0]))


def test_a_number_of_two_zones_waits_for_both() -> None:
    idaho = zones_of("+12085551234")
    assert idaho == ("America/Boise", "America/Los_Angeles")
    assert not allowed(idaho, ms(2026, 6, 1, 8, 30, "America/Boise"))
    assert allowed(idaho, ms(2026, 6, 1, 8, 0, "America/Los_Angeles"))
    assert not allowed(idaho, ms(2026, 6, 1, 20, 30, "America/Los_Angeles"))
    assert next_allowed(idaho, ms(2026, 6, 1, 6, 0, "America/Boise")) == ms(
        2026, 6, 1, 8, 0, "America/Los_Angeles"
    )


def test_all_of_russia_is_awake_together_for_a_few_hours() -> None:
    zones = zones_of("+79161234567")
    assert len(zones) > 10
    opens = next_allowed(zones, ms(2026, 6, 1, 12, 0))
    assert opens is not None
    assert allowed(zones, opens)


def test_nothing_is_sent_where_no_zone_is_known_or_none_fits() -> None:
    assert zones_of("garbage") == ()
    assert not allowed((), ms(2026, 6, 1, 12))
    assert next_allowed((), ms(2026, 6, 1, 12)) is None
    assert next_allowed(("Pacific/Kiritimati", "Pacific/Pago_Pago"), 0, Hours(8 * 60, 8 * 60 + 1)) is None


CHANGES = [
    ("America/New_York", 2026, 3, 8),
    ("America/New_York", 2026, 11, 1),
    ("America/Sao_Paulo", 2018, 11, 4),
    ("Europe/London", 2026, 3, 29),
    ("Europe/London", 2026, 10, 25),
    ("Australia/Lord_Howe", 2026, 4, 5),
    ("Australia/Lord_Howe", 2026, 10, 4),
    ("Pacific/Apia", 2011, 12, 29),
    ("Africa/Casablanca", 2026, 2, 15),
]


@pytest.mark.parametrize(("zone", "year", "month", "day"), CHANGES)
def test_eight_is_eight_on_the_days_around_a_change(zone: str, year: int, month: int, day: int) -> None:
    """The oracle is the wall clock itself, minute by minute for four days."""
    at = ms(year, month, day, 0) - 24 * 60 * MINUTE
    expected = None
    for minute in range(4 * 24 * 60, -1, -1):
        now = at + minute * MINUTE
        wall = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(zone))
        open_now = 8 <= wall.hour < 21
        assert allowed((zone,), now) == open_now
        expected = now if open_now else expected
        if expected is not None and minute % 7 == 0:
            assert next_allowed((zone,), now) == expected


ZONES = st.lists(
    st.sampled_from(
        [
            "America/New_York",
            "America/Boise",
            "Pacific/Honolulu",
            "Europe/Berlin",
            "Asia/Kathmandu",
            "America/St_Johns",
        ]
    ),
    min_size=1,
    max_size=3,
    unique=True,
).map(tuple)
START = st.integers(0, 23 * 60)


@settings(max_examples=60)
@given(zones=ZONES, at=st.integers(1_700_000_000, 1_900_000_000), start=START, length=st.integers(30, 900))
@example(zones=("Europe/Berlin",), at=1_774_742_400, start=150, length=60)
def test_the_next_moment_is_allowed_and_no_minute_before_it_is(
    zones: tuple[str, ...], at: int, start: int, length: int
) -> None:
    hours = Hours(start, min(start + length, 24 * 60))
    now = at * 1000
    found = next_allowed(zones, now, hours)
    last = found if found is not None else now + int(timedelta(days=7) / timedelta(milliseconds=1))
    assert found is None or allowed(zones, found, hours)
    probe = now
    while probe < last:
        assert not allowed(zones, probe, hours)
        probe += 10 * MINUTE
    if found is not None and found > now:
        assert not allowed(zones, found - 1, hours)


def test_hours_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="no hours"):
        Hours(DAYTIME.end, DAYTIME.start)
