"""What a node is given: the caller and the office (ports), and the values of the call."""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from pbx.flow.expression import compile_expression
from pbx.flow.node import NodeError
from pbx.flow.ports import Line, Messages, Office, Ports, Reach, Web
from pbx.flow.template import NAME, Value, fill, written

__all__ = ["Context"]

MOST_VALUES = 200
LONGEST_VALUE = 2000
_NAME = re.compile(NAME)


class Context(msgspec.Struct):
    """One call's walk, as its nodes see it. `flow` and `node` are where it is.

    `values` begins with caller.number, caller.name, caller.extension, called.number and call.id; each node may add to
    it, and what it adds is there for all that follow.
    """

    ports: Ports
    values: dict[str, Value] = msgspec.field(default_factory=dict)
    flow: str = ""
    node: str = ""
    wired: Collection[str] = ()
    """The exits of this node from which something follows, if only the end of the call."""

    @property
    def line(self) -> Line:
        return self.ports.line

    @property
    def reach(self) -> Reach:
        return self.ports.reach

    @property
    def office(self) -> Office:
        return self.ports.office

    @property
    def web(self) -> Web:
        return self.ports.web

    @property
    def messages(self) -> Messages:
        return self.ports.messages

    def text(self, template: str) -> str:
        """The template with the values in it."""
        return fill(template, self.values)

    def holds(self, condition: str) -> bool:
        """Whether the condition is true of the values. Raises `ExpressionError`."""
        return compile_expression(condition).holds(self.values)

    def value(self, name: str) -> str:
        return written(self.values.get(name, ""))

    def set(self, name: str, value: object) -> None:
        """Raises `NodeError` for a name that is none, and when there are too many. Long texts are cut."""
        if not _NAME.fullmatch(name):
            raise NodeError(f"{name!r} cannot be the name of a value")
        if name not in self.values and len(self.values) >= MOST_VALUES:
            raise NodeError(f"the call has {MOST_VALUES} values already")
        kept = value if isinstance(value, str | bool | int | float) else "" if value is None else str(value)
        self.values[name] = kept[:LONGEST_VALUE] if isinstance(kept, str) else kept
