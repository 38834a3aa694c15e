from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from pbx.core.errors import UserError
from pbx.core.password import PasswordHash
from pbx.model.extension import ExtensionWrite
from pbx.model.kinds import EXTENSION
from pbx.model.user import User
from pbx.store.database import Database
from pbx.store.migrate import migrate, steps
from pbx.store.records import RecordStore
from pbx.store.tokens import TokenStore
from pbx.store.users import UserStore
from tests.fakes.clock import FakeClock
from tests.store.conftest import BOX

PASSWORD = "correct horse"


@pytest.fixture
def store(database: Database) -> UserStore:
    return UserStore(database, PasswordHash(memory_kib=64, passes=1))


async def test_only_the_right_password_lets_in(store: UserStore) -> None:
    user = await store.create("alice", PASSWORD)
    assert await store.authenticate("alice", PASSWORD) == user
    assert await store.authenticate("ALICE", PASSWORD) == user
    assert await store.authenticate("alice", "Correct horse") is None
    assert await store.authenticate("bob", PASSWORD) is None
    assert (await store.list(), await store.count()) == ([user], 1)


async def test_a_name_is_given_once_whatever_its_case(store: UserStore) -> None:
    await store.create("alice", PASSWORD)
    with pytest.raises(UserError) as caught:
        await store.create("Alice", PASSWORD)
    assert (caught.value.http_status, caught.value.path) == (409, "$.username")


async def test_neither_passwords_nor_secrets_are_in_the_file(store: UserStore, database: Database) -> None:
    user = await store.create("alice", PASSWORD)
    secret, _ = await store.open_session(user)
    link = await store.new_setup_link()
    await database.write(lambda c: None)
    stored = b"".join(file.read_bytes() for file in Path(database.path).parent.iterdir())
    assert b"alice" in stored
    for hidden in (PASSWORD, secret, link):
        assert hidden.encode() not in stored


async def test_a_session_lasts_until_it_expires_or_is_closed(store: UserStore, clock: FakeClock) -> None:
    user = await store.create("alice", PASSWORD)
    secret, session = await store.open_session(user, lifetime_s=60)
    assert await store.session(secret) == session
    assert session.user == user
    assert await store.session("guess") is None
    clock.advance(59.9)
    assert await store.session(secret) == session
    clock.advance(0.1)
    assert await store.session(secret) is None
    other, _ = await store.open_session(user)
    await store.close_session(other)
    await store.close_session(other)
    assert await store.session(other) is None


async def test_expired_sessions_are_swept_out(store: UserStore, clock: FakeClock, database: Database) -> None:
    user = await store.create("alice", PASSWORD)
    for _ in range(3):
        await store.open_session(user, lifetime_s=1)
        clock.advance(2)
    assert await database.read(lambda c: c.execute("SELECT count(*) FROM sessions").fetchone()) == (1,)


async def test_a_changed_password_ends_the_sessions(store: UserStore) -> None:
    user = await store.create("alice", PASSWORD)
    secret, _ = await store.open_session(user)
    await store.set_password("alice", "another horse")
    assert await store.session(secret) is None
    assert await store.authenticate("alice", PASSWORD) is None
    assert await store.authenticate("alice", "another horse") == user
    with pytest.raises(UserError) as caught:
        await store.set_password("bob", "another horse")
    assert caught.value.http_status == 404


async def test_a_setup_link_works_once(store: UserStore) -> None:
    link = await store.new_setup_link()
    assert await store.setup_link_works(link)
    assert not await store.setup_link_works("guess")
    user = await store.create_first(link, "alice", PASSWORD)
    assert await store.authenticate("alice", PASSWORD) == user
    assert not await store.setup_link_works(link)
    with pytest.raises(UserError) as caught:
        await store.create_first(link, "bob", PASSWORD)
    assert caught.value.http_status == 403


async def test_a_setup_link_expires_and_is_replaced_by_the_next(store: UserStore, clock: FakeClock) -> None:
    first = await store.new_setup_link(lifetime_s=60)
    second = await store.new_setup_link(lifetime_s=60)
    assert not await store.setup_link_works(first)
    clock.advance(60)
    with pytest.raises(UserError, match="too old"):
        await store.create_first(second, "alice", PASSWORD)


async def test_a_setup_link_dies_with_the_first_administrator(store: UserStore) -> None:
    link = await store.new_setup_link()
    await store.create("alice", PASSWORD)
    assert not await store.setup_link_works(link)


async def test_of_two_who_redeem_a_link_at_once_one_succeeds(store: UserStore) -> None:
    link = await store.new_setup_link()
    results = await asyncio.gather(
        *(store.create_first(link, name, PASSWORD) for name in ("alice", "bob")), return_exceptions=True
    )
    assert sorted(isinstance(result, UserError) for result in results) == [False, True]
    assert await store.count() == 1


def becomes(**changes: object) -> Callable[[User], User]:
    return lambda user: msgspec.structs.replace(user, **changes)


@pytest.mark.parametrize("how", ["delete", "demote", "disable"])
async def test_the_last_owner_stays(store: UserStore, how: str) -> None:
    owner = await store.create("alice", PASSWORD)
    await store.create("bob", PASSWORD, role="admin")
    resting = await store.create("carol", PASSWORD, enabled=False)

    async def go() -> None:
        if how == "delete":
            await store.delete(owner.id)
        else:
            await store.change(owner.id, becomes(role="admin") if how == "demote" else becomes(enabled=False))

    with pytest.raises(UserError) as caught:
        await go()
    assert caught.value.http_status == 409
    assert await store.get(owner.id) == owner
    await store.change(resting.id, becomes(enabled=True))
    await go()  # now there is another


async def test_of_two_owners_who_remove_each_other_one_stays(store: UserStore) -> None:
    one, two = await store.create("one", PASSWORD), await store.create("two", PASSWORD)
    results = await asyncio.gather(store.delete(one.id), store.delete(two.id), return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == ["NoneType", "UserError"]
    assert len(await store.list()) == 1


async def test_the_role_user_needs_an_extension_that_is_nobody_elses(store: UserStore) -> None:
    await store.create("root", PASSWORD)
    with pytest.raises(UserError) as caught:
        await store.create("bob", PASSWORD, role="user")
    assert (caught.value.http_status, caught.value.path) == (422, "$.extension")
    bob = await store.create("bob", PASSWORD, role="user", extension="101")
    with pytest.raises(UserError) as caught:
        await store.create("carol", PASSWORD, role="user", extension="101")
    assert (caught.value.http_status, caught.value.path) == (409, "$.extension")
    assert await store.of_extension("101") == bob
    with pytest.raises(UserError):
        await store.change(bob.id, becomes(extension=None))


async def test_somebody_disabled_is_out_at_once(store: UserStore) -> None:
    await store.create("root", PASSWORD)
    bob = await store.create("bob", PASSWORD, role="admin")
    secret, _ = await store.open_session(bob)
    await store.change(bob.id, becomes(enabled=False))
    assert await store.session(secret) is None
    assert await store.authenticate("bob", PASSWORD) is None


async def test_without_a_password_nobody_signs_in_by_one(store: UserStore) -> None:
    await store.create("101", None, role="user", extension="101")
    for guess in ("", "None", "101"):
        assert await store.authenticate("101", guess) is None


async def test_ones_own_password_needs_the_old_one_and_keeps_this_browser(store: UserStore) -> None:
    user = await store.create("alice", PASSWORD)
    here, _ = await store.open_session(user)
    there, _ = await store.open_session(user)
    assert not await store.change_own_password(user, "wrong wrong", "another horse", keep=here)
    assert await store.session(there) is not None
    assert await store.change_own_password(user, PASSWORD, "another horse", keep=here)
    assert await store.session(here) is not None
    assert await store.session(there) is None
    assert await store.authenticate("alice", "another horse") == user


async def test_a_deleted_extension_takes_its_user_along(store: UserStore, database: Database) -> None:
    await store.create("root", PASSWORD)
    bob = await store.create("bob", PASSWORD, role="user", extension="101")
    records = RecordStore(database, BOX)
    await records.create(EXTENSION, ExtensionWrite(number="101", name="Bob", sip_password="a secret phone"))
    await records.delete(EXTENSION, "101")
    found = await store.get(bob.id)
    assert found is not None
    assert found.extension is None


async def test_administrators_of_before_are_owners(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old.sqlite3", isolation_level=None)) as connection:
        migrate(connection, tmp_path / "old.sqlite3", steps()[:8])
        connection.execute("INSERT INTO users VALUES ('U1', 'admin', 1.0, 'hash')")
        connection.execute("INSERT INTO tokens VALUES ('T1', 'old', 1.0, NULL, x'00')")
    async with await Database.open(tmp_path / "old.sqlite3", poll_s=0) as opened:
        (user,) = await UserStore(opened).list()
        assert (user.role, user.extension, user.enabled, user.second_factor) == ("owner", None, True, False)
        ((token,), _) = await TokenStore(opened).list()
        assert (token.scopes, token.expires_at, token.user_id) == (("*",), None, None)
