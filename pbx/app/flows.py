"""Wires the flows: what is live, and what is published."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import msgspec

from pbx.app.edge import EdgeParts
from pbx.app.ground import Ground
from pbx.app.wishes import matcher
from pbx.call.call import Call
from pbx.core.clock import machine_zone
from pbx.core.events import EventBus
from pbx.core.ids import new_id
from pbx.core.names import Lookup
from pbx.core.tasks import Supervisor
from pbx.feature.documents import Documents
from pbx.feature.flow_texts import FlowTexts
from pbx.flow.flows import Flows, OpenPorts
from pbx.flow.importing import FlowImport
from pbx.flow.ports import Ports
from pbx.flow.publishing import Publishing
from pbx.flow.test_calls import TestCalls
from pbx.model.kinds import FLOW
from pbx.notify.http_client import HttpClient
from pbx.notify.mail import Mailer
from pbx.notify.outbox import Outbox
from pbx.store.flows import TOPIC, FlowStore
from pbx.store.records import TOPIC as RECORDS
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
    ground: Ground,
    *,
    ports: Callable[[], OpenPorts],
    mailer: Mailer,
    edge: EdgeParts,
    lookup: Lookup,
) -> FlowParts:
    """`ports`, asked late, opens what the nodes of a call work with. Mail leaves by `mailer`, texts by `edge`."""
    config, clock = ground.config, ground.clock
    records, store = ground.stores.records, ground.stores.flows

    def open_ports(call: Call) -> AbstractAsyncContextManager[Ports]:
        return ports()(call)

    tests = TestCalls(clock)
    flows = Flows(store, open_ports, tests)
    publishing = Publishing(
        records,
        store,
        clock,
        chat=matcher(),
        time_zone=machine_zone(),
        country=config.country,
        changed=flows.reload,
        test_calls=tests,
    )
    documents = Documents(
        records,
        FlowImport(records, publishing, store, changed=flows.reload),
        emergency=config.emergency_numbers,
    )
    outbox = Outbox(mailer.send, sender=lambda: mailer.sender, clock=clock, new_id=new_id)
    texts = FlowTexts(
        edge, has_edge=lambda: edge.is_there, country=config.country, clock=clock, new_id=new_id
    )
    return FlowParts(flows, publishing, store, documents, outbox, texts, HttpClient(lookup))
