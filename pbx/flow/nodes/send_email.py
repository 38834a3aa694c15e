"""Send an e-mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.fields import Template
from pbx.flow.node import Exit, Node, NodeError

_ADDRESS = re.compile(r"[^\s@<>,;:\"\\()\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


class SendEmail(Node, frozen=True, kw_only=True, tag="send_email"):
    """Send an e-mail about the call. It is queued and tried again, so the call does not wait for it."""

    title = "Send e-mail"
    group = "messages"
    exits = (Exit("next", "Next"),)
    to: Annotated[
        Template, Meta(min_length=3, title="To", description="One address.", examples=["office@example.com"])
    ]
    subject: Annotated[Template, Meta(min_length=1, title="Subject")] = "Call from {{caller.number}}"
    text: Annotated[
        Template, Meta(title="Text", extra_json_schema={"x-widget": "template", "x-lines": 8})
    ] = "{{caller.name}} {{caller.number}} called {{called.number}}."

    def faults(self) -> Iterator[tuple[str, str]]:
        if "{{" not in self.to and not _ADDRESS.fullmatch(self.to):
            yield "to", "this is no e-mail address"

    async def run(self, context: Context) -> str:
        to = context.text(self.to).strip()
        if not _ADDRESS.fullmatch(to):
            raise NodeError(f"{to!r} is no e-mail address")
        subject = " ".join(context.text(self.subject).split())[:200]
        await context.messages.mail(to, subject, context.text(self.text))
        return "next"
