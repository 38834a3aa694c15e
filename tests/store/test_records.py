from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from pbx.core.errors import UserError
from pbx.core.events import EventBus
from pbx.core.secret import SealBrokenError
from pbx.model.extension import Extension, ExtensionWrite
from pbx.model.feature_code import FeatureCode
from pbx.model.kinds import EXTENSION, FEATURE_CODE
from pbx.model.records_changed import RecordsChanged
from pbx.store.database import Database
from pbx.store.records import RecordStore, Stored
from tests.store.conftest import BOX


def write(
    number: str, name: str = "Someone", password: str | None = "secret-password", **more: Any
) -> ExtensionWrite:
    return ExtensionWrite(number=number, name=name, sip_password=password, **more)


@pytest.fixture
def store(database: Database) -> RecordStore:
    return RecordStore(database, BOX)


async def test_a_new_extension_is_read_without_its_password(store: RecordStore) -> None:
    created = await store.create(EXTENSION, write("101", "Alice"))
    assert created.record == Extension(number="101", name="Alice")
    assert await store.get(EXTENSION, "101") == created
    assert await store.secret(EXTENSION, "101") == "secret-password"


async def test_a_new_extension_needs_a_password(store: RecordStore) -> None:
    with pytest.raises(UserError) as caught:
        await store.create(EXTENSION, write("101", password=None))
    assert (caught.value.http_status, caught.value.path) == (422, "$.sip_password")


async def test_a_number_is_given_once(store: RecordStore) -> None:
    await store.create(EXTENSION, write("101", "Alice"))
    with pytest.raises(UserError) as caught:
        await store.create(EXTENSION, write("101", "Bob"))
    assert (caught.value.http_status, caught.value.path, caught.value.got) == (409, "$.number", "101")
    assert (await store.all(EXTENSION))[0].name == "Alice"


async def test_replacing_without_a_password_keeps_the_old_one(store: RecordStore) -> None:
    await store.create(EXTENSION, write("101"))
    await store.replace(EXTENSION, "101", write("101", "New Name", None, enabled=False))
    found = await store.get(EXTENSION, "101")
    assert found is not None
    assert found.record == Extension(number="101", name="New Name", enabled=False)
    assert await store.secret(EXTENSION, "101") == "secret-password"
    await store.replace(EXTENSION, "101", write("101", password="another-password"))
    assert await store.secret(EXTENSION, "101") == "another-password"


async def test_what_is_not_there_is_404(store: RecordStore) -> None:
    for failing in (store.replace(EXTENSION, "101", write("101")), store.delete(EXTENSION, "101")):
        with pytest.raises(UserError) as caught:
            await failing
        assert caught.value.http_status == 404
    assert await store.get(EXTENSION, "101") is None
    assert await store.secret(EXTENSION, "101") is None


async def test_a_number_does_not_change(store: RecordStore) -> None:
    await store.create(EXTENSION, write("101"))
    with pytest.raises(UserError, match="does not change"):
        await store.replace(EXTENSION, "101", write("102"))


async def test_a_deleted_extension_takes_its_registrations_along(
    store: RecordStore, database: Database
) -> None:
    await store.create(EXTENSION, write("101"))
    await database.write(
        lambda c: c.executemany("INSERT INTO bindings VALUES (?, 'sip:x', 9e9, '{}')", [("101",), ("102",)])
    )
    await store.delete(EXTENSION, "101")
    rows = await database.read(lambda c: c.execute("SELECT extension FROM bindings").fetchall())
    assert rows == [("102",)]


async def test_records_are_in_the_order_people_count(store: RecordStore) -> None:
    for number in ("1000", "20", "101", "11"):
        await store.create(EXTENSION, write(number))
    assert [one.number for one in await store.all(EXTENSION)] == ["11", "20", "101", "1000"]
    assert [one.sip_password for one in await store.everything(EXTENSION)] == ["secret-password"] * 4


async def test_a_record_that_somebody_else_has_changed_is_not_overwritten(store: RecordStore) -> None:
    first = await store.create(EXTENSION, write("101", "Alice"))
    second = await store.replace(EXTENSION, "101", write("101", "Bob"), if_revision=first.revision)
    assert second.revision > first.revision
    for late in (
        store.replace(EXTENSION, "101", write("101", "Carol"), if_revision=first.revision),
        store.delete(EXTENSION, "101", if_revision=first.revision),
    ):
        with pytest.raises(UserError, match="somebody else") as caught:
            await late
        assert caught.value.http_status == 412
    assert (await store.all(EXTENSION))[0].name == "Bob"


async def test_a_record_made_anew_has_another_revision_than_the_one_before(store: RecordStore) -> None:
    first = await store.create(EXTENSION, write("101"))
    await store.delete(EXTENSION, "101")
    assert (await store.create(EXTENSION, write("101"))).revision > first.revision


async def test_passwords_are_sealed_and_bound_to_their_extension(
    store: RecordStore, database: Database
) -> None:
    await store.create(EXTENSION, write("101"))
    await store.create(EXTENSION, write("102"))
    one, two = await database.read(lambda c: c.execute("SELECT secret FROM records").fetchall())
    assert one != two
    assert b"secret-password" not in database.path.read_bytes()
    await database.write(
        lambda c: c.execute(
            "UPDATE records SET secret=(SELECT secret FROM records WHERE key='101') WHERE key='102'"
        )
    )
    with pytest.raises(SealBrokenError, match="extension:102"):
        await store.secret(EXTENSION, "102")


async def test_apply_is_all_or_nothing(store: RecordStore, database: Database) -> None:
    await store.create(EXTENSION, write("101"))
    await database.write(
        lambda c: c.execute(
            "CREATE TRIGGER stop BEFORE INSERT ON records WHEN new.key='103' BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    )
    with pytest.raises(sqlite3.IntegrityError):
        await store.apply([(EXTENSION, write("102")), (EXTENSION, write("103"))], [(EXTENSION, "101")])
    assert [one.number for one in await store.all(EXTENSION)] == ["101"]


async def test_changes_are_published_after_they_are_committed(database: Database) -> None:
    bus = EventBus()
    store = RecordStore(database, BOX, bus)
    with bus.subscribe("records") as changes:
        await store.create(EXTENSION, write("101"))
        await store.replace(EXTENSION, "101", write("101", "B"))
        await store.apply([(EXTENSION, write("102"))], [(EXTENSION, "101")])
        with pytest.raises(UserError):
            await store.delete(EXTENSION, "999")
    assert [one.event async for one in changes] == [
        RecordsChanged(kind="extension", keys=("101",)),
        RecordsChanged(kind="extension", keys=("101",)),
        RecordsChanged(kind="extension", keys=("102", "101")),
    ]


async def test_a_change_by_another_process_is_published(database: Database) -> None:
    async with await Database.open(database.path, poll_s=0.02) as watching:
        bus = EventBus()
        RecordStore(watching, BOX, bus)
        with bus.subscribe("records") as changes:
            with closing(sqlite3.connect(database.path)) as other, other:
                other.execute("DELETE FROM records")
                other.execute("INSERT INTO settings VALUES ('x', '1')")
            assert (await asyncio.wait_for(anext(changes), 5)).event == RecordsChanged()


async def test_default_records_are_there_without_being_stored(store: RecordStore) -> None:
    assert await store.all(FEATURE_CODE) == list(FEATURE_CODE.with_defaults([]))
    assert await store.get(FEATURE_CODE, "*43") == Stored(FeatureCode(code="*43", feature="echo"), 0)
    assert await store.everything(FEATURE_CODE) == []


async def test_a_default_record_is_changed_and_comes_back_when_the_change_is_deleted(
    store: RecordStore,
) -> None:
    silent = FeatureCode(code="*43", feature="echo", enabled=False)
    changed = await store.replace(FEATURE_CODE, "*43", silent, if_revision=0)
    assert changed.revision > 0
    assert await store.get(FEATURE_CODE, "*43") == changed
    assert silent in await store.all(FEATURE_CODE)
    with pytest.raises(UserError) as caught:
        await store.replace(FEATURE_CODE, "*43", silent, if_revision=0)
    assert caught.value.http_status == 412
    await store.delete(FEATURE_CODE, "*43")
    assert await store.get(FEATURE_CODE, "*43") == Stored(FeatureCode(code="*43", feature="echo"), 0)


async def test_a_default_record_is_neither_created_nor_deleted(store: RecordStore) -> None:
    with pytest.raises(UserError) as caught:
        await store.create(FEATURE_CODE, FeatureCode(code="*43", feature="echo"))
    assert caught.value.http_status == 409
    with pytest.raises(UserError) as caught:
        await store.delete(FEATURE_CODE, "*43")
    assert (caught.value.http_status, caught.value.action) == (409, "Disable it instead")
