"""Have somebody called back."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.fields import Template
from pbx.flow.node import Exit, Node, NodeError
from pbx.model.kind import ref
from pbx.model.scalars import ExtensionNumber

_NUMBER = re.compile(r"\+?[0-9]{2,20}")


class CallBackRequest(Node, frozen=True, kw_only=True, tag="call_back"):
    """Keep a place for the caller in the line of a queue: when it is reached, an agent and then the caller are rung."""

    title = "Call-back request"
    group = "messages"
    exits = (Exit("next", "Next"),)
    queue: Annotated[
        ExtensionNumber,
        ref("queue", title="Queue", description="Whose agents call back, with its settings for that."),
    ]
    number: Annotated[Template, Meta(min_length=1, title="Number", description="Who is called back.")] = (
        "{{caller.number}}"
    )
    note: Annotated[
        Template,
        Meta(title="Note", description="Agents see it with the caller's name.", examples=["Order {{order}}"]),
    ] = ""

    async def run(self, context: Context) -> str:
        number = context.text(self.number).strip()
        if not _NUMBER.fullmatch(number):
            raise NodeError(f"{number!r} is no number that can be called back")
        note = " ".join(context.text(self.note).split())[:60]
        await context.messages.call_back(number, self.queue, note)
        return "next"
