"""The way of a call through flows, as events of the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.model.flow_event import FlowEntered, NodeEntered, NodeLeft

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.flow.document import LoadedFlow

__all__ = ["CallPath"]


class CallPath:
    """Implements `engine.Path`. `test` is what was dialled, when the call tries the flow out."""

    def __init__(self, call: Call, test: str = "") -> None:
        self._call = call
        self._test = test

    def flow(self, flow: LoadedFlow) -> None:
        call = self._call
        call.record(
            FlowEntered(
                call=call.id,
                at=call.now(),
                flow=flow.number,
                name=flow.name,
                revision=flow.revision,
                test=self._test,
            )
        )

    def enter(self, flow: LoadedFlow, id: str, kind: str) -> None:
        call = self._call
        call.record(NodeEntered(call=call.id, at=call.now(), flow=flow.number, node=id, kind=kind))

    def leave(self, flow: LoadedFlow, id: str, exit: str, detail: str) -> None:
        call = self._call
        call.record(
            NodeLeft(call=call.id, at=call.now(), flow=flow.number, node=id, exit=exit, detail=detail)
        )
