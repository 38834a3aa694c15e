"""Schedules: named hours that rules of time switches go by, and when they open or close next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.flow.hours import DAYS, OPEN, TimeRule, decide_schedule, next_change
from pbx.flow.node import NodeError
from pbx.flow.nodes.time_switch import TimeSwitch
from pbx.model.opening import DateSpan, Opening, SpecialDay
from pbx.model.schedule import Schedule
from tests.flow.parts import Caller, World, run

BERLIN = ZoneInfo("Europe/Berlin")
WORK = (Opening(days=("mon", "tue", "wed", "thu", "fri"), start="08:00", end="17:00"),)
OFFICE = Schedule(id="office", name="Office", hours=WORK, time_zone="Europe/Berlin", holiday_country="DE")


def public(day: datetime, country: str, region: str) -> str:
    return {"2026-05-01": "Labour Day"}.get(f"{day:%Y-%m-%d}", "") if country == "DE" else ""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("now", "exit", "change"),
    [
        ("2026-03-03T07:59", "otherwise", "2026-03-03T08:00"),
        ("2026-03-03T08:00", OPEN, "2026-03-03T17:00"),
        ("2026-03-06T17:00", "otherwise", "2026-03-09T08:00"),  # over the weekend
        ("2026-04-30T18:00", "otherwise", "2026-05-04T08:00"),  # and a holiday before it
        ("2026-05-01T12:00", "holiday", "2026-05-04T08:00"),
    ],
)
def test_what_it_is_and_when_that_changes(now: str, exit: str, change: str) -> None:
    found = decide_schedule(OFFICE, at(now), zone=UTC, public_holiday=public)
    assert found.exit == exit
    assert next_change(OFFICE, at(now), zone=UTC, public_holiday=public) == at(change)


def test_always_open_never_changes_but_for_its_own_days() -> None:
    always = Schedule(id="a", name="Always")
    assert next_change(always, at("2026-03-03T12:00"), zone=BERLIN, public_holiday=public) is None
    shut = (SpecialDay(name="Party", days=DateSpan(first="12-24", last="12-26")),)
    party = Schedule(id="p", name="Always but", special_days=shut)
    now = at("2026-12-24T12:00")
    assert decide_schedule(party, now, zone=BERLIN, public_holiday=public).because == "Party"
    assert next_change(party, now, zone=BERLIN, public_holiday=public) == at("2026-12-27T00:00")


clocks = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
openings = st.builds(
    Opening,
    days=st.lists(st.sampled_from(DAYS), min_size=1, unique=True).map(tuple),
    start=clocks,
    end=clocks,
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(openings, min_size=1, max_size=4).map(tuple),
    st.sampled_from(["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
)
def test_nothing_changes_before_the_next_change(
    hours: tuple[Opening, ...], zone: str, moment: datetime
) -> None:
    schedule = Schedule(id="s", name="S", hours=hours, time_zone=zone)
    now = moment.replace(second=0, microsecond=0, tzinfo=UTC)

    def is_open(when: datetime) -> bool:
        return decide_schedule(schedule, when, zone=UTC, public_holiday=public).exit == OPEN

    change = next_change(schedule, now, zone=UTC, public_holiday=public)
    end = now + timedelta(days=9) if change is None else change
    assert end > now
    step = now
    while (step := step + timedelta(minutes=15)) < min(end, now + timedelta(days=9)):
        assert is_open(step) is is_open(now), step
    assert change is None or is_open(change) is not is_open(now)


async def test_a_rule_goes_by_a_schedule() -> None:
    node = TimeSwitch(rules=(TimeRule(exit="open", schedule="office"),))
    world = World(
        Caller(now=at("2026-05-01T12:00")),
        zone="Europe/Berlin",
        schedules={"office": OFFICE},
        holidays={"2026-05-01": "Labour Day"},
    )
    assert await run(node, world) == "otherwise"
    world.holidays = {}
    assert await run(node, world) == "open"
    world.caller.now = at("2026-05-01T18:00")
    assert await run(node, world) == "otherwise"
    world.schedules = {}
    with pytest.raises(NodeError):
        await node.run(world.context())
