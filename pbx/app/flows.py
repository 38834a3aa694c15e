"""Wires the flows: what is live, and what is published."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from pbx.app.flow_ports import machine_zone
from pbx.app.wishes import matcher
from pbx.core.clock import Clock
from pbx.core.events import EventBus
from pbx.core.names import Lookup
from pbx.core.tasks import Supervisor
from pbx.feature.documents import Documents
from pbx.feature.flow_texts import FlowTexts
from pbx.flow.flows import Flows, OpenPorts
from pbx.flow.importing import FlowImport
from pbx.flow.publishing import Publishing
from pbx.flow.test_calls import TestCalls
from pbx.model.kinds import FLOW
from pbx.notify.http_client import HttpClient
from pbx.notify.outbox import Outbox
from pbx.store.flows import TOPIC, FlowStore
from pbx.store.records import TOPIC as RECORDS
from pbx.store.records import RecordStore
from pbx.store.state import StateStore

__all__ = ["FlowParts", "build_flows"]


class FlowParts(msgspec.Struct, frozen=True):
    """The flows of a node."""

    flows: Flows
    publishing: Publishing
    store: FlowStore
    documents: Documents
    outbox: Outbox
    texts: FlowTexts
    client: HttpClient

    def start(self, supervisor: Supervisor, state: StateStore) -> None:
        """Send what flows have put into their boxes, now and after a restart."""
        supervisor.spawn("mail of flows", self.outbox.run(state))
        supervisor.spawn("texts of flows", self.texts.run(state))

    async def follow(self, bus: EventBus) -> None:
        """Keep what is live as the store has it, whoever changes it."""
        with bus.subscribe(TOPIC, RECORDS) as changes:
            async for change in changes:
                if change.topic == TOPIC or getattr(change.event, "kind", "") in ("", FLOW.name):
                    await self.flows.reload()


def build_flows(
    records: RecordStore,
    store: FlowStore,
    clock: Clock,
    *,
    open_ports: OpenPorts,
    outbox: Outbox,
    texts: FlowTexts,
    country: str,
    emergency: Collection[str],
    lookup: Lookup,
) -> FlowParts:
    """`open_ports` gives the nodes of a call what they work with; `outbox` and `texts` take what flows send."""
    tests = TestCalls(clock)
    flows = Flows(store, open_ports, tests)
    publishing = Publishing(
        records,
        store,
        clock,
        chat=matcher(),
        time_zone=machine_zone(),
        country=country,
        changed=flows.reload,
        test_calls=tests,
    )
    documents = Documents(
        records, FlowImport(records, publishing, store, changed=flows.reload), emergency=emergency
    )
    return FlowParts(flows, publishing, store, documents, outbox, texts, HttpClient(lookup))
