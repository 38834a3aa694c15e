"""Walks one call through flows: runs a node, follows the wire of its exit, and so on until the call is over.

    node → exit wired to a node → that node
         → exit wired to ""     → the call ends
         → "failed", not wired  → "Sorry …", and the call ends
         → another flow         → its entry, at the revision that is live now

The walk keeps the revision it began with. The caller's hang-up cancels it wherever it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from pbx.core.errors import PbxError
from pbx.flow.context import Context
from pbx.flow.document import LoadedFlow
from pbx.flow.expression import ExpressionError
from pbx.flow.graph import exits_of
from pbx.flow.node import FAILED, Node, NodeError
from pbx.flow.ports import CallOver, Phrase
from pbx.flow.registry import type_name
from pbx.model.flow import END
from pbx.model.leg_event import LegFailed

__all__ = ["MOST_STEPS", "Path", "Walk"]

log = logging.getLogger(__name__)

MOST_STEPS = 1000
"""In one call. A caller who presses a key a minute needs a day for as many."""

OVER = ""
"""What a node returns when nothing follows it."""


class Path(Protocol):
    """Is told where a call goes."""

    def flow(self, flow: LoadedFlow) -> None: ...

    def enter(self, flow: LoadedFlow, id: str, kind: str) -> None: ...

    def leave(self, flow: LoadedFlow, id: str, exit: str, detail: str) -> None: ...


class Walk:
    """One call's. `flows` gives the flow that is live under a number."""

    def __init__(self, context: Context, path: Path, flows: Callable[[str], LoadedFlow | None]) -> None:
        self._context = context
        self._path = path
        self._flows = flows
        self._steps = 0

    async def run(self, flow: LoadedFlow, node: str = "") -> None:
        """To the end of the call, from a node of the flow: its entry, unless one is named.

        Raises `LegFailed`, when the caller is gone, and nothing that a node did wrong.
        """
        try:
            next_flow: LoadedFlow | None = flow
            while next_flow is not None:
                next_flow, node = await self._through(next_flow, node), ""
        except CallOver:
            return

    async def _through(self, flow: LoadedFlow, node: str) -> LoadedFlow | None:
        """Walk one flow; the one to go on with, None when the call is over."""
        self._path.flow(flow)
        self._context.flow = flow.number
        id = node or flow.entry
        while True:
            self._steps += 1
            if self._steps > MOST_STEPS:
                log.error("a call went round in a flow", extra={"flow": flow.number, "node": id})
                await self._sorry()
                return None
            exit, detail, onward = await self._step(flow, id, flow.nodes[id])
            self._path.leave(flow, id, exit, detail)
            if onward is not None:
                return onward
            if exit == OVER:
                return None
            target = flow.after(id, exit)
            if target is None:
                await self._sorry()
                return None
            if target == END:
                await self._context.line.hang_up()
                return None
            id = target

    async def _step(self, flow: LoadedFlow, id: str, node: Node) -> tuple[str, str, LoadedFlow | None]:
        """Run one node: its exit, why it failed, and the flow to go on with."""
        context = self._context
        context.node = id
        context.wired = flow.wires.get(id, {}).keys()
        self._path.enter(flow, id, type_name(type(node)))
        if (number := node.next_flow) is not None:
            onward = self._flows(number)
            return (
                (OVER, "", onward) if onward else (FAILED.name, f"the flow {number} is not published", None)
            )
        try:
            exit = await node.run(context)
        except CallOver:
            self._path.leave(flow, id, OVER, "")
            raise
        except LegFailed:
            raise
        except (NodeError, ExpressionError, PbxError) as error:
            return FAILED.name, str(error), None
        except Exception:
            log.exception("a node failed", extra={"flow": flow.number, "node": id})
            return FAILED.name, "a fault of this node", None
        if exit != OVER and all(each.name != exit for each in exits_of(node)):
            log.error(
                "a node left by no exit of its own", extra={"flow": flow.number, "node": id, "exit": exit}
            )
            return FAILED.name, f"there is no exit {exit}", None
        return exit, "", None

    async def _sorry(self) -> None:
        line = self._context.line
        await line.say(Phrase("flow_failed"))
        await line.hang_up()
