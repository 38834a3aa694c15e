"""Record the call, or no longer."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.node import Exit, Node


class RecordCall(Node, frozen=True, kw_only=True, tag="record"):
    """Have the conversations that follow recorded, or no longer. Where somebody says never, it leaves by `failed`."""

    title = "Record"
    group = "rooms"
    exits = (Exit("done", "Done"),)
    do: Annotated[
        Literal["on", "off", "pause", "resume"],
        Meta(
            title="Do",
            description="Off: no longer because of this flow; others may demand it. Pause: the next conversation "
            "begins paused, until somebody resumes it.",
        ),
    ] = "on"

    async def run(self, context: Context) -> str:
        await context.line.record(self.do)
        return "done"
