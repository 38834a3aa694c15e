"""Go into a conference."""

from __future__ import annotations

from typing import Annotated

from pbx.flow.context import Context
from pbx.flow.node import Exit, Node
from pbx.model.kind import ref
from pbx.model.scalars import ExtensionNumber


class JoinConference(Node, frozen=True, kw_only=True, tag="conference"):
    """The caller goes into a conference, which asks for its PIN and says what has to be said.

    The caller goes on from here when the conference is over, or was removed from it.
    """

    title = "Conference"
    group = "rooms"
    exits = (
        Exit("left", "It is over", optional=True, waits=True),
        Exit("refused", "Wrong PIN, or locked", optional=True, waits=True),
        Exit("busy", "Full", optional=True),
    )
    conference: Annotated[ExtensionNumber, ref("conference", title="Conference")]

    async def run(self, context: Context) -> str:
        reached = await context.reach.conference(self.conference)
        return reached if reached in ("refused", "busy") else "left"
