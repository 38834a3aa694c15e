"""The way of a running call, as the live screen is told it."""

from __future__ import annotations

from datetime import timedelta

from pbx.call.live import MOST_STEPS, LiveFold
from pbx.model.call_event import (
    CallOffered,
    CallParked,
    CallRouted,
    LegAnswered,
    LegDialled,
    LegJoined,
    LegLeft,
)
from pbx.model.feature import PARKING
from pbx.model.flow_event import FlowEntered, NodeEntered, NodeLeft
from tests.fakes.clock import EPOCH


def fold() -> LiveFold:
    return LiveFold(
        CallOffered(
            call="a", at=EPOCH, from_number="1", from_name="", from_extension=None, dialled="500", source=""
        )
    )


def step(live: LiveFold, node: str, second: int, exit: str | None = "1") -> None:
    at = EPOCH + timedelta(seconds=second)
    live.take(NodeEntered(call="a", at=at, flow="500", node=node, kind="menu"))
    if exit is not None:
        live.take(NodeLeft(call="a", at=at + timedelta(seconds=1), flow="500", node=node, exit=exit))


def test_a_call_shows_where_it_is_and_how_it_came_there() -> None:
    live = fold()
    assert (live.view().flow, live.view().flow_path) == (None, ())
    live.take(FlowEntered(call="a", at=EPOCH, flow="500", name="Main", revision=4))
    step(live, "hello", 1, "next")
    step(live, "menu", 2, None)
    call = live.view()
    assert call.flow is not None
    assert (call.flow.node, call.flow.revision, call.flow.since) == ("menu", 4, EPOCH + timedelta(seconds=2))
    assert [(each.node, each.exit, each.revision) for each in call.flow_path] == [
        ("hello", "next", 4),
        ("menu", None, 4),
    ]
    assert call.flow_path[0].left_at == call.flow_path[1].at


def test_only_the_newest_steps_are_told() -> None:
    live = fold()
    live.take(FlowEntered(call="a", at=EPOCH, flow="500", name="Main", revision=4))
    for second in range(MOST_STEPS + 5):
        step(live, f"n{second}", second)
    path = live.view().flow_path
    assert (len(path), path[0].node, path[-1].node) == (MOST_STEPS, "n5", f"n{MOST_STEPS + 4}")


def test_a_parked_call_shows_its_slot_until_it_is_fetched_and_keeps_the_name_it_was_for() -> None:
    live = fold()
    live.take(CallRouted(call="a", at=EPOCH, kind="ring_group", to="610", to_name="Sales"))
    live.take(LegDialled(call="a", at=EPOCH, leg="b1", target="102", extension="102"))
    for leg in ("b1", "a"):
        live.take(LegAnswered(call="a", at=EPOCH, leg=leg))
    live.take(LegLeft(call="a", at=EPOCH, leg="b1", to_call="c"))
    live.take(CallRouted(call="a", at=EPOCH, kind="feature", to="*68", to_name=next(iter(PARKING))))
    live.take(CallParked(call="a", at=EPOCH, slot="3", by="102"))
    assert (live.view().parked, live.view().to_name) == ("3", "Sales")
    live.take(LegJoined(call="a", at=EPOCH, leg="b2", target="103", extension="103", from_call="d"))
    assert (live.view().parked, live.view().to_name) == ("", "Sales")
