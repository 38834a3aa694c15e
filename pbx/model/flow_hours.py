"""What the time switches of a flow decide at a moment."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, field

from pbx.model.base import Record
from pbx.model.flow import NodeId

__all__ = ["FlowHours", "HoursQuestion", "HoursVerdict"]


class HoursQuestion(Record, frozen=True, kw_only=True):
    """Which moment. `flags` are switches of the office that are on or off then; the others are off."""

    at: Annotated[
        datetime | None,
        Meta(
            title="Time",
            description="Without a time zone it is in that of the office; without one at all, now.",
        ),
    ] = None
    flags: Annotated[dict[str, bool], Meta(max_length=50, title="Switches")] = field(default_factory=dict)


class HoursVerdict(Record, frozen=True, kw_only=True):
    """The exit of a time switch, and why in a few words: the name of a rule, of a holiday, of a switch."""

    node: NodeId
    exit: str
    because: str


class FlowHours(Record, frozen=True, kw_only=True):
    """Every time switch of a flow, by the names of their nodes."""

    flow: str
    at: datetime
    items: tuple[HoursVerdict, ...]
