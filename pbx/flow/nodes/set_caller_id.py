"""Change what the phones show of the caller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.fields import Template
from pbx.flow.node import Exit, Node


class SetCallerId(Node, frozen=True, kw_only=True, tag="set_caller_id"):
    """From here on, phones of the office that ring for the call show this of the caller.

    The call's record, and rules for callers, go by who really calls. Calls on to outside numbers show what the trunk
    may show.
    """

    title = "Set caller ID"
    group = "logic"
    exits = (Exit("next", "Next"),)
    name: Annotated[
        Template,
        Meta(title="Name", description="Empty: as it is.", examples=["Sales: {{caller.name}}"]),
    ] = ""
    number: Annotated[Template, Meta(title="Number", description="Empty: as it is.")] = ""

    def faults(self) -> Iterator[tuple[str, str]]:
        if not self.name and not self.number:
            yield "name", "say what is to be shown: a name, a number or both"

    async def run(self, context: Context) -> str:
        name, number = (_clean(context.text(each)) for each in (self.name, self.number))
        context.line.show(name=name[:80] or None, number=number[:40] or None)
        return "next"


def _clean(text: str) -> str:
    """Without what would break a header."""
    return "".join(each for each in text if each.isprintable()).strip()
