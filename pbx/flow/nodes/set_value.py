"""Remember something for the nodes that follow."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.fields import Template, ValueName
from pbx.flow.node import Exit, Node
from pbx.model.base import Record


class Assignment(Record, frozen=True, kw_only=True):
    """A name, and what it is to hold."""

    name: ValueName
    value: Annotated[Template, Meta(title="Value")] = ""


class SetValue(Node, frozen=True, kw_only=True, tag="set_value"):
    """Give values to names, one after the other, for conditions and texts further on."""

    title = "Set value"
    group = "logic"
    exits = (Exit("next", "Next"),)
    values: Annotated[tuple[Assignment, ...], Meta(min_length=1, max_length=50, title="Values")]

    async def run(self, context: Context) -> str:
        for each in self.values:
            context.set(each.name, context.text(each.value))
        return "next"
