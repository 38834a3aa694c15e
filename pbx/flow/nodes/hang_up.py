"""Hang up."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.flow.context import Context
from pbx.flow.node import Node

Ending = Literal["normal", "busy", "unavailable", "declined", "not_found"]
_STATUS: dict[Ending, int] = {"normal": 0, "busy": 486, "unavailable": 480, "declined": 603, "not_found": 404}


class HangUp(Node, frozen=True, kw_only=True, tag="hang_up"):
    """End the call. One that was not answered yet is refused with the reason; one that was may hear a busy tone."""

    title = "Hang up"
    group = "logic"
    reason: Annotated[Ending, Meta(title="Reason")] = "normal"
    tone: Annotated[
        Literal["", "busy", "congestion"],
        Meta(title="Tone", description="What an answered caller hears first."),
    ] = ""

    async def run(self, context: Context) -> str:
        await context.line.hang_up(_STATUS[self.reason], tone=self.tone)
        return ""
