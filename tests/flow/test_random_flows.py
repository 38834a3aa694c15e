"""Whatever is drawn: a whole flow is walked to an end by any caller, a broken one is refused for what is broken."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pbx.flow.describe import describe
from pbx.flow.document import LoadedFlow, load
from pbx.flow.engine import MOST_STEPS
from pbx.flow.graph import check, exits_of
from pbx.flow.node import Node
from pbx.flow.scripted import LONGEST_S, RecordedOffice
from pbx.flow.simulate import simulate
from pbx.model.flow import Flow, FlowNode
from pbx.model.flow_script import FlowScript
from tests.flow.random_flows import BREAKS, flows, nodes, scripts

OFFICE = RecordedOffice({}, frozenset({"101", "102", "600"}), "Europe/Berlin")
slowly = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@slowly
@given(flows(), scripts)
async def test_a_whole_flow_is_walked_to_an_end_by_any_caller(flow: Flow, script: FlowScript) -> None:
    assert [each for each in check(flow, exists=lambda *_: True, others={}) if not each.warning] == []
    again = msgspec.json.decode(msgspec.json.encode(flow), type=Flow)
    assert again == flow
    loaded = load(again, 1)
    assert isinstance(loaded, LoadedFlow)
    before = asyncio.all_tasks()
    found = await simulate(loaded, script, office=OFFICE, flows=lambda _: None)
    assert asyncio.all_tasks() == before
    assert 1 <= len(found.path) <= MOST_STEPS
    assert all(step.exit is not None for step in found.path)
    assert found.duration_s <= LONGEST_S + 1
    assert "a fault of this node" not in {step.detail for step in found.path}
    assert await simulate(loaded, script, office=OFFICE, flows=lambda _: None) == found


@slowly
@given(nodes())
def test_the_palette_knows_every_exit_that_a_node_has(made: tuple[FlowNode, Node]) -> None:
    """What is declared, and what `ways` says of this one; the site draws handles by the former."""
    drawn, node = made
    declared: list[str] = []
    for each in describe(drawn.type, type(node)).exits:
        if each.each:
            declared += [str(getattr(one, each.name)) for one in getattr(node, each.each)]
        elif not each.when or bool(getattr(node, each.when.strip("!"))) is not each.when.startswith("!"):
            declared.append(each.name)
    assert {each.name for each in exits_of(node)} == set(declared)


@pytest.mark.parametrize("breaks", BREAKS, ids=lambda each: each.__name__.strip("_"))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.data())
def test_a_broken_flow_is_refused_for_what_is_broken(breaks, data) -> None:  # type: ignore[no-untyped-def]
    broken = breaks(data.draw(flows()), data.draw)
    if broken is None:
        return
    faults = check(broken.flow, exists=lambda *named: named != broken.missing, others={})
    found = {(each.node, each.exit, each.parameter) for each in faults if not each.warning}
    assert broken.fault in found
