"""Send the call elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from pbx.flow.context import Context
from pbx.flow.fields import NodeRing, Rights, Template
from pbx.flow.node import Node, NodeError
from pbx.flow.reaching import BUSY, NO_ANSWER, OVER, UNREACHABLE, exit_of

_WRITTEN = re.compile(r"[0-9*#+]{1,32}")
_FROM_VALUES = re.compile(r"\+?[0-9]{1,32}")
"""What a caller has typed, or another program has said, never dials a feature code."""


class TransferCall(Node, frozen=True, kw_only=True, tag="transfer"):
    """Send the call to whatever an extension would dial: a number of the office, a code, or an outside number.

    An outside number is called with the rights, limits and number of the extension that is named.
    """

    title = "Transfer"
    group = "reach"
    exits = tuple(replace(each, when="!blind") for each in (NO_ANSWER, BUSY, UNREACHABLE))
    destination: Annotated[
        Template,
        Meta(
            min_length=1,
            title="Destination",
            description="What an extension would dial. With {{names}}, the value may hold digits and a + only.",
            examples=["101", "+12025550123", "{{customer.agent}}"],
            extra_json_schema={"x-widget": "destination"},
        ),
    ]
    rights: Rights = None
    blind: Annotated[
        bool,
        Meta(
            title="Blind",
            description="The flow ends here, whatever becomes of the call. Off: it goes on when nobody takes it.",
        ),
    ] = False
    ring_s: NodeRing = None

    def faults(self) -> Iterator[tuple[str, str]]:
        if "{{" not in self.destination and not _WRITTEN.fullmatch(self.destination):
            yield "destination", "a destination is digits, *, # and + only"

    async def run(self, context: Context) -> str:
        destination = context.text(self.destination).strip()
        allowed = _FROM_VALUES if "{{" in self.destination else _WRITTEN
        if not allowed.fullmatch(destination):
            raise NodeError(f"{destination!r} is no destination")
        if self.blind:
            await context.reach.transfer(destination, rights=self.rights)
            return OVER
        return exit_of(await context.reach.dial(destination, rights=self.rights, ring_s=self.ring_s))
