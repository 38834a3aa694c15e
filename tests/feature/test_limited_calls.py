"""Counts that come back after a restart, and notices about calls, on a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pbx.call.cdr import fold
from pbx.feature.alarms import Alarms
from pbx.feature.limited_calls import ALIVE_KEY, recover
from pbx.feature.usage import UsageFold
from pbx.model.call_event import (
    CalledForHelp,
    CallEnded,
    CallEvent,
    CallLimited,
    CallOffered,
    CallRouted,
    LegAnswered,
    LegDialled,
    LegEnded,
    LegJoined,
    LegLeft,
)
from pbx.model.usage import Usage
from pbx.store.cdrs import CdrStore
from pbx.store.database import Database
from pbx.store.state import StateStore
from tests.fakes.clock import EPOCH
from tests.fresh import fresh


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await fresh(tmp_path / "test.sqlite3", poll_s=0) as opened:
        yield opened


def events_of(
    name: str, *, at_s: float = 0, talk_s: float | None = 60, charged_to: str | None = "101"
) -> list[CallEvent]:
    """A call to an outside number; `talk_s` None: it has not ended."""
    at = EPOCH + timedelta(seconds=at_s)
    events: list[CallEvent] = [
        CallOffered(
            call=name,
            at=at,
            from_number="101",
            from_name='a "trunk":"t" in a name',
            from_extension="101",
            dialled="02025550123",
            source="udp:192.0.2.1:5060",
        ),
        CallRouted(call=name, at=at, kind="trunk", to="t", charged_to=charged_to),
        LegDialled(call=name, at=at, leg="b1", target="2025550123", trunk="t", charged_to=charged_to),
        LegAnswered(call=name, at=at, leg="b1"),
        LegAnswered(call=name, at=at, leg="a"),
    ]
    if talk_s is not None:
        end = at + timedelta(seconds=talk_s)
        events.append(LegEnded(call=name, at=end, leg="b1", cause="normal"))
        events.append(CallEnded(call=name, at=end, cause="normal"))
    return events


async def recovered(database: Database, *, now_s: float) -> tuple[UsageFold, list[Usage]]:
    usage, now = UsageFold(), EPOCH + timedelta(seconds=now_s)
    await recover(usage, CdrStore(database), StateStore(database), now)
    return usage, usage.view(now)


async def test_the_counts_after_a_restart_are_those_before_it(database: Database) -> None:
    before = UsageFold()
    cdrs = CdrStore(database)
    for events in (
        events_of("c1"),
        events_of("c2", at_s=4000, talk_s=400),
        events_of("c3", at_s=4100, charged_to="102"),
        events_of("c4", at_s=4200, charged_to=None),
    ):
        await cdrs.put(fold(events))
        for event in events:
            before.take(event)
    _, after = await recovered(database, now_s=5000)
    assert after == before.view(EPOCH + timedelta(seconds=5000))
    assert [(each.key, each.calls_day, each.minutes_day) for each in after] == [
        ("", 3, 8.7),
        ("101", 2, 7.7),
        ("102", 1, 1.0),
        ("t", 3, 8.7),
    ]
    _, later = await recovered(database, now_s=3 * 86_400)
    assert [each.calls_day for each in later] == [0]


async def test_a_leg_that_went_into_an_older_call_is_counted_to_its_end(database: Database) -> None:
    """An attended transfer: the call that takes the leg in began before the one that the leg left."""
    at = EPOCH + timedelta(seconds=100)
    left = [
        *events_of("new", at_s=50, talk_s=None),
        LegLeft(call="new", at=at, leg="b1", to_call="old"),
        CallEnded(call="new", at=at, cause="transferred"),
    ]
    end = EPOCH + timedelta(seconds=170)
    old = [
        msgspec.structs.replace(left[0], call="old", at=EPOCH),
        LegJoined(call="old", at=at, leg="b2", target="2025550123", from_call="new"),
        LegEnded(call="old", at=end, leg="b2", cause="normal"),
        CallEnded(call="old", at=end, cause="normal"),
    ]
    for events in (left, old):
        await CdrStore(database).put(fold(events))
    usage, view = await recovered(database, now_s=1000)
    assert [each.minutes_day for each in view] == [2.0] * 3
    assert not list(usage.running())


async def test_an_interrupted_call_counts_until_the_node_was_last_alive(database: Database) -> None:
    cdrs, state = CdrStore(database), StateStore(database)
    await cdrs.put(fold(events_of("c1", talk_s=None)))
    await state.put(ALIVE_KEY, EPOCH + timedelta(seconds=300))
    await cdrs.close_interrupted(EPOCH + timedelta(hours=8))
    usage, view = await recovered(database, now_s=8 * 3600)
    assert view[0].minutes_day == 5.0
    assert not list(usage.running())


async def test_calls_without_an_outside_leg_are_not_even_read(database: Database) -> None:
    cdrs = CdrStore(database)
    inside = [
        msgspec.structs.replace(each, trunk=None) if isinstance(each, LegDialled) else each
        for each in events_of("c1")
    ]
    await cdrs.put(fold(inside))
    assert await cdrs.with_outside_legs(EPOCH) == []


def test_a_limit_is_told_once_an_hour_and_each_call_for_help() -> None:
    told: list[tuple[Any, ...]] = []
    alarms = Alarms(lambda *notice: told.append(notice))

    def limited(minute: int, extension: str = "101") -> CallLimited:
        at = EPOCH + timedelta(minutes=minute)
        return CallLimited(
            call="c", at=at, limit="office", what="premium", words="no", number="0900", extension=extension
        )

    for minute in (0, 1, 59, 60, 61):
        alarms.take(limited(minute))
    alarms.take(limited(61, "102"))
    assert [(kind, facts["extension"]) for kind, _, _, facts in told] == [
        ("limit", "101"),
        ("limit", "101"),
        ("limit", "102"),
    ]
    told.clear()
    for _ in range(2):
        alarms.take(
            CalledForHelp(call="c", at=EPOCH, number="112", extension="101", name="Alice", location="Room 2")
        )
    assert [title for _, title, _, _ in told] == ["Emergency call to 112 from 101 Alice"] * 2
    assert "Room 2" in told[0][2]
