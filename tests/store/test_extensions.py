from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from pbx.core.errors import UserError
from pbx.core.events import EventBus
from pbx.core.secret import SealBrokenError
from pbx.model.extension import Extension, ExtensionsChanged, ExtensionWrite
from pbx.store.database import Database
from pbx.store.extensions import ExtensionStore
from tests.store.conftest import BOX


def write(
    number: str, name: str = "Someone", password: str | None = "secret-password", **more: bool
) -> ExtensionWrite:
    return ExtensionWrite(number=number, name=name, sip_password=password, **more)


@pytest.fixture
def store(database: Database) -> ExtensionStore:
    return ExtensionStore(database, BOX)


async def test_a_new_extension_is_read_without_its_password(store: ExtensionStore) -> None:
    created = await store.create(write("101", "Alice"))
    assert created == Extension(number="101", name="Alice")
    assert await store.get("101") == created
    assert await store.password("101") == "secret-password"


async def test_a_new_extension_needs_a_password(store: ExtensionStore) -> None:
    with pytest.raises(UserError) as caught:
        await store.create(write("101", password=None))
    assert (caught.value.http_status, caught.value.path) == (422, "$.sip_password")


async def test_a_number_is_given_once(store: ExtensionStore) -> None:
    await store.create(write("101", "Alice"))
    with pytest.raises(UserError) as caught:
        await store.create(write("101", "Bob"))
    assert (caught.value.http_status, caught.value.path, caught.value.got) == (409, "$.number", "101")
    assert (await store.all())[0].name == "Alice"


async def test_replacing_without_a_password_keeps_the_old_one(store: ExtensionStore) -> None:
    await store.create(write("101"))
    await store.replace("101", write("101", "New Name", None, enabled=False))
    assert await store.get("101") == Extension(number="101", name="New Name", enabled=False)
    assert await store.password("101") == "secret-password"
    await store.replace("101", write("101", password="another-password"))
    assert await store.password("101") == "another-password"


async def test_what_is_not_there_is_404(store: ExtensionStore) -> None:
    for failing in (store.replace("101", write("101")), store.delete("101")):
        with pytest.raises(UserError) as caught:
            await failing
        assert caught.value.http_status == 404
    assert await store.get("101") is None
    assert await store.password("101") is None


async def test_a_number_does_not_change(store: ExtensionStore) -> None:
    await store.create(write("101"))
    with pytest.raises(UserError, match="does not change"):
        await store.replace("101", write("102"))


async def test_a_deleted_extension_takes_its_registrations_along(
    store: ExtensionStore, database: Database
) -> None:
    await store.create(write("101"))
    await database.write(
        lambda c: c.executemany("INSERT INTO bindings VALUES (?, 'sip:x', 9e9, '{}')", [("101",), ("102",)])
    )
    await store.delete("101")
    rows = await database.read(lambda c: c.execute("SELECT extension FROM bindings").fetchall())
    assert rows == [("102",)]


async def test_a_list_is_in_the_order_people_count(store: ExtensionStore) -> None:
    for number in ("1000", "20", "101", "11"):
        await store.create(write(number))
    page, total = await store.list(limit=2, offset=1)
    assert ([one.number for one in page], total) == (["20", "101"], 4)
    assert [one.number for one in await store.all()] == ["11", "20", "101", "1000"]


async def test_credentials_are_those_of_enabled_extensions(store: ExtensionStore) -> None:
    await store.create(write("101", password="password-of-101"))
    await store.create(write("102", enabled=False))
    assert await store.credentials() == {"101": "password-of-101"}


async def test_passwords_are_sealed_and_bound_to_their_extension(
    store: ExtensionStore, database: Database
) -> None:
    await store.create(write("101"))
    await store.create(write("102"))
    one, two = await database.read(lambda c: c.execute("SELECT sip_password FROM extensions").fetchall())
    assert one != two
    assert b"secret-password" not in database.path.read_bytes()
    await database.write(
        lambda c: c.execute(
            "UPDATE extensions SET sip_password=(SELECT sip_password FROM extensions WHERE number='101') "
            "WHERE number='102'"
        )
    )
    with pytest.raises(SealBrokenError, match="extension:102"):
        await store.password("102")


async def test_apply_is_all_or_nothing(store: ExtensionStore, database: Database) -> None:
    await store.create(write("101"))
    await database.write(
        lambda c: c.execute(
            "CREATE TRIGGER stop BEFORE INSERT ON extensions WHEN new.number='103' BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    )
    with pytest.raises(sqlite3.IntegrityError):
        await store.apply([write("102"), write("103")], ["101"])
    assert [one.number for one in await store.all()] == ["101"]


async def test_changes_are_published_after_they_are_committed(database: Database) -> None:
    bus = EventBus()
    store = ExtensionStore(database, BOX, bus)
    with bus.subscribe("extensions") as changes:
        await store.create(write("101"))
        await store.replace("101", write("101", "B"))
        await store.apply([write("102")], ["101"])
        with pytest.raises(UserError):
            await store.delete("999")
    assert [one.event async for one in changes] == [
        ExtensionsChanged(numbers=("101",)),
        ExtensionsChanged(numbers=("101",)),
        ExtensionsChanged(numbers=("102", "101")),
    ]


async def test_a_change_by_another_process_is_published(database: Database) -> None:
    async with await Database.open(database.path, poll_s=0.02) as watching:
        bus = EventBus()
        ExtensionStore(watching, BOX, bus)
        with bus.subscribe("extensions") as changes:
            with closing(sqlite3.connect(database.path)) as other, other:
                other.execute("DELETE FROM extensions")
                other.execute("INSERT INTO settings VALUES ('x', '1')")
            assert (await asyncio.wait_for(anext(changes), 5)).event == ExtensionsChanged(numbers=())
