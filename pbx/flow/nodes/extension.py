"""Ring an extension."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.fields import NodeRing
from pbx.flow.node import Node
from pbx.flow.reaching import BUSY, NO_ANSWER, UNREACHABLE, exit_of
from pbx.model.kind import ref
from pbx.model.scalars import ExtensionNumber


class RingExtension(Node, frozen=True, kw_only=True, tag="extension"):
    """Ring an extension as any call to it does: its phones, its follow-me, its forwarding and its do not disturb.

    Where it forwards to is where the call goes; an exit is taken when that leads to nobody either.
    """

    title = "Extension"
    group = "reach"
    exits = (NO_ANSWER, BUSY, UNREACHABLE)
    extension: Annotated[ExtensionNumber, ref("extension", title="Extension")]
    ring_s: NodeRing = None
    voicemail: Annotated[
        bool,
        Meta(
            title="Its voicemail may answer",
            description="Off: where the extension forwards to a mailbox, the call leaves by an exit instead.",
        ),
    ] = True

    async def run(self, context: Context) -> str:
        return exit_of(
            await context.reach.extension(self.extension, ring_s=self.ring_s, voicemail=self.voicemail)
        )
