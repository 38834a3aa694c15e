"""What is wrong with a flow, across all its fields: the one place that decides whether it may be published.

entry          there is one
parameters     each node's type can read them, and they fit together
exits          each is wired to a node of this flow, or ends the call
references     what a node names exists in the office
reach          every node can be reached from the entry
circles        none without waiting, in this flow and through the flows it goes on to
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from pbx.flow.document import LoadedFlow, load, read_node
from pbx.flow.node import FAILED, Exit, Node
from pbx.model.flow import END, Fault, Flow
from pbx.model.kind import references

__all__ = ["Exists", "check", "exits_of", "jumps"]

Exists = Callable[[str, str], bool]
"""Whether the office has this: the name of a kind, and a key."""


def exits_of(node: Node) -> tuple[Exit, ...]:
    """The node's own, and the one that every node has."""
    return (*node.ways(), FAILED)


def check(flow: Flow, *, exists: Exists, others: Mapping[str, LoadedFlow]) -> list[Fault]:
    """Every fault; `others` are the published flows by number."""
    read = {id: read_node(id, drawn) for id, drawn in flow.nodes.items()}
    nodes = {id: each for id, each in read.items() if isinstance(each, Node)}
    faults = [each for each in read.values() if isinstance(each, Fault)]
    if flow.entry is None or flow.entry not in flow.nodes:
        faults.insert(0, Fault(text="the flow has no entry: say where calls begin"))
    for id, node in nodes.items():
        faults += (Fault(node=id, parameter=name, text=why) for name, why in node.faults())
        faults += _reference_faults(id, node, exists)
        faults += _exit_faults(id, node, flow)
        if (number := node.next_flow) not in (None, flow.number, *others) and exists("flow", number or ""):
            text = f"the flow {number} is not published yet: until it is, calls fail here"
            faults.append(Fault(node=id, text=text, warning=True))
    faults += (
        Fault(node=id, text=f"there is no node {id}, but wires from it")
        for id in flow.wires
        if id not in flow.nodes
    )
    if flow.entry in flow.nodes:
        faults += _unreachable(flow)
    faults += _circles(flow, nodes)
    loaded = load(flow, 0)
    if isinstance(loaded, LoadedFlow):
        faults += _recursion(loaded, others)
    return faults


def _reference_faults(id: str, node: Node, exists: Exists) -> Iterator[Fault]:
    for found in references(node):
        if not exists(found.kind, found.key):
            yield Fault(
                node=id,
                parameter=found.path.removeprefix("$."),
                text=f"there is no {found.kind.replace('_', ' ')} {found.key}",
            )


def _exit_faults(id: str, node: Node, flow: Flow) -> Iterator[Fault]:
    wires = flow.wires.get(id, {})
    exits = exits_of(node)
    for each in exits:
        target = wires.get(each.name)
        if target is None and not each.optional:
            yield Fault(node=id, exit=each.name, text=f"the exit {each.title} leads nowhere")
        elif target and target not in flow.nodes:
            yield Fault(
                node=id, exit=each.name, text=f"the exit {each.title} leads to {target}, which is not there"
            )
    for name in wires.keys() - {each.name for each in exits}:
        yield Fault(node=id, exit=name, text=f"the node has no exit {name}")


def _unreachable(flow: Flow) -> Iterator[Fault]:
    seen = set(_reachable(flow.entry or "", lambda id: flow.wires.get(id, {}).values()))
    for id in flow.nodes:
        if id not in seen:
            yield Fault(node=id, text="no call can come here: wire an exit to it, or remove it")


def _reachable(start: str, after: Callable[[str], Iterable[str]]) -> Iterator[str]:
    seen, waiting = {start}, [start]
    while waiting:
        id = waiting.pop()
        yield id
        for target in after(id):
            if target != END and target not in seen:
                seen.add(target)
                waiting.append(target)


def _at_once(flow_wires: Mapping[str, Mapping[str, str]], nodes: Mapping[str, Node], id: str) -> list[str]:
    """The nodes that a call may get to from here without waiting for anything."""
    node = nodes.get(id)
    if node is None:
        return []
    waits = {each.name for each in exits_of(node) if each.waits}
    wires = flow_wires.get(id, {})
    return [target for name, target in wires.items() if target in nodes and name not in waits]


def _circles(flow: Flow, nodes: Mapping[str, Node]) -> Iterator[Fault]:
    """Depth first; a wire back to a node of the present path closes a circle."""
    done: set[str] = set()
    for start in nodes:
        if start in done:
            continue
        path: list[tuple[str, Iterator[str]]] = [(start, iter(_at_once(flow.wires, nodes, start)))]
        on_path = {start}
        while path:
            id, targets = path[-1]
            target = next(targets, None)
            if target is None:
                path.pop()
                on_path.discard(id)
                done.add(id)
            elif target in on_path:
                yield Fault(node=id, text=f"calls go round from here to {target} for ever, without waiting")
            elif target not in done:
                on_path.add(target)
                path.append((target, iter(_at_once(flow.wires, nodes, target))))


def jumps(flow: LoadedFlow) -> dict[str, str]:
    """The flows that a call may get to without waiting on its way from the entry: number → the node that sends it."""
    found: dict[str, str] = {}
    for id in _reachable(flow.entry, lambda id: _at_once(flow.wires, flow.nodes, id)):
        number = flow.nodes[id].next_flow if id in flow.nodes else None
        if number is not None:
            found.setdefault(number, id)
    return found


def _recursion(flow: LoadedFlow, others: Mapping[str, LoadedFlow]) -> Iterator[Fault]:
    for number, id in jumps(flow).items():
        way = {
            each
            for each in _reachable(number, lambda each: jumps(others[each]) if each in others else ())
            if each != flow.number
        }
        back = number == flow.number or any(
            flow.number in jumps(others[each]) for each in way if each in others
        )
        if back:
            yield Fault(
                node=id, text=f"the flow {number} leads back to this one, for ever and without waiting"
            )
