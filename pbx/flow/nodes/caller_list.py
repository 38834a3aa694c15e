"""Different ways for callers who are known."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.flow.caller_pattern import fits_any
from pbx.flow.context import Context
from pbx.flow.node import Exit, Node
from pbx.model.caller_rule import CallerPattern


class CallerList(Node, frozen=True, kw_only=True, tag="caller_list"):
    """Go by who calls: the lists of this node first, then the office's rules for callers.

    On each level VIP goes before allowed, and allowed before blocked.
    """

    title = "Caller list"
    group = "logic"
    exits = (
        Exit("vip", "VIP"),
        Exit("allow", "Allowed"),
        Exit("block", "Blocked"),
        Exit("other", "Everybody else"),
    )
    vip: Annotated[tuple[CallerPattern, ...], Meta(max_length=1000, title="VIP")] = ()
    allow: Annotated[tuple[CallerPattern, ...], Meta(max_length=1000, title="Allowed")] = ()
    block: Annotated[tuple[CallerPattern, ...], Meta(max_length=1000, title="Blocked")] = ()
    block_anonymous: Annotated[
        bool, Meta(title="Block anonymous callers", description="Those who hide their number.")
    ] = False
    office_rules: Annotated[bool, Meta(title="Ask the office's rules too")] = True

    async def run(self, context: Context) -> str:
        number = context.value("caller.number")
        for name, patterns in (("vip", self.vip), ("allow", self.allow), ("block", self.block)):
            if fits_any(patterns, number):
                return name
        if not number and self.block_anonymous:
            return "block"
        return (context.office.caller_list(number) if self.office_rules else "") or "other"
