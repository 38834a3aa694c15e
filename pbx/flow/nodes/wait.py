"""Let time pass."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.node import Exit, Node


class Wait(Node, frozen=True, kw_only=True, tag="wait"):
    """Let time pass. A call that was not answered yet is not answered by it."""

    title = "Wait"
    group = "logic"
    exits = (
        Exit("done", "Time is up", waits=True),
        Exit("key", "Key pressed", waits=True, when="key_ends"),
    )
    seconds: Annotated[float, Meta(ge=0.5, le=3600, title="How long", extra_json_schema={"x-unit": "s"})]
    music: Annotated[bool, Meta(title="Music", description="What the caller hears meanwhile.")] = False
    key_ends: Annotated[
        bool,
        Meta(
            title="A key ends it",
            description="A caller who has been answered may press any; it has its own exit.",
        ),
    ] = False

    async def run(self, context: Context) -> str:
        until = context.line.now.timestamp() + self.seconds
        left = self.seconds
        while left > 0:
            key = await context.line.wait(left, music=self.music)
            if key and self.key_ends:
                context.set("pressed", key)
                return "key"
            if not key:
                break
            left = until - context.line.now.timestamp()
        return "done"
