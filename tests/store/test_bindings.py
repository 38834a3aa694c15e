from __future__ import annotations

import logging
from typing import Any

import pytest

from pbx.model.binding import Binding
from pbx.store.bindings import BindingStore
from pbx.store.database import Database
from tests.fakes.clock import EPOCH, FakeClock


@pytest.fixture
def store(database: Database) -> BindingStore:
    return BindingStore(database)


def binding(extension: str = "101", contact_uri: str = "sip:101@192.0.2.1:5060", **more: Any) -> Binding:
    now = EPOCH.timestamp()
    fields: dict[str, Any] = {
        "transport": "UDP",
        "source_host": "192.0.2.1",
        "source_port": 5060,
        "connection": 0,
        "path": ("<sip:edge.example;lr>",),
        "expires_at": now + 60,
        "call_id": "c1",
        "cseq": 1,
        "q": 0.5,
        "user_agent": "Phone ☎ 1.0",
        "instance_id": None,
        "registered_at": now,
    }
    return Binding(extension=extension, contact_uri=contact_uri, **(fields | more))


async def test_bindings_come_back_as_they_were(store: BindingStore) -> None:
    several = [binding(), binding("101", "sip:101@192.0.2.2", instance_id="<urn:uuid:1>"), binding("102")]
    await store.apply(several, [])
    assert sorted(await store.load(), key=repr) == sorted(several, key=repr)


async def test_a_refresh_replaces_and_a_removal_removes(store: BindingStore) -> None:
    await store.apply([binding(), binding("102")], [])
    await store.apply([binding(cseq=2)], [binding("102")])
    assert await store.load() == [binding(cseq=2)]


async def test_removing_and_adding_the_same_contact_keeps_it(store: BindingStore) -> None:
    await store.apply([binding()], [])
    await store.apply([binding(cseq=9)], [binding()])
    assert await store.load() == [binding(cseq=9)]


async def test_expired_bindings_are_not_loaded_and_leave_the_file(
    store: BindingStore, clock: FakeClock, database: Database
) -> None:
    await store.apply([binding(), binding("102", expires_at=EPOCH.timestamp() + 3600)], [])
    clock.advance(60)
    assert [one.extension for one in await store.load()] == ["102"]
    assert await database.read(lambda c: c.execute("SELECT count(*) FROM bindings").fetchone()) == (1,)


async def test_a_record_that_cannot_be_read_is_dropped_and_said(
    store: BindingStore, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await store.apply([binding()], [])
    await database.write(
        lambda c: c.execute("INSERT INTO bindings VALUES ('102', 'sip:x', 9e9, '{\"old\": 1}')")
    )
    with caplog.at_level(logging.WARNING):
        assert await store.load() == [binding()]
    assert "cannot be read" in caplog.text


async def test_nothing_to_do_costs_no_commit(store: BindingStore, database: Database) -> None:
    before = database.counts.commits
    await store.apply([], [])
    assert database.counts.commits == before
