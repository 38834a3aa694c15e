"""The flows that are live, in memory: what a call that reaches a flow's number runs.

Publishing swaps a flow as a whole. A call keeps the flow that it walks, so what is published meanwhile is for the next
one. Implements `FlowCalls` of `pbx.feature.dialplan`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from pbx.core.errors import PeerError
from pbx.flow.context import Context
from pbx.flow.document import LoadedFlow, load
from pbx.flow.engine import Walk
from pbx.flow.path import CallPath
from pbx.flow.test_calls import TestCalls
from pbx.model.flow_revision import FlowRevision

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.flow.ports import Ports
    from pbx.flow.template import Value
    from pbx.store.flows import FlowStore

__all__ = ["Flows", "OpenPorts", "loaded"]

log = logging.getLogger(__name__)

MOST_WALKS = 10
"""Of one call, one within the other: a flow may dial an extension that is forwarded to a flow."""

OpenPorts = Callable[["Call"], AbstractAsyncContextManager["Ports"]]
"""What the nodes of one call work with, for as long as it walks."""


class Flows:
    """All that are live. `problems` are those that cannot take calls, and why; `tests` leads into others."""

    def __init__(self, store: FlowStore, open_ports: OpenPorts, tests: TestCalls | None = None) -> None:
        self._store = store
        self._tests = tests
        self._open_ports = open_ports
        self._live: Mapping[str, LoadedFlow] = {}
        self._walks: Counter[str] = Counter()
        self.problems: Mapping[str, str] = {}

    async def reload(self) -> None:
        """Take what the store says is live, all at once."""
        live, problems = loaded(await self._store.live())
        for number, why in problems.items():
            if number not in self.problems:
                log.error("a flow cannot take calls", extra={"flow": number, "why": why})
        self._live, self.problems = live, problems

    @property
    def live(self) -> Mapping[str, LoadedFlow]:
        return self._live

    def has(self, number: str) -> bool:
        return number in self._live or (self._tests is not None and self._tests.has(number))

    async def go_on(self, call: Call, number: str, node: str) -> None:
        """Enter a node again in which a call was when the node was killed, with the values that it had there; the
        flow's beginning, when there is no such node any more.
        """
        flow = self._live.get(number)
        await self.run(call, number, node=node if flow is not None and node in flow.nodes else "")

    async def run(self, call: Call, number: str, *, node: str = "") -> None:
        """Walk the flow to the end of the call. Raises `PeerError` 404 without one, 482 when it goes round."""
        flow, test = self._live.get(number), ""
        if flow is None and self._tests is not None and call.trunk is None:
            flow, test = self._tests.take(number), number
        if flow is None:
            raise PeerError(404, "Not Found")
        if self._walks[call.id] >= MOST_WALKS:
            raise PeerError(482, "Flows In A Circle")
        self._walks[call.id] += 1
        try:
            async with self._open_ports(call) as ports:
                values = call.values if node else _values(call, flow.number if test else call.dialled)
                context = Context(ports, values)
                call.values = context.values
                await Walk(context, CallPath(call, test), self._live_now).run(flow, node)
        finally:
            self._walks[call.id] -= 1
            if not self._walks[call.id]:
                del self._walks[call.id]

    def _live_now(self, number: str) -> LoadedFlow | None:
        return self._live.get(number)


def loaded(revisions: Mapping[str, FlowRevision]) -> tuple[dict[str, LoadedFlow], dict[str, str]]:
    """The flows, and why the others cannot be read."""
    live: dict[str, LoadedFlow] = {}
    problems: dict[str, str] = {}
    for number, revision in revisions.items():
        if revision.document is None:
            problems[number] = f"revision {revision.revision} cannot be read by this version"
            continue
        found = load(revision.document, revision.revision)
        if isinstance(found, LoadedFlow):
            live[number] = found
        else:
            problems[number] = "; ".join(f"{each.node or 'flow'}: {each.text}" for each in found)
    return live, problems


def _values(call: Call, called: str) -> dict[str, Value]:
    shown = call.shown
    return {
        "caller.number": shown.number,
        "caller.name": shown.name,
        "caller.extension": call.party.extension or "",
        "called.number": called,
        "call.id": call.id,
    }
