"""Leave a message."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.node import Exit, Node
from pbx.model.kind import ref

__all__ = ["Voicemail"]


class Voicemail(Node, frozen=True, kw_only=True, tag="voicemail"):
    """The caller hears the greeting of a mailbox and leaves a message there."""

    title = "Voicemail"
    group = "messages"
    exits = (
        Exit("done", "Done", optional=True, waits=True),
        Exit("refused", "Full or switched off", optional=True, waits=True),
    )
    mailbox: Annotated[str, ref("mailbox", title="Mailbox")]
    greeting: Annotated[
        bool,
        Meta(title="Play the greeting", description="Off: only the tone, for flows that have said it all."),
    ] = True

    async def run(self, context: Context) -> str:
        reached = await context.reach.voicemail(self.mailbox, greeting=self.greeting)
        return "done" if reached in ("talked", "left") else "refused"
