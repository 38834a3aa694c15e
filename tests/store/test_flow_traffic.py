"""Counts of calls by node and exit, against a slow look at every call."""

from __future__ import annotations

import sqlite3
import statistics
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.model.call_event import CallEvent, CallOffered
from pbx.model.cdr import Cdr
from pbx.model.flow_event import FlowEntered, NodeEntered, NodeLeft
from pbx.model.flow_path import path_of
from pbx.store.cdrs import CdrStore
from pbx.store.database import Database
from pbx.store.flow_traffic import count_call, traffic_of, two_digits
from pbx.store.migrate import MIGRATIONS
from tests.fakes.clock import EPOCH

Walk = list[tuple[str, str | None, float]]
"""Node, exit (None: the call ends there), seconds."""


def events(name: str, walk: Walk, *, day: int = 0, revision: int = 1) -> Iterator[CallEvent]:
    at = EPOCH + timedelta(days=day)
    yield CallOffered(
        call=name, at=at, from_number="1", from_name="", from_extension=None, dialled="500", source=""
    )
    yield FlowEntered(call=name, at=at, flow="500", name="Main", revision=revision)
    for node, exit, seconds in walk:
        yield NodeEntered(call=name, at=at, flow="500", node=node, kind="menu")
        at += timedelta(seconds=seconds)
        if exit is not None:
            yield NodeLeft(call=name, at=at, flow="500", node=node, exit=exit)


def cdr(name: str, walk: Walk, *, day: int = 0, revision: int = 1, closed: bool = True) -> Cdr:
    start = EPOCH + timedelta(days=day)
    return Cdr(
        id=name,
        from_number="1",
        dialled="500",
        started_at=start,
        ended_at=start + timedelta(seconds=sum(each[2] for each in walk)) if closed else None,
        flow="500",
        events=tuple(events(name, walk, day=day, revision=revision)),
    )


@pytest.fixture
def store(database: Database) -> CdrStore:
    return CdrStore(database)


async def test_a_call_counts_once_at_each_node_and_exit_however_often_it_came_there(store: CdrStore) -> None:
    await store.put(
        cdr("a", [("menu", "nothing", 5), ("menu", "nothing", 5), ("menu", "1", 2), ("ring", None, 30)])
    )
    found = await store.flow_traffic("500", EPOCH)
    assert (found.calls, found.median_s) == (1, 42)
    assert {each.node: (each.calls, each.median_s) for each in found.nodes} == {
        "menu": (1, 12),
        "ring": (1, 30),
    }
    exits = {(each.node, way.exit): (way.calls, way.median_s) for each in found.nodes for way in each.exits}
    assert exits == {("menu", "nothing"): (1, 10), ("menu", "1"): (1, 2), ("ring", ""): (1, 30)}


async def test_a_record_that_is_written_again_is_not_counted_again(store: CdrStore) -> None:
    call = cdr("a", [("menu", "", 5)])
    await store.put(msgspec.structs.replace(call, ended_at=None))
    assert (await store.flow_traffic("500", EPOCH)).calls == 0
    await store.put(call)
    await store.put(msgspec.structs.replace(call, from_name="Alice"))
    assert (await store.flow_traffic("500", EPOCH)).calls == 1


async def test_only_the_days_the_revision_and_the_flow_that_were_asked_for(store: CdrStore) -> None:
    for day in range(3):
        await store.put(cdr(f"{day}", [("menu", "1", 1)], day=day, revision=day + 1))
    assert (await store.flow_traffic("500", EPOCH + timedelta(days=1, hours=5))).calls == 2
    assert (await store.flow_traffic("500", EPOCH, 2)).calls == 1
    assert (await store.flow_traffic("501", EPOCH)).nodes == ()


async def test_rows_do_not_grow_with_the_calls(store: CdrStore, database: Database) -> None:
    for each in range(100):
        await store.put(cdr(f"{each}", [("menu", "1", 100 + each / 25)]))
    rows = await database.read(
        lambda connection: connection.execute("SELECT count(*) FROM flow_traffic").fetchone()
    )
    assert rows[0] == 3
    assert (await store.flow_traffic("500", EPOCH)).calls == 100


walks = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["1", "2", ""]), st.floats(0.5, 4000)),
    min_size=1,
    max_size=6,
)


@given(st.lists(walks, max_size=12))
def test_as_if_every_call_were_looked_at(calls: list[Walk]) -> None:
    stays: dict[tuple[str, str], list[float]] = defaultdict(list)
    for walk in calls:
        own: dict[tuple[str, str], float] = defaultdict(float)
        for node, exit, seconds in walk:
            own[node, exit or ""] += seconds
        for place, seconds in own.items():
            stays[place].append(seconds)
    connection = sqlite3.connect(":memory:")
    connection.executescript(next(MIGRATIONS.glob("*_flow_traffic.sql")).read_text())
    for index, walk in enumerate(calls):
        count_call(connection, cdr(f"{index}", walk))
    found = traffic_of(connection, "500", EPOCH, None)
    connection.close()
    exits = {(each.node, way.exit): way for each in found.nodes for way in each.exits}
    assert {place: way.calls for place, way in exits.items()} == {
        place: len(each) for place, each in stays.items()
    }
    for place, each in stays.items():
        assert exits[place].median_s == pytest.approx(statistics.median_low(each), rel=0.051)


@given(st.floats(0.1, 1e6))
def test_two_digits_are_near(seconds: float) -> None:
    assert two_digits(seconds) == pytest.approx(seconds, rel=0.0501)


def test_the_path_of_a_walk_within_a_node_of_another() -> None:
    def entered(flow: str, node: str, second: int) -> NodeEntered:
        return NodeEntered(
            call="a", at=EPOCH + timedelta(seconds=second), flow=flow, node=node, kind="extension"
        )

    def left(flow: str, node: str, second: int) -> NodeLeft:
        return NodeLeft(call="a", at=EPOCH + timedelta(seconds=second), flow=flow, node=node, exit="busy")

    found = path_of(
        (
            FlowEntered(call="a", at=EPOCH, flow="500", name="", revision=3),
            entered("500", "ring", 0),
            FlowEntered(call="a", at=EPOCH, flow="501", name="", revision=7),
            entered("501", "ring", 1),
            left("501", "ring", 2),
            left("500", "ring", 3),
            entered("500", "late", 4),
        )
    )
    seconds = [(each.left_at - EPOCH).total_seconds() if each.left_at else None for each in found]
    assert [(each.flow, each.revision, each.node) for each in found] == [
        ("500", 3, "ring"),
        ("501", 7, "ring"),
        ("500", 3, "late"),
    ]
    assert seconds == [3, 2, None]
