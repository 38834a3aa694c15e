"""What a time switch decides, against the clock on the wall, minute by minute, around changes of summer time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.flow.hours import DAYS, FlagOverride, Hours, TimeRule, decide
from pbx.flow.nodes.time_switch import TimeSwitch
from pbx.model.opening import DateSpan, Opening, SpecialDay
from tests.flow.parts import Caller, World, run

CHANGES = [  # a zone, and a moment (UTC) at which its clocks jump
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),  # half an hour
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Pacific/Auckland", datetime(2026, 4, 4, 14, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 4, 5, 3, tzinfo=UTC)),  # at midnight
    ("America/Santiago", datetime(2026, 9, 6, 4, tzinfo=UTC)),  # a day without a midnight
    ("Africa/Cairo", datetime(2026, 4, 23, 22, tzinfo=UTC)),  # likewise
]


@pytest.mark.parametrize(("zone", "at"), CHANGES)
def test_the_moments_are_changes(zone: str, at: datetime) -> None:
    before, after = (each.astimezone(ZoneInfo(zone)).utcoffset() for each in (at - timedelta(minutes=1), at))
    assert before != after


def minutes_of(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def walls(spans: tuple[Opening, ...], days: list[date]) -> set[datetime]:
    """Every minute that the clock on the wall shows while one of the spans lasts, counted one by one."""
    found: set[datetime] = set()
    for day in days:
        for span in spans:
            if DAYS[day.weekday()] not in span.days:
                continue
            midnight = datetime.combine(day, time())
            begin, end = minutes_of(span.start), minutes_of(span.end)
            while end <= begin:
                end += 24 * 60
            found |= {midnight + timedelta(minutes=each) for each in range(begin, end)}
    return found


clocks = st.builds(
    lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.sampled_from([0, 1, 30, 59])
)
spans_of_days = st.builds(
    lambda days, start, end: Opening(days=tuple(sorted(days)), start=start, end=end),
    st.sets(st.sampled_from(DAYS), min_size=1),
    clocks,
    clocks,
)


@settings(max_examples=4, deadline=None)
@given(spans=st.lists(spans_of_days, min_size=1, max_size=3).map(tuple))
@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_hours_are_those_of_the_clock_on_the_wall(
    zone: str, change: datetime, spans: tuple[Opening, ...]
) -> None:
    """From 30 hours before the change to 30 hours after it."""
    hours = Hours(ZoneInfo(zone), (TimeRule(exit="open", hours=spans),))
    middle = change.astimezone(ZoneInfo(zone)).date()
    open_at = walls(spans, [middle + timedelta(days=each) for each in range(-4, 5)])
    for minutes in range(-30 * 60, 30 * 60, 11):
        at = change + timedelta(minutes=minutes)
        wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
        assert (decide(hours, at).exit == "open") == (wall in open_at), f"{at} is {wall} there"


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_a_day_is_open_for_as_long_as_it_lasts(zone: str, change: datetime) -> None:
    """Open from 00:00 to 00:00 on the day of the change: 23, 24½ or 25 hours, as long as the day is."""
    info = ZoneInfo(zone)
    day = change.astimezone(info).date()
    begin, end = (
        datetime(each.year, each.month, each.day, tzinfo=info) for each in (day, day + timedelta(days=1))
    )
    lasts = (end.astimezone(UTC) - begin.astimezone(UTC)) // timedelta(minutes=1)
    only = TimeRule(exit="open", dates=(DateSpan(first=day.isoformat()),))
    start = begin.astimezone(UTC) - timedelta(hours=5)
    opened = sum(
        decide(Hours(info, (only,)), start + timedelta(minutes=each)).exit == "open"
        for each in range(36 * 60)
    )
    assert opened == lasts


# -- days --------------------------------------------------------------------------------------------------------------

NIGHT = Opening(days=("fri",), start="22:00", end="06:00")
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("moment", "exit"),
    [
        ("2026-03-06T21:59", "otherwise"),
        ("2026-03-06T22:00", "night"),
        ("2026-03-07T05:59", "night"),
        ("2026-03-07T06:00", "otherwise"),
        ("2026-03-07T23:00", "otherwise"),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(moment: str, exit: str) -> None:
    assert decide(Hours(BERLIN, (TimeRule(exit="night", hours=(NIGHT,)),)), at(moment)).exit == exit


def test_the_night_into_a_holiday_is_no_holiday_and_the_night_after_it_is_one() -> None:
    every = TimeRule(exit="night", hours=(Opening(days=DAYS, start="22:00", end="06:00"),))
    hours = Hours(
        BERLIN, (every,), (SpecialDay(name="Feast", days=DateSpan(first="03-10")),), holiday_exit=True
    )
    got = [
        decide(hours, at(f"2026-03-{each}")).exit for each in ("10T02:00", "10T12:00", "10T23:00", "11T02:00")
    ]
    assert got == ["night", "holiday", "holiday", "otherwise"]


def test_days_of_every_year_may_go_past_its_end() -> None:
    hours = Hours(BERLIN, (TimeRule(exit="closed", dates=(DateSpan(first="12-24", last="01-06"),)),))
    days = {
        "2026-12-23": 0,
        "2026-12-24": 1,
        "2027-01-01": 1,
        "2027-01-06": 1,
        "2027-01-07": 0,
        "2026-07-01": 0,
    }
    for day, closed in days.items():
        assert (decide(hours, at(f"{day}T12:00")).exit == "closed") == bool(closed), day


@given(
    st.dates(date(2024, 1, 1), date(2032, 12, 31)),
    st.dates(date(2024, 1, 1), date(2032, 12, 31)),
    st.dates(date(2024, 1, 1), date(2032, 12, 31)),
)
def test_a_span_of_dates_is_what_lies_between(first: date, last: date, day: date) -> None:
    span = DateSpan(first=first.isoformat(), last=last.isoformat())
    hours = Hours(UTC, (TimeRule(exit="x", dates=(span,)),))
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert (decide(hours, noon).exit == "x") == (first <= day <= last)


# -- holidays ----------------------------------------------------------------------------------------------------------

WORK = TimeRule(exit="open", name="Hours", hours=(Opening(days=DAYS, start="08:00", end="17:00"),))


def public(day: datetime) -> str:
    return {"2026-05-01": "Labour Day", "2026-10-03": "Unity Day"}.get(f"{day:%Y-%m-%d}", "")


@pytest.mark.parametrize(
    ("rules", "day", "exit", "because"),
    [
        ((WORK,), "2026-05-01", "holiday", "Labour Day"),
        ((WORK,), "2026-05-02", "open", "Hours"),
        ((WORK,), "2026-10-03", "open", "Hours"),  # the office works on it
        ((WORK,), "2026-08-15", "holiday", "Summer party"),
        ((TimeRule(exit="emergency", name="Always", holidays="also"),), "2026-05-01", "emergency", "Always"),
        ((TimeRule(exit="duty", name="Duty", holidays="only"), WORK), "2026-05-01", "duty", "Duty"),
        ((TimeRule(exit="duty", name="Duty", holidays="only"), WORK), "2026-05-02", "open", "Hours"),
    ],
)
def test_holidays(rules: tuple[TimeRule, ...], day: str, exit: str, because: str) -> None:
    special = (
        SpecialDay(name="We work", days=DateSpan(first="10-03"), holiday=False),
        SpecialDay(name="Summer party", days=DateSpan(first="2026-08-15")),
    )
    hours = Hours(BERLIN, rules, special, holiday_exit=True)
    verdict = decide(hours, at(f"{day}T12:00"), public_holiday=public)
    assert (verdict.exit, verdict.because) == (exit, because)


def test_a_switch_that_is_on_goes_before_everything() -> None:
    hours = Hours(
        BERLIN, (WORK,), overrides=(FlagOverride(flag="night"), FlagOverride(flag="party", exit="party"))
    )
    noon = at("2026-03-03T12:00")
    assert decide(hours, noon, flag={"night", "party"}.__contains__).exit == "manual"
    assert decide(hours, at("2026-03-03T23:00"), flag={"party"}.__contains__).exit == "party"
    assert decide(hours, noon).exit == "open"


# -- the node ----------------------------------------------------------------------------------------------------------


async def test_the_node_asks_the_office() -> None:
    node = TimeSwitch(
        rules=(WORK,), holiday_country="DE", holiday_exit=True, overrides=(FlagOverride(flag="night"),)
    )
    assert [each.name for each in node.ways()] == ["open", "manual", "holiday", "otherwise"]
    world = World(Caller(now=datetime(2026, 5, 1, 7, tzinfo=UTC)), zone="Europe/Berlin")
    assert await run(node, world) == "open"
    world.holidays = {"2026-05-01": "Labour Day"}
    assert await run(node, world) == "holiday"
    world.flags = {"night"}
    assert await run(node, world) == "manual"


async def test_what_happens_at_another_time() -> None:
    node = TimeSwitch(rules=(WORK,), time_zone="America/New_York")
    context = World(zone="Europe/Berlin").context()
    assert node.at(context, datetime(2026, 3, 2, 13, tzinfo=UTC)).exit == "open"
    assert node.at(context, datetime(2026, 3, 2, 12, 59, tzinfo=UTC)).because == "no rule fits"


def test_what_does_not_fit_together() -> None:
    node = TimeSwitch(
        time_zone="Mars/Olympus",
        holiday_region="BY",
        holiday_exit=True,
        rules=(
            TimeRule(exit="a"),
            TimeRule(exit="a", holidays="only"),
            TimeRule(
                exit="b", dates=(DateSpan(first="2026-02-30"), DateSpan(first="12-24", last="2027-01-06"))
            ),
            TimeRule(
                exit="c", dates=(DateSpan(first="2026-12-24", last="2026-01-06"), DateSpan(first="02-29"))
            ),
        ),
    )
    assert [name for name, _ in node.faults()] == [
        "time_zone",
        "holiday_region",
        "holiday_exit",
        "rules",
        "rules[1].holidays",
        "rules[2].dates",
        "rules[2].dates",
        "rules[3].dates",
    ]
