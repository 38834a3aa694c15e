"""Park the call."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.node import Exit, Node
from pbx.flow.reaching import exit_of


class ParkCall(Node, frozen=True, kw_only=True, tag="park"):
    """The caller waits in a parking slot, with music, until somebody dials the slot."""

    title = "Park"
    group = "reach"
    exits = (
        Exit("no_answer", "Nobody fetched it", optional=True, waits=True),
        Exit("busy", "No free slot"),
    )
    slot: Annotated[
        Literal["", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        Meta(title="Slot", description="Without one, the next that is free."),
    ] = ""

    async def run(self, context: Context) -> str:
        return exit_of(await context.reach.park(self.slot))
