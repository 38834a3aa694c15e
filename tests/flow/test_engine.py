"""The walk: which way a call goes, and that nothing a node does breaks it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.flow.context import Context
from pbx.flow.document import LoadedFlow
from pbx.flow.engine import MOST_STEPS, Walk
from pbx.flow.node import Exit, Node, NodeError
from pbx.flow.nodes.go_to import GoTo
from pbx.flow.ports import CallOver, Ports, Text
from pbx.flow.scripted import (
    RecordedOffice,
    ScriptedLine,
    ScriptedMessages,
    ScriptedOffice,
    ScriptedReach,
    ScriptedWeb,
    World,
)
from pbx.model.flow_script import FlowScript
from pbx.model.leg_event import LegCause, LegFailed
from pbx.store.errors import StoreError


class Does(Node, frozen=True, kw_only=True, tag="does"):
    """Whatever `do` says."""

    title = "Does"
    group = "logic"
    exits = (Exit("on", "On"), Exit("other", "Other"))
    do: str = "on"
    started: ClassVar[asyncio.Event | None] = None
    cleaned: ClassVar[list[str]] = []

    async def run(self, context: Context) -> str:
        if self.do == "raises NodeError":
            raise NodeError("no such room")
        if self.do == "raises":
            raise ZeroDivisionError
        if self.do == "loses the leg":
            raise LegFailed(LegCause.UNREACHABLE)
        if self.do == "finds the disk full":
            raise StoreError("the disk is full")
        if self.do == "is over":
            raise CallOver
        if self.do == "waits":
            try:
                if Does.started is not None:
                    Does.started.set()
                await asyncio.Event().wait()
            finally:
                Does.cleaned.append(context.node)
        if self.do.startswith("says "):
            await context.line.say(Text(self.do.removeprefix("says ")))
            return "on"
        return self.do


@dataclass
class Steps:
    """Implements `Path`."""

    flows: list[tuple[str, int]] = field(default_factory=list)
    entered: list[str] = field(default_factory=list)
    left: list[tuple[str, str, str]] = field(default_factory=list)
    then: Callable[[str], None] = lambda _: None

    def flow(self, flow: LoadedFlow) -> None:
        self.flows.append((flow.number, flow.revision))

    def enter(self, flow: LoadedFlow, id: str, kind: str) -> None:
        self.entered.append(id)
        self.then(id)

    def leave(self, flow: LoadedFlow, id: str, exit: str, detail: str) -> None:
        self.left.append((id, exit, detail))


def flow(*nodes: tuple[str, Node, dict[str, str]], number: str = "500", revision: int = 1) -> LoadedFlow:
    """Its entry is the first node."""
    return LoadedFlow(
        number=number,
        name="",
        revision=revision,
        entry=nodes[0][0],
        nodes={id: node for id, node, _ in nodes},
        wires={id: wires for id, _, wires in nodes},
    )


def world() -> World:
    return World(FlowScript(), datetime(2026, 1, 5, 10, 0, tzinfo=UTC))


def context_of(world: World) -> Context:
    office = ScriptedOffice(world, RecordedOffice({}, frozenset(), "UTC"))
    line = ScriptedLine(world)
    reach, web, messages = ScriptedReach(world, office), ScriptedWeb(world), ScriptedMessages(world)
    return Context(Ports(line=line, reach=reach, office=office, web=web, messages=messages))


async def walked(first: LoadedFlow, others: Iterable[LoadedFlow] = ()) -> tuple[Steps, World]:
    around, steps = world(), Steps()
    found = {each.number: each for each in others}
    await Walk(context_of(around), steps, found.get).run(first)
    return steps, around


async def test_a_call_follows_the_wires_and_ends_where_one_leads_nowhere() -> None:
    steps, around = await walked(
        flow(("a", Does(do="other"), {"on": "c", "other": "b"}), ("b", Does(do="says hello"), {"on": ""}))
    )
    assert steps.left == [("a", "other", ""), ("b", "on", "")]
    assert [each.what for each in around.heard] == ["hello"]


@pytest.mark.parametrize(
    ("do", "detail"),
    [
        ("raises NodeError", "no such room"),
        ("raises", "a fault of this node"),
        ("finds the disk full", "the disk is full"),
        ("odd", "there is no exit odd"),
    ],
)
async def test_a_node_that_fails_takes_its_failed_exit(do: str, detail: str) -> None:
    steps, around = await walked(
        flow(("a", Does(do=do), {"on": "", "failed": "b"}), ("b", Does(do="says we are sorry"), {"on": ""}))
    )
    assert steps.left[0] == ("a", "failed", detail)
    assert (steps.entered, around.failed) == (["a", "b"], False)


@pytest.mark.parametrize("do", ["raises NodeError", "raises", "odd"])
async def test_a_failed_exit_without_a_wire_ends_the_call_politely(do: str) -> None:
    _, around = await walked(flow(("a", Does(do=do), {"on": ""})))
    assert [each.what for each in around.heard] == ["Sorry, something went wrong. Please call again later."]


async def test_a_lost_leg_ends_the_walk_and_is_told() -> None:
    with pytest.raises(LegFailed):
        await walked(flow(("a", Does(do="loses the leg"), {"failed": "a"})))


async def test_a_call_that_is_over_stops_and_the_node_has_been_left() -> None:
    steps, _ = await walked(flow(("a", Does(do="is over"), {"on": "b"}), ("b", Does(), {"on": ""})))
    assert steps.left == [("a", "", "")]


async def test_a_call_that_goes_round_is_ended() -> None:
    steps, around = await walked(flow(("a", Does(), {"on": "b"}), ("b", Does(), {"on": "a"})))
    assert len(steps.entered) == MOST_STEPS
    assert around.failed


async def test_the_step_limit_counts_over_all_flows() -> None:
    there = flow(("a", GoTo(flow="501"), {}))
    back = flow(("a", GoTo(flow="500"), {}), number="501")
    steps, around = await walked(there, [there, back])
    assert len(steps.flows) == MOST_STEPS + 1
    assert around.failed


async def test_a_walk_keeps_its_revision_and_goes_on_in_what_is_live_by_then() -> None:
    live = {"501": flow(("x", Does(do="says old"), {"on": ""}), number="501", revision=1)}
    first = flow(("a", Does(), {"on": "b"}), ("b", Does(), {"on": "c"}), ("c", GoTo(flow="501"), {}))

    def publish(id: str) -> None:
        if id == "a":
            live["500"] = flow(("z", Does(), {"on": ""}), revision=2)
            live["501"] = flow(("y", Does(do="says new"), {"on": ""}), number="501", revision=2)

    around, steps = world(), Steps(then=publish)
    await Walk(context_of(around), steps, live.get).run(first)
    assert steps.entered == ["a", "b", "c", "y"]
    assert steps.flows == [("500", 1), ("501", 2)]
    assert [each.what for each in around.heard] == ["new"]


async def test_a_flow_that_is_not_published_is_a_failed_exit() -> None:
    steps, _ = await walked(flow(("a", GoTo(flow="501"), {"failed": "b"}), ("b", Does(), {"on": ""})))
    assert steps.left[0] == ("a", "failed", "the flow 501 is not published")


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 9))
async def test_hanging_up_anywhere_cancels_the_node_and_cleans_up(at: int) -> None:
    """The node at which the call waits may be any."""
    nodes = [
        (f"n{index}", Does(do="waits" if index == at else "on"), {"on": f"n{index + 1}"})
        for index in range(10)
    ]
    Does.started, Does.cleaned = asyncio.Event(), []
    steps = Steps()
    before = asyncio.all_tasks()
    task = asyncio.get_running_loop().create_task(
        Walk(context_of(world()), steps, lambda _: None).run(flow(*nodes))
    )
    await Does.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert Does.cleaned == [f"n{at}"]
    assert steps.entered == [f"n{index}" for index in range(at + 1)]
    assert asyncio.all_tasks() == before
