"""The published states of a flow, and how two of them differ."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pbx.model.base import Record
from pbx.model.flow import Flow

__all__ = ["FlowChange", "FlowDiff", "FlowRevision", "FlowState", "FlowsChanged", "RevisionNumber"]

RevisionNumber = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class FlowRevision(Record, frozen=True, kw_only=True):
    """A flow as it was published. It never changes.

    `overridden` are the tests that failed, and that the author has published all the same. `rolled_back_to` is the
    revision whose document this one has again.
    """

    flow: str
    revision: int
    at: datetime
    author: str
    comment: str = ""
    overridden: tuple[str, ...] = ()
    rolled_back_to: int | None = None
    document: Flow | None = None
    """None in lists."""

    def without_document(self) -> FlowRevision:
        return msgspec.structs.replace(self, document=None)


class FlowState(Record, frozen=True, kw_only=True):
    """How a flow stands: what is live, and whether the draft differs from it."""

    flow: str
    name: str
    live: FlowRevision | None = None
    changed: Annotated[bool, Meta(description="The draft is not what is live.")] = True
    nodes: int = 0
    problem: Annotated[str, Meta(description="Why what is live cannot take calls.")] = ""


class FlowChange(Record, frozen=True, kw_only=True):
    """One difference. `field` is what of it has changed, such as a parameter or an exit; `old` or `new` is missing
    where it was added or removed."""

    what: Literal["node", "wire", "note", "test", "setting"]
    change: Literal["added", "removed", "changed", "moved"]
    name: str
    field: str = ""
    old: Any = None
    new: Any = None


class FlowDiff(Record, frozen=True, kw_only=True):
    """How two states of a flow differ: "draft", or the number of a revision; "" is nothing at all."""

    flow: str
    before: str
    after: str
    changes: tuple[FlowChange, ...]


class FlowsChanged(Record, frozen=True, kw_only=True):
    """Published on the topic "flows" after the live flows have changed; without numbers, any of them."""

    flows: tuple[str, ...] = ()
