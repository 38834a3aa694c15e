"""Wait in a queue."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.node import Exit, Node
from pbx.flow.reaching import exit_of
from pbx.model.kind import ref
from pbx.model.scalars import ExtensionNumber


class WaitInQueue(Node, frozen=True, kw_only=True, tag="queue"):
    """The caller waits until an agent is free. The exits stand in the place of the queue's overflow.

    A caller who asks for a call back in the queue has been served: the call ends.
    """

    title = "Queue"
    group = "reach"
    exits = (
        Exit("no_answer", "Waited too long", waits=True),
        Exit("busy", "Queue is full"),
        Exit("unreachable", "Nobody is there"),
    )
    queue: Annotated[ExtensionNumber, ref("queue", title="Queue")]
    priority: Annotated[
        int,
        Meta(
            ge=-100,
            le=100,
            title="Priority",
            description="Added to that of the queue and of the number called; the higher is served first.",
        ),
    ] = 0

    async def run(self, context: Context) -> str:
        return exit_of(await context.reach.queue(self.queue, priority=self.priority))
