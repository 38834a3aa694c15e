"""Hear one's messages."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.node import Exit, Node
from pbx.model.kind import ref

__all__ = ["CheckVoicemail"]


class CheckVoicemail(Node, frozen=True, kw_only=True, tag="check_voicemail"):
    """The caller gives the PIN of a mailbox and hears its messages, also from outside."""

    title = "Check voicemail"
    group = "messages"
    exits = (
        Exit("done", "Done", optional=True, waits=True),
        Exit("refused", "Wrong PIN", optional=True, waits=True),
    )
    mailbox: Annotated[
        Annotated[str, ref("mailbox")] | None,
        Meta(title="Mailbox", description="Without one, the caller is asked for its number."),
    ] = None

    async def run(self, context: Context) -> str:
        reached = await context.reach.check_voicemail(self.mailbox)
        return "done" if reached in ("talked", "left") else "refused"
