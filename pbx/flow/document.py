"""From a flow's document to what a call can walk: each node's parameters are decoded by its type."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from pbx.flow.node import Node
from pbx.flow.registry import node_types
from pbx.model.flow import Fault, Flow, FlowNode

__all__ = ["LoadedFlow", "load", "read_node"]


class LoadedFlow(msgspec.Struct, frozen=True):
    """A flow whose nodes could all be read. `revision` 0 is a draft."""

    number: str
    name: str
    revision: int
    entry: str
    nodes: Mapping[str, Node]
    wires: Mapping[str, Mapping[str, str]]

    def after(self, node: str, exit: str) -> str | None:
        """The next node; "" where the call is to end; None for an exit that is not wired."""
        return self.wires.get(node, {}).get(exit)


def read_node(id: str, drawn: FlowNode) -> Node | Fault:
    """The node with its type's parameters, or why it cannot be read."""
    kind = node_types().get(drawn.type)
    if kind is None:
        return Fault(node=id, text=f"there is no node type {drawn.type}")
    try:
        return msgspec.convert({"type": drawn.type, **drawn.parameters}, kind)
    except msgspec.ValidationError as error:
        why, _, path = str(error).partition(" - at `$")
        parameter = re.match(r"\.?([a-z_0-9]+)", path)
        missing = re.search(r"missing required field `([a-z_0-9]+)`", why)
        name = parameter[1] if parameter else missing[1] if missing else None
        return Fault(node=id, parameter=name, text=why)


def load(flow: Flow, revision: int) -> LoadedFlow | list[Fault]:
    """The flow, or the faults of all nodes that cannot be read."""
    read = {id: read_node(id, drawn) for id, drawn in flow.nodes.items()}
    faults = [each for each in read.values() if isinstance(each, Fault)]
    if flow.entry is None or flow.entry not in flow.nodes:
        faults.insert(0, Fault(text="the flow has no entry: say where calls begin"))
    if faults or flow.entry is None:
        return faults
    return LoadedFlow(
        number=flow.number,
        name=flow.name,
        revision=revision,
        entry=flow.entry,
        nodes={id: node for id, node in read.items() if isinstance(node, Node)},
        wires=flow.wires,
    )
