"""How many calls went which way through a flow."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record

__all__ = ["ExitTraffic", "FlowTraffic", "NodeTraffic"]

Calls = Annotated[int, Meta(description="Each call counts once, however often it came here.")]
Median = Annotated[
    float,
    Meta(
        description="Half of the calls took less. Good to two digits.",
        extra_json_schema={"x-unit": "s"},
    ),
]


class ExitTraffic(Record, frozen=True, kw_only=True):
    """Calls that left a node by an exit; "" for those that ended at the node, or went on in another flow."""

    exit: str
    calls: Calls
    median_s: Median


class NodeTraffic(Record, frozen=True, kw_only=True):
    """Calls that came to a node, and how long they were there."""

    node: str
    calls: Calls
    median_s: Median
    exits: tuple[ExitTraffic, ...] = ()


class FlowTraffic(Record, frozen=True, kw_only=True):
    """The finished calls of a flow `since` a day (of UTC) began. `revision` None: of all revisions."""

    flow: str
    revision: int | None
    since: datetime
    calls: Calls
    median_s: Median
    nodes: tuple[NodeTraffic, ...]
