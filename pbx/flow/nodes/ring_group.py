"""Ring a group."""

from __future__ import annotations

from typing import Annotated

from pbx.flow.context import Context
from pbx.flow.node import Node
from pbx.flow.reaching import BUSY, NO_ANSWER, UNREACHABLE, exit_of
from pbx.model.kind import ref
from pbx.model.scalars import ExtensionNumber


class RingTheGroup(Node, frozen=True, kw_only=True, tag="ring_group"):
    """Ring the members of a ring group in its way. The exits stand in the place of the group's overflow."""

    title = "Ring group"
    group = "reach"
    exits = (NO_ANSWER, BUSY, UNREACHABLE)
    ring_group: Annotated[ExtensionNumber, ref("ring_group", title="Ring group")]

    async def run(self, context: Context) -> str:
        return exit_of(await context.reach.ring_group(self.ring_group))
