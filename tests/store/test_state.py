"""Small things the node remembers for itself."""

from __future__ import annotations

import msgspec

from pbx.store.database import Database
from pbx.store.state import StateStore


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    number: int


async def test_several_values_by_prefix(database: Database) -> None:
    store = StateStore(database)
    await store.change({"a/1": Thing(1), "a/2": Thing(2), "b/1": Thing(3), "a": Thing(4)})
    assert await store.with_prefix("a/", Thing) == {"a/1": Thing(1), "a/2": Thing(2)}
    await store.change({"a/2": Thing(5), "a/3": Thing(6)}, ["a/1", "a/9"])
    assert await store.with_prefix("a/", Thing) == {"a/2": Thing(5), "a/3": Thing(6)}
    assert await store.get("b/1", Thing) == Thing(3)


async def test_what_another_version_wrote_is_left_out(database: Database) -> None:
    store = StateStore(database)
    await store.change({"a/1": {"text": "x"}, "a/2": Thing(2)})
    assert await store.with_prefix("a/", Thing) == {"a/2": Thing(2)}
