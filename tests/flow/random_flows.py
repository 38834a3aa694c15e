"""Random flows that are whole, of every node type there is, and the ways to break one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st

from pbx.flow.describe import describe
from pbx.flow.document import read_node
from pbx.flow.graph import exits_of
from pbx.flow.node import Node
from pbx.flow.registry import node_types
from pbx.model.flow import Fault, Flow, FlowNode
from pbx.model.flow_script import FlowScript, PressedAt, ScriptedAnswer
from pbx.model.kind import references
from tests.flow.from_schema import values_of

__all__ = ["BREAKS", "Broken", "flows", "nodes", "scripts"]

NUMBER = "500"


@cache
def parameters_of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    return values_of(describe(kind, node_types()[kind]).parameters)


@st.composite
def nodes(draw: st.DrawFn) -> tuple[FlowNode, Node]:
    """One whose parameters fit together."""
    kind = draw(st.sampled_from(sorted(node_types())))
    drawn = FlowNode(type=kind, parameters=draw(parameters_of(kind)))
    node = read_node("x", drawn)
    if isinstance(node, Fault) or list(node.faults()) or node.next_flow == NUMBER:
        drawn = FlowNode(type="condition", parameters={"condition": "pressed == '1'"})
        node = read_node("x", drawn)
        assert isinstance(node, Node)
    return drawn, node


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Wires lead onward, and back only where the call has waited; what no call can reach is left out."""
    made = draw(st.lists(nodes(), min_size=1, max_size=7))
    ids = [f"n{index}" for index in range(len(made))]
    wires: dict[str, dict[str, str]] = {}
    for index, (_, node) in enumerate(made):
        wires[ids[index]] = {}
        for exit in exits_of(node):
            if exit.optional and draw(st.booleans()):
                continue
            targets = ids if exit.waits else ids[index + 1 :]
            wires[ids[index]][exit.name] = draw(st.sampled_from([*targets, ""]))
    kept = reachable(ids[0], wires)
    return Flow(
        number=NUMBER,
        name="Random",
        entry=ids[0],
        nodes={id: drawn for id, (drawn, _) in zip(ids, made, strict=True) if id in kept},
        wires={id: wires[id] for id in ids if id in kept},
    )


def reachable(start: str, wires: dict[str, dict[str, str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        for target in wires[waiting.pop()].values():
            if target and target not in found:
                found.add(target)
                waiting.append(target)
    return found


keys = st.text("0123456789*#", max_size=6)
scripts = st.builds(
    FlowScript,
    at=st.none() | st.datetimes(),
    caller=st.sampled_from(["+4930123", "101", ""]),
    keys=st.lists(keys, max_size=8).map(tuple),
    pressed=st.lists(st.builds(PressedAt, at_s=st.floats(0, 300), keys=keys), max_size=4).map(tuple),
    said=st.lists(st.text(max_size=20), max_size=3).map(tuple),
    hangs_up_at_s=st.none() | st.floats(0, 1000),
    reached=st.dictionaries(
        st.sampled_from(["101", "102", "600"]),
        st.sampled_from(["talked", "no_answer", "busy", "unreachable", "refused", "left"]),
    ),
    web=st.lists(st.builds(ScriptedAnswer, status=st.sampled_from([0, 200, 404])), max_size=2).map(tuple),
    caller_list=st.sampled_from([None, "allow", "block", "vip", ""]),
)


@dataclass(frozen=True)
class Broken:
    """A flow with a fault, and where it must be found. `kind` and `key`: a record that does not exist."""

    flow: Flow
    fault: tuple[str | None, str | None, str | None]
    missing: tuple[str, str] | None = None


def _with(flow: Flow, **changes: Any) -> Flow:
    return msgspec.structs.replace(flow, **changes)


def _no_entry(flow: Flow, _draw: st.DrawFn) -> Broken:
    return Broken(_with(flow, entry=None), (None, None, None))


def _exit_open(flow: Flow, draw: st.DrawFn) -> Broken | None:
    needed = [
        (id, exit.name) for id, node in _read(flow).items() for exit in exits_of(node) if not exit.optional
    ]
    if not needed:
        return None
    id, exit = draw(st.sampled_from(needed))
    wires = {**flow.wires, id: {name: to for name, to in flow.wires[id].items() if name != exit}}
    return Broken(_with(flow, wires=wires), (id, exit, None))


def _wire_to_nothing(flow: Flow, draw: st.DrawFn) -> Broken:
    id = draw(st.sampled_from(sorted(flow.nodes)))
    wires = {**flow.wires, id: {**flow.wires[id], "failed": "nowhere"}}
    return Broken(_with(flow, wires=wires), (id, "failed", None))


def _exit_that_is_none(flow: Flow, draw: st.DrawFn) -> Broken:
    id = draw(st.sampled_from(sorted(flow.nodes)))
    wires = {**flow.wires, id: {**flow.wires[id], "no such exit": ""}}
    return Broken(_with(flow, wires=wires), (id, "no such exit", None))


def _unreachable(flow: Flow, _draw: st.DrawFn) -> Broken:
    return Broken(
        _with(flow, nodes={**flow.nodes, "island": FlowNode(type="hang_up")}), ("island", None, None)
    )


def _unknown_type(flow: Flow, draw: st.DrawFn) -> Broken:
    id = draw(st.sampled_from(sorted(flow.nodes)))
    return Broken(_with(flow, nodes={**flow.nodes, id: FlowNode(type="no_such")}), (id, None, None))


def _unknown_parameter(flow: Flow, draw: st.DrawFn) -> Broken:
    id = draw(st.sampled_from(sorted(flow.nodes)))
    node = flow.nodes[id]
    odd = FlowNode(type=node.type, parameters={**node.parameters, "no such": 1})
    return Broken(_with(flow, nodes={**flow.nodes, id: odd}), (id, None, None))


def _condition_that_is_none(flow: Flow, _draw: st.DrawFn) -> Broken:
    entry = FlowNode(type="condition", parameters={"condition": "caller.number =="})
    nodes = {**flow.nodes, "before": entry}
    wires = {**flow.wires, "before": {"yes": flow.entry or "", "no": ""}}
    return Broken(_with(flow, nodes=nodes, wires=wires, entry="before"), ("before", None, "condition"))


def _circle(flow: Flow, _draw: st.DrawFn) -> Broken:
    entry = FlowNode(type="condition", parameters={"condition": "true"})
    nodes = {**flow.nodes, "round": entry}
    wires = {**flow.wires, "round": {"yes": "round", "no": flow.entry or ""}}
    return Broken(_with(flow, nodes=nodes, wires=wires, entry="round"), ("round", None, None))


def _wires_of_nobody(flow: Flow, _draw: st.DrawFn) -> Broken:
    return Broken(_with(flow, wires={**flow.wires, "ghost": {"on": ""}}), ("ghost", None, None))


def _to_itself(flow: Flow, _draw: st.DrawFn) -> Broken:
    nodes = {**flow.nodes, "first": FlowNode(type="condition", parameters={"condition": "a"})}
    nodes["again"] = FlowNode(type="go_to", parameters={"flow": NUMBER})
    wires = {**flow.wires, "first": {"yes": "again", "no": flow.entry or ""}}
    return Broken(_with(flow, nodes=nodes, wires=wires, entry="first"), ("again", None, None))


def _missing_record(flow: Flow, draw: st.DrawFn) -> Broken | None:
    named = [(id, found) for id, node in _read(flow).items() for found in references(node)]
    if not named:
        return None
    id, found = draw(st.sampled_from(named))
    return Broken(flow, (id, None, found.path.removeprefix("$.")), (found.kind, found.key))


def _read(flow: Flow) -> dict[str, Node]:
    found = {id: read_node(id, drawn) for id, drawn in flow.nodes.items()}
    return {id: node for id, node in found.items() if isinstance(node, Node)}


BREAKS: tuple[Callable[[Flow, st.DrawFn], Broken | None], ...] = (
    _no_entry,
    _exit_open,
    _wire_to_nothing,
    _exit_that_is_none,
    _unreachable,
    _unknown_type,
    _unknown_parameter,
    _condition_that_is_none,
    _circle,
    _wires_of_nobody,
    _to_itself,
    _missing_record,
)
