"""The directory that edges get: made from the records, and what the edge reads is what the node wrote."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from edge.model.directory import OfficeDirectory
from edge.offline.hours import is_open
from pbx.core.events import EventBus
from pbx.feature.edge_directory import EdgeDirectories, closed_days, office_schedule
from pbx.feature.opening import DAYS
from pbx.flow.hours import OPEN, decide_schedule
from pbx.model.extension import Extension
from pbx.model.inbound_number import InboundNumber
from pbx.model.kind import Kind
from pbx.model.mailbox import Mailbox
from pbx.model.opening import DateSpan, Opening, SpecialDay
from pbx.model.schedule import Schedule
from pbx.model.settings import OfficeSettings
from tests.fakes.virtual_loop import run_virtual

WEEK = Opening(days=DAYS[:5], start="09:00", end="17:00")  # type: ignore[arg-type]
LATE = Opening(days=("fri",), start="22:00", end="02:00")


class Records:
    """An office in memory."""

    def __init__(self) -> None:
        self.records: dict[str, list[Any]] = {
            "extension": [
                Extension(
                    number="102", name="Bob", mailbox="102", department="Sales", forward_to="+12025550172"
                ),
                Extension(number="101", name="Alice", mailbox="gone"),
                Extension(number="1000", name="Off", enabled=False),
            ],
            "mailbox": [Mailbox(number="102", name="Bob", emails=("bob@office.example",))],
            "inbound_number": [
                InboundNumber(number="+12025550100", name="Main", destination="800"),
                InboundNumber(number="+12025550110", last="+12025550112", name="Block", destination="1XX"),
            ],
            "schedule": [],
        }
        self.listeners: list[Callable[[], None]] = []

    def all(self, kind: Kind) -> tuple[Any, ...]:
        return tuple(self.records.get(kind.name, ()))

    def on_change(self, listener: Callable[[], None]) -> None:
        self.listeners.append(listener)

    def change(self, name: str, records: list[Any]) -> None:
        self.records[name] = records
        for each in self.listeners:
            each()


class Wall:
    def now(self) -> datetime:
        return datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


def directories(records: Records, bus: EventBus, settings: Callable[[], OfficeSettings]) -> EdgeDirectories:
    return EdgeDirectories(
        records,  # type: ignore[arg-type]
        settings,
        bus,
        Wall(),
        country="US",
        language="en",
        time_zone="Europe/Berlin",
    )


async def made(records: Records, settings: OfficeSettings | None = None) -> OfficeDirectory:
    own = directories(records, EventBus(), lambda: settings or OfficeSettings(office_name="Example Ltd"))
    await own.refresh()
    return msgspec.json.decode(own.document, type=OfficeDirectory)


async def test_the_edge_reads_what_the_node_writes() -> None:
    found = await made(Records(), OfficeSettings(office_name="Example Ltd", fallback_number="+12025550177"))
    assert (found.office_name, found.country, found.language) == ("Example Ltd", "US", "en")
    assert (found.time_zone, found.opening, found.fallback_number) == ("Europe/Berlin", None, "+12025550177")
    assert [each.number for each in found.extensions] == ["101", "102"], "whoever is switched off is not told"
    alice, bob = found.extensions
    assert (alice.mailbox, alice.email) == (False, None)
    assert (bob.department, bob.forward_to) == ("Sales", "+12025550172")
    assert (bob.mailbox, bob.email, bob.listed) == (True, "bob@office.example", True)
    assert [(each.number, each.destination) for each in found.numbers] == [
        ("+12025550100", "800"),
        ("+12025550110", "110"),
        ("+12025550111", "111"),
        ("+12025550112", "112"),
    ]


async def test_a_block_and_an_office_of_any_size_stay_within_bounds() -> None:
    records = Records()
    records.records["inbound_number"] = [
        InboundNumber(number="+12025000000", last="+12025999999", name="All", destination="0")
    ]
    records.records["extension"] = [Extension(number=str(1000 + n), name="x" * 60) for n in range(3000)]
    found = await made(records)
    assert len(found.numbers) == 200
    assert len(found.extensions) == 3000


def test_the_schedule_of_the_office_is_named_or_the_only_one() -> None:
    one, two = Schedule(id="sales", name="Sales"), Schedule(id="office", name="Office")
    assert office_schedule([]) is None
    assert office_schedule([one]) is one
    assert office_schedule([one, two]) is two
    assert office_schedule([one, Schedule(id="support", name="Support")]) is None


def test_days_on_which_it_is_closed() -> None:
    schedule = Schedule(
        id="office",
        name="Office",
        holiday_country="US",
        special_days=(
            SpecialDay(name="Working", days=DateSpan(first="2026-12-25"), holiday=False),
            SpecialDay(name="Party", days=DateSpan(first="12-30", last="01-02")),
        ),
    )
    days = closed_days(schedule, date(2026, 11, 20))
    assert "2026-11-26" in days, "Thanksgiving"
    assert "2026-12-25" not in days, "the office's own days go first"
    assert {"2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02"} <= set(days)
    assert len(days) < 30
    assert closed_days(Schedule(id="x", name="X", holiday_country="ZZ"), date(2026, 11, 20)) == ()


async def test_the_edge_is_open_when_the_office_is() -> None:
    """Hour by hour for five weeks, with a change of the clocks, against what flows go by."""
    schedule = Schedule(
        id="office",
        name="Office",
        time_zone="America/New_York",
        hours=(WEEK, LATE),
        holiday_country="US",
        special_days=(SpecialDay(name="Bridge", days=DateSpan(first="2026-11-27")),),
    )
    records = Records()
    records.records["schedule"] = [schedule]
    found = await made(records)
    from pbx.feature.public_holidays import public_holiday

    begin = datetime(2026, 11, 20, tzinfo=UTC)
    for hours in range(24 * 35):
        at = datetime.fromtimestamp(begin.timestamp() + hours * 3600, UTC)
        verdict = decide_schedule(
            schedule,
            at,
            zone=None,
            public_holiday=lambda day, *place: public_holiday(day.date(), *place),
        )
        assert is_open(found, round(at.timestamp() * 1000)) is (verdict.exit == OPEN), at


async def test_no_hours_are_day_and_night_and_no_schedule_is_nobody_knows() -> None:
    records = Records()
    records.records["schedule"] = [Schedule(id="office", name="Office")]
    assert is_open(await made(records), 0) is True
    assert is_open(await made(Records()), 0) is None


def test_bursts_of_changes_are_told_once() -> None:
    async def story() -> None:
        records, bus = Records(), EventBus()
        settings = OfficeSettings(office_name="Before")
        own = directories(records, bus, lambda: settings)
        told: list[OfficeDirectory] = []
        own.changed.append(lambda document: told.append(msgspec.json.decode(document, type=OfficeDirectory)))
        async with asyncio.TaskGroup() as group:
            task = group.create_task(own.run())
            await asyncio.sleep(0.5)
            assert [len(each.extensions) for each in told] == [2]
            for count in range(20):
                records.change("extension", [Extension(number="101", name=f"Alice {count}")])
                await asyncio.sleep(0.1)
            await asyncio.sleep(3)
            assert [each.extensions[0].name for each in told[1:]] == ["Alice 19"]
            records.change("trunk", [])
            await asyncio.sleep(10)
            assert len(told) == 2, "nothing of it is different"
            settings = OfficeSettings(office_name="After")
            bus.publish("settings", settings)
            await asyncio.sleep(10)
            assert told[-1].office_name == "After"
            for _ in range(200):  # somebody who never stops
                records.change("extension", [Extension(number="101", name=str(_))])
                await asyncio.sleep(0.1)
            assert 5 <= len(told) <= 9
            task.cancel()

    run_virtual(story)
