"""Two ways, by a condition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.expression import LONGEST, ExpressionError, compile_expression
from pbx.flow.node import Exit, Node


class Condition(Node, frozen=True, kw_only=True, tag="condition"):
    """Go one way when the condition is true of the call, the other way when it is not."""

    title = "Condition"
    group = "logic"
    exits = (Exit("yes", "Yes"), Exit("no", "No"))
    condition: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=LONGEST,
            title="Condition",
            examples=['caller.number starts_with "+49"'],
            extra_json_schema={"x-widget": "expression"},
        ),
    ]

    def faults(self) -> Iterator[tuple[str, str]]:
        try:
            compile_expression(self.condition)
        except ExpressionError as error:
            yield "condition", f"{error} (character {error.at + 1})"

    async def run(self, context: Context) -> str:
        return "yes" if context.holds(self.condition) else "no"
