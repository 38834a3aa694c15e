from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from pbx.core.errors import UserError
from pbx.core.password import PasswordHash
from pbx.store.database import Database
from pbx.store.tokens import TokenStore
from pbx.store.users import UserStore
from tests.fakes.clock import EPOCH, FakeClock


@pytest.fixture
def store(database: Database) -> TokenStore:
    return TokenStore(database)


async def test_a_token_proves_itself_and_a_guess_does_not(store: TokenStore) -> None:
    made = await store.create("monitoring")
    assert made.secret.startswith("pbx_")
    assert len(made.secret) >= 4 + 43
    assert await store.authenticate(made.secret) == (made.token, None)
    assert await store.authenticate(made.secret[:-1]) is None
    assert await store.authenticate("") is None


async def test_the_secret_is_not_in_the_file(store: TokenStore, database: Database) -> None:
    made = await store.create("monitoring")
    stored = b"".join(file.read_bytes() for file in database.path.parent.iterdir())
    assert b"monitoring" in stored
    assert made.secret.encode() not in stored


async def test_last_use_is_noted_at_most_once_a_minute(
    store: TokenStore, database: Database, clock: FakeClock
) -> None:
    made = await store.create("monitoring")
    await store.authenticate(made.secret)
    clock.advance(59)
    writes = database.counts.writes
    await store.authenticate(made.secret)
    assert database.counts.writes == writes
    (listed,), _ = await store.list()
    assert listed.last_used_at == EPOCH
    clock.advance(1)
    await store.authenticate(made.secret)
    (listed,), _ = await store.list()
    assert listed.last_used_at == clock.now()


async def test_a_deleted_token_is_worth_nothing(store: TokenStore) -> None:
    made = await store.create("monitoring")
    await store.delete(made.token.id)
    assert await store.authenticate(made.secret) is None
    with pytest.raises(UserError) as caught:
        await store.delete(made.token.id)
    assert caught.value.http_status == 404


async def test_a_list_is_oldest_first_in_pages(store: TokenStore, clock: FakeClock) -> None:
    for name in "abc":
        await store.create(name)
        clock.advance(1)
    page, total = await store.list(limit=2, offset=1)
    assert ([one.name for one in page], total) == (["b", "c"], 3)


async def test_a_token_ends_when_it_says(store: TokenStore, clock: FakeClock) -> None:
    made = await store.create("visitor", scopes=["cdrs:read"], expires_at=EPOCH + timedelta(seconds=60))
    clock.advance(59.9)
    assert await store.authenticate(made.secret) is not None
    clock.advance(0.1)
    assert await store.authenticate(made.secret) is None


async def test_a_token_goes_with_whoever_made_it(store: TokenStore, database: Database) -> None:
    users = UserStore(database, PasswordHash(memory_kib=64, passes=1))
    await users.create("root", "correct horse")
    bob = await users.create("bob", "correct horse", role="admin")
    made = await store.create("script", user_id=bob.id)
    found = await store.authenticate(made.secret)
    assert found is not None
    assert found[1] == bob
    await users.change(bob.id, lambda user: msgspec.structs.replace(user, enabled=False))
    assert await store.authenticate(made.secret) is None
    await users.delete(bob.id)
    assert await store.list() == ([], 0)
