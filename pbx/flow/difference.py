"""How two states of a flow differ, told apart by what people care about.

Nodes that were added or removed; each parameter that has another value; wires; and, by themselves, nodes that were only
moved on the canvas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from pbx.model.flow import Flow, FlowNode
from pbx.model.flow_revision import FlowChange

__all__ = ["changes_between"]

SETTINGS = ("name", "description", "entry")
_What = Literal["node", "wire", "note", "test", "setting"]


def changes_between(before: Flow | None, after: Flow | None) -> tuple[FlowChange, ...]:
    """None is a flow that is not there: then everything is new, or everything goes."""
    if before == after:
        return ()
    return tuple(_changes(before, after))


def _changes(before: Flow | None, after: Flow | None) -> Iterator[FlowChange]:
    for name in SETTINGS:
        yield from _field("setting", name, "", getattr(before, name, None), getattr(after, name, None))
    old_nodes, new_nodes = _nodes(before), _nodes(after)
    for id in sorted(old_nodes.keys() | new_nodes.keys()):
        yield from _node(id, old_nodes.get(id), new_nodes.get(id))
    old_wires, new_wires = _wires(before), _wires(after)
    for node, exit in sorted(old_wires.keys() | new_wires.keys()):
        yield from _field("wire", node, exit, old_wires.get((node, exit)), new_wires.get((node, exit)))
    yield from _notes(before, after)
    old_tests, new_tests = _tests(before), _tests(after)
    for name in sorted(old_tests.keys() | new_tests.keys()):
        yield from _field("test", name, "", old_tests.get(name), new_tests.get(name))


def _node(id: str, old: FlowNode | None, new: FlowNode | None) -> Iterator[FlowChange]:
    if old is None or new is None or old.type != new.type:
        yield from _field("node", id, "", _drawn(old), _drawn(new))
        return
    for name in sorted(old.parameters.keys() | new.parameters.keys()):
        yield from _field("node", id, name, old.parameters.get(name), new.parameters.get(name))
    if old.name != new.name:
        yield FlowChange(what="node", change="changed", name=id, field="name", old=old.name, new=new.name)
    if (old.x, old.y) != (new.x, new.y):
        yield FlowChange(what="node", change="moved", name=id, old=[old.x, old.y], new=[new.x, new.y])


def _field(what: _What, name: str, field: str, old: Any, new: Any) -> Iterator[FlowChange]:
    if old != new:
        change: Literal["added", "removed", "changed"] = (
            "added" if old is None else "removed" if new is None else "changed"
        )
        yield FlowChange(what=what, change=change, name=name, field=field, old=old, new=new)


def _drawn(node: FlowNode | None) -> Any:
    return None if node is None else {"type": node.type, "parameters": node.parameters}


def _nodes(flow: Flow | None) -> Mapping[str, FlowNode]:
    return {} if flow is None else flow.nodes


def _wires(flow: Flow | None) -> dict[tuple[str, str], str]:
    return (
        {} if flow is None else {(a, exit): b for a, wires in flow.wires.items() for exit, b in wires.items()}
    )


def _notes(before: Flow | None, after: Flow | None) -> Iterator[FlowChange]:
    old = {each.text: each for each in before.notes} if before else {}
    new = {each.text: each for each in after.notes} if after else {}
    for text in sorted(old.keys() | new.keys()):
        if text not in old or text not in new:
            yield from _field(
                "note", text[:80], "", text if text in old else None, text if text in new else None
            )
        elif old[text] != new[text]:
            yield FlowChange(what="note", change="moved", name=text[:80])


def _tests(flow: Flow | None) -> dict[str, Any]:
    return {} if flow is None else {each.name: msgspec.to_builtins(each) for each in flow.tests}
