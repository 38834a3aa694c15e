"""Wires the flows: what is live, and what is published."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from pbx.call.call import Call
from pbx.core.clock import Clock
from pbx.core.errors import PeerError
from pbx.core.events import EventBus
from pbx.flow.flows import Flows, OpenPorts
from pbx.flow.ports import Ports
from pbx.flow.publishing import Publishing
from pbx.model.kinds import FLOW
from pbx.store.flows import TOPIC, FlowStore
from pbx.store.records import TOPIC as RECORDS
from pbx.store.records import RecordStore

__all__ = ["FlowParts", "build_flows"]


@dataclass(frozen=True, slots=True)
class FlowParts:
    """The flows of a node."""

    flows: Flows
    publishing: Publishing
    store: FlowStore

    async def follow(self, bus: EventBus) -> None:
        """Keep what is live as the store has it, whoever changes it."""
        with bus.subscribe(TOPIC, RECORDS) as changes:
            async for change in changes:
                if change.topic == TOPIC or getattr(change.event, "kind", "") in ("", FLOW.name):
                    await self.flows.reload()


def no_ports(_call: Call) -> AbstractAsyncContextManager[Ports]:
    """For a node that cannot talk with callers. Raises `PeerError` 503."""
    raise PeerError(503, "No Flows Here")


def build_flows(records: RecordStore, store: FlowStore, clock: Clock, *, open_ports: OpenPorts) -> FlowParts:
    """`open_ports` gives the nodes of a call what they work with."""
    flows = Flows(store, open_ports)
    return FlowParts(flows, Publishing(records, store, clock, changed=flows.reload), store)
