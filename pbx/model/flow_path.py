"""The way of a call through flows: a fold over its events. The live screen, the history's picture and the counts of
traffic all read it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from pbx.model.call_event import CallEvent
from pbx.model.flow_event import FlowEntered, NodeEntered, NodeLeft

__all__ = ["FlowPath", "FlowStep", "path_of"]


class FlowStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A node that the call came to `at`, in that revision of the flow. Without `left_at` it is there, or the call ended
    there; `exit` is "" where nothing followed in this flow, and `detail` why it failed."""

    flow: str
    revision: int
    node: str
    kind: str
    at: datetime
    exit: str | None = None
    left_at: datetime | None = None
    detail: str = ""


class FlowPath:
    """Takes events, keeps the steps in the order in which they were entered; with `most`, the newest only."""

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._revisions: dict[str, int] = {}
        self._steps: list[FlowStep] = []

    @property
    def steps(self) -> tuple[FlowStep, ...]:
        return tuple(self._steps)

    def take(self, event: CallEvent) -> None:
        if isinstance(event, FlowEntered):
            self._revisions[event.flow] = event.revision
        elif isinstance(event, NodeEntered):
            self._enter(event)
        elif isinstance(event, NodeLeft):
            self._leave(event)

    def _enter(self, event: NodeEntered) -> None:
        revision = self._revisions.get(event.flow, 0)
        self._steps.append(
            FlowStep(flow=event.flow, revision=revision, node=event.node, kind=event.kind, at=event.at)
        )
        if self._most:
            del self._steps[: -self._most]

    def _leave(self, event: NodeLeft) -> None:
        """The newest that is open, since a walk may be within a node of another one."""
        for index in range(len(self._steps) - 1, -1, -1):
            step = self._steps[index]
            if step.exit is None and (step.flow, step.node) == (event.flow, event.node):
                self._steps[index] = msgspec.structs.replace(
                    step, exit=event.exit, left_at=event.at, detail=event.detail
                )
                return


def path_of(events: Iterable[CallEvent]) -> tuple[FlowStep, ...]:
    """The whole way of a call."""
    path = FlowPath()
    for event in events:
        path.take(event)
    return path.steps
