"""Where calls from outside begin."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.flow.caller_pattern import fits_any
from pbx.flow.context import Context
from pbx.flow.node import Exit, Node
from pbx.model.caller_rule import CallerPattern


class InboundNumber(Node, frozen=True, kw_only=True, tag="inbound_number"):
    """The beginning of a flow: shows which outside numbers lead here, and may send others another way.

    What leads here is said at the inbound number: its destination is the number of the flow. A call that dials the
    flow from inside counts as one of the numbers.
    """

    title = "Inbound number"
    group = "start"
    exits = (Exit("next", "Next"), Exit("other", "Another number", when="numbers"))
    numbers: Annotated[
        tuple[CallerPattern, ...],
        Meta(
            max_length=200,
            title="Numbers",
            description="With the country code; with * at the end, all that begin so. None: all calls.",
            examples=[["+4930901820*"]],
        ),
    ] = ()

    async def run(self, context: Context) -> str:
        called = context.value("called.number")
        if not self.numbers or not called.startswith("+"):
            return "next"
        return "next" if fits_any(self.numbers, called) else "other"
