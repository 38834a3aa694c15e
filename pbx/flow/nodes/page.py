"""Speak over loudspeakers."""

from __future__ import annotations

from typing import Annotated

from pbx.flow.context import Context
from pbx.flow.node import Exit, Node
from pbx.flow.reaching import exit_of
from pbx.model.kind import ref
from pbx.model.scalars import ExtensionNumber


class PageGroup(Node, frozen=True, kw_only=True, tag="page"):
    """The caller speaks over the phones of a paging group; the call ends with the announcement."""

    title = "Page"
    group = "reach"
    exits = (Exit("unreachable", "No phone can be spoken to"),)
    paging_group: Annotated[ExtensionNumber, ref("paging_group", title="Paging group")]

    async def run(self, context: Context) -> str:
        return exit_of(await context.reach.page(self.paging_group))
