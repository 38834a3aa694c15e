from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pbx.core.errors import UserError
from pbx.core.password import PasswordHash
from pbx.store.database import Database
from pbx.store.users import UserStore
from tests.fakes.clock import FakeClock

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
