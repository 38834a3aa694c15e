"""Play a prompt of the office."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.node import Exit, Node
from pbx.flow.ports import Prompt
from pbx.model.kind import ref
from pbx.model.scalars import Slug


class Play(Node, frozen=True, kw_only=True, tag="play"):
    """Play a prompt, then go on. The key that cut it short, if any, is the value `pressed`."""

    title = "Play message"
    group = "sound"
    exits = (Exit("done", "Done", waits=True),)
    prompt: Annotated[Slug, ref("prompt", title="Prompt")]
    barge_in: Annotated[bool, Meta(title="A key cuts it short")] = True

    async def run(self, context: Context) -> str:
        context.set("pressed", await context.line.say(Prompt(self.prompt), barge_in=self.barge_in))
        return "done"
