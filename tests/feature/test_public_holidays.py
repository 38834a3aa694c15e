"""Public holidays, and what a time switch makes of them."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime

import pytest

from pbx.feature import public_holidays
from pbx.feature.public_holidays import public_holiday, supports
from pbx.flow.nodes.time_switch import TimeSwitch
from pbx.model.flow import Flow, FlowNode


@pytest.mark.parametrize(
    ("day", "country", "region", "is_one"),
    [
        ("2026-10-03", "DE", "", True),
        ("2026-11-01", "DE", "", False),
        ("2026-11-01", "DE", "BY", True),  # only in some states
        ("2026-07-04", "US", "", True),
        ("2026-07-04", "GB", "", False),
        ("2026-04-06", "DE", "", True),  # Easter Monday moves
        ("2027-03-29", "DE", "", True),
        ("2026-04-06", "US", "", False),
    ],
)
def test_days(day: str, country: str, region: str, is_one: bool) -> None:
    assert bool(public_holiday(date.fromisoformat(day), country, region)) == is_one


def test_names_are_english() -> None:
    assert public_holiday(date(2026, 12, 25), "DE") == "Christmas Day"


def test_what_nobody_knows() -> None:
    assert supports("DE", "BY")
    assert not supports("DE", "ZZZ")
    assert not supports("XX")
    with pytest.raises(LookupError):
        public_holiday(date(2026, 1, 1), "XX")
    assert [name for name, _ in TimeSwitch(holiday_country="XX").faults()] == ["holiday_country"]
    assert [name for name, _ in TimeSwitch(holiday_country="DE", holiday_region="ZZZ").faults()] == [
        "holiday_region"
    ]


def test_the_day_is_that_of_the_office_and_not_of_greenwich() -> None:
    from pbx.flow.hours import decide

    node = TimeSwitch(holiday_country="US", holiday_exit=True, time_zone="Pacific/Honolulu")

    def at(moment: datetime) -> str:
        return decide(
            node.hours(""), moment, public_holiday=lambda day: public_holiday(day.date(), "US")
        ).exit

    assert at(datetime(2026, 7, 5, 9, 59, tzinfo=UTC)) == "holiday"
    assert at(datetime(2026, 7, 5, 10, 0, tzinfo=UTC)) == "otherwise"
    assert at(datetime(2026, 12, 25, 9, 59, tzinfo=UTC)) == "otherwise"


async def test_they_are_loaded_beside_the_calls_and_only_when_somebody_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[threading.Thread] = []
    monkeypatch.setattr(public_holidays, "loaded", lambda: bool(threads))
    monkeypatch.setattr(public_holidays, "load", lambda: threads.append(threading.current_thread()))
    plain = FlowNode(type="time_switch")
    await public_holidays.needed([Flow(number="500", name="Main", nodes={"a": plain})])
    assert not threads
    asks = FlowNode(type="time_switch", parameters={"holiday_country": "DE"})
    for _ in range(2):
        await public_holidays.needed([Flow(number="500", name="Main", nodes={"a": plain, "b": asks})])
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
