"""A database with an office of three extensions, and flows made of few words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pbx.core.events import EventBus
from pbx.core.secret import SecretBox
from pbx.flow.publishing import Publishing
from pbx.model.extension import ExtensionWrite
from pbx.model.flow import Flow, FlowNode
from pbx.model.flow_script import FlowTest
from pbx.model.kinds import EXTENSION, FLOW
from pbx.store.database import Database
from pbx.store.flows import FlowStore
from pbx.store.records import RecordStore
from tests.fresh import fresh

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Stopped:
    """A clock that stands still."""

    def monotonic(self) -> float:
        return 0.0

    def now(self) -> datetime:
        return NOW


@dataclass
class FlowOffice:
    """What publishing works with."""

    database: Database
    records: RecordStore
    store: FlowStore
    bus: EventBus
    publishing: Publishing

    async def draft(self, flow: Flow) -> None:
        """Save it, new or changed."""
        await self.records.apply([(FLOW, flow)])


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[FlowOffice]:
    async with await fresh(tmp_path / "flows.sqlite3", poll_s=0) as database:
        bus = EventBus()
        records = RecordStore(database, SecretBox(bytes(32)), bus)
        store = FlowStore(database, bus)
        for number in ("101", "102", "103"):
            write = ExtensionWrite(number=number, name=f"Phone {number}", sip_password="phone-password")
            await records.create(EXTENSION, write)
        yield FlowOffice(database, records, store, bus, Publishing(records, store, Stopped()))


def decides(
    condition: str = "caller.number == '1'", *, number: str = "500", tests: tuple[FlowTest, ...] = ()
) -> Flow:
    """who ─ yes → over (busy), no → over"""
    return Flow(
        number=number,
        name=f"Flow {number}",
        entry="who",
        nodes={
            "who": FlowNode(type="condition", parameters={"condition": condition}),
            "over": FlowNode(type="hang_up", parameters={"reason": "busy"}),
        },
        wires={"who": {"yes": "over", "no": ""}},
        tests=tests,
    )


def goes_to(target: str, number: str = "501") -> Flow:
    return Flow(
        number=number,
        name=f"Flow {number}",
        entry="on",
        nodes={"on": FlowNode(type="go_to", parameters={"flow": target})},
    )
