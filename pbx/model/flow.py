"""A call flow as it is drawn: a graph of nodes, the wires between them, and the tests that it must pass.

What a node's parameters mean is known to its type (`pbx.flow.nodes`); here they are JSON, so that a draft that is not
finished can be kept. `pbx.flow.graph` says what is wrong with one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import Meta, field

from pbx.model.base import Record
from pbx.model.flow_script import FlowTest
from pbx.model.recording import KeepDays, RecordWhen
from pbx.model.scalars import DisplayName, ExtensionNumber

__all__ = ["END", "MOST_NODES", "Fault", "Flow", "FlowNode", "FlowNote", "NodeId"]

END = ""
"""What an exit is wired to where the call is to end."""

MOST_NODES = 500

NodeId = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?$(?!\n)",
        title="Node",
        description="Names it within its flow: small letters, digits, hyphens, underscores.",
        examples=["menu"],
    ),
]
Pixels = Annotated[float, Meta(ge=-100_000, le=100_000)]


class FlowNode(Record, frozen=True, kw_only=True):
    """One step of a flow. `x` and `y` are where the editor draws it."""

    type: Annotated[str, Meta(min_length=1, max_length=40, title="Type")]
    name: Annotated[str, Meta(max_length=80, title="Name", description="What the editor shows.")] = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    x: Pixels = 0
    y: Pixels = 0


class FlowNote(Record, frozen=True, kw_only=True):
    """A note on the canvas, for people."""

    text: Annotated[str, Meta(max_length=2000)]
    x: Pixels = 0
    y: Pixels = 0


class Fault(Record, frozen=True, kw_only=True):
    """What is wrong with a flow: at which node and exit, in which parameter, and why. A warning forbids nothing.

    `test` is the one of its tests that fails; these alone can be overridden.
    """

    text: str
    node: str | None = None
    exit: str | None = None
    parameter: str | None = None
    test: str | None = None
    warning: bool = False


class Flow(Record, frozen=True, kw_only=True):
    """A call enters at `entry` and follows the wires: node → exit → the next node, or "" where the call ends."""

    number: ExtensionNumber
    name: DisplayName
    description: Annotated[str, Meta(max_length=500, title="Description")] = ""
    record: RecordWhen = "default"
    record_keep_days: KeepDays = None
    entry: Annotated[NodeId | None, Meta(title="Entry", description="Where calls begin.")] = None
    nodes: Annotated[dict[NodeId, FlowNode], Meta(max_length=MOST_NODES)] = field(default_factory=dict)
    wires: Annotated[dict[NodeId, dict[str, str]], Meta(max_length=MOST_NODES)] = field(default_factory=dict)
    notes: Annotated[tuple[FlowNote, ...], Meta(max_length=100)] = ()
    tests: Annotated[
        tuple[FlowTest, ...],
        Meta(max_length=100, title="Tests", description="Publishing runs them."),
    ] = ()

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """What does not fit together: the field, and why. A draft may have any other fault."""
        if self.entry is not None and self.entry not in self.nodes:
            yield "entry", f"there is no node {self.entry}"
        names = [each.name for each in self.tests]
        if len(set(names)) < len(names):
            yield "tests", "two tests have the same name"
