"""Send a text message."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.fields import Template
from pbx.flow.node import Exit, Node, NodeError

_NUMBER = re.compile(r"\+?[0-9]{3,20}")


class SendText(Node, frozen=True, kw_only=True, tag="send_text"):
    """Send a text message, to the caller or to anybody else."""

    title = "Send text"
    group = "messages"
    exits = (Exit("next", "Next"),)
    to: Annotated[Template, Meta(min_length=1, title="To", description="An outside number.")] = (
        "{{caller.number}}"
    )
    text: Annotated[Template, Meta(min_length=1, title="Text")]

    async def run(self, context: Context) -> str:
        to = context.text(self.to).strip()
        if not _NUMBER.fullmatch(to):
            raise NodeError(f"{to!r} is no number that a text can be sent to")
        await context.messages.text(to, context.text(self.text))
        return "next"
