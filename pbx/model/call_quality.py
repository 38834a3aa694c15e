"""How a call sounded, as a report: for each leg, its figures and what they mean in plain words."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.audio_event import LegQuality
from pbx.model.base import Record

__all__ = ["CallQuality", "LegReport"]


class LegReport(Record, frozen=True, kw_only=True):
    """One leg: who it was, what was measured, what went wrong on the way, and what that means."""

    leg: str
    party: Annotated[str, Meta(description="The extension or number there.")]
    figures: LegQuality
    one_way: Annotated[
        int, Meta(ge=0, description="Times that nothing came from it while the other talked.")
    ] = 0
    words: Annotated[tuple[str, ...], Meta(description="What it means, and what to look at first.")]


class CallQuality(Record, frozen=True, kw_only=True):
    """Of a call that has ended: its legs. None while it goes on, and for a call without audio."""

    call: str
    legs: tuple[LegReport, ...]
