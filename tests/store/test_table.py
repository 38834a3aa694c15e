from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta

from pbx.store.table import Table


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    flag: bool = False
    count: Annotated[int, Meta(ge=0)] = 0
    share: float | None = None
    at: datetime | None = None
    raw: bytes = b""
    names: tuple[str, ...] = ()
    maybe: Annotated[str, Meta(max_length=3)] | None = None


TABLE = Table(Thing, "things")


def _connection() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("""CREATE TABLE things (id TEXT PRIMARY KEY, flag INTEGER, count INTEGER, share REAL, at REAL,
        raw BLOB, names TEXT, maybe TEXT, secret TEXT) STRICT""")
    return connection


things = st.builds(
    Thing,
    id=st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    flag=st.booleans(),
    count=st.integers(0, 2**63 - 1),
    share=st.none() | st.floats(allow_nan=False),
    at=st.none() | st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)),
    raw=st.binary(max_size=5),
    names=st.lists(st.text(st.characters(exclude_categories=["Cs"]))).map(tuple),
    maybe=st.none() | st.just("abc"),
)


@settings(deadline=None)
@given(things)
def test_what_is_stored_comes_back(thing: Thing) -> None:
    connection = _connection()
    TABLE.insert(connection, thing)
    assert TABLE.get(connection, thing.id) == thing
    assert TABLE.select(connection) == [thing]


@settings(deadline=None)
@given(things, things)
def test_an_upsert_replaces_the_record_of_that_key_and_no_other(first: Thing, second: Thing) -> None:
    connection = _connection()
    TABLE.upsert(connection, first)
    TABLE.upsert(connection, second)
    assert TABLE.get(connection, second.id) == second
    assert TABLE.count(connection) == len({first.id, second.id})


def test_times_of_any_zone_are_the_same_moment() -> None:
    connection = _connection()
    local = datetime(2026, 7, 1, 12, 30, 15, 123457, tzinfo=timezone(timedelta(hours=2)))
    TABLE.insert(connection, Thing(id="a", at=local))
    stored = TABLE.get(connection, "a")
    assert stored is not None
    assert stored.at == local
    assert stored.at.tzinfo is UTC


def test_a_taken_key_is_refused() -> None:
    connection = _connection()
    TABLE.insert(connection, Thing(id="a"))
    with pytest.raises(sqlite3.IntegrityError):
        TABLE.insert(connection, Thing(id="a"))


def test_columns_beside_the_record_are_written_and_never_read_into_it() -> None:
    connection = _connection()
    table = Table(Thing, "things", beside=("secret",))
    table.insert(connection, Thing(id="a"), secret="s")
    assert table.get(connection, "a") == Thing(id="a")
    assert connection.execute("SELECT secret FROM things").fetchone() == ("s",)


def test_fields_left_out_have_their_default() -> None:
    connection = _connection()
    TABLE.insert(connection, Thing(id="a", names=("x",)))
    assert Table(Thing, "things", without=("names",)).get(connection, "a") == Thing(id="a")


def test_a_page_has_the_total_of_what_matches() -> None:
    connection = _connection()
    for number in range(10):
        TABLE.insert(connection, Thing(id=str(number), count=number))
    page, total = TABLE.page(
        connection, where="WHERE count >= ?", values=(4,), order="id DESC", limit=2, offset=1
    )
    assert ([one.id for one in page], total) == (["8", "7"], 6)


def test_delete_says_whether_there_was_one() -> None:
    connection = _connection()
    TABLE.insert(connection, Thing(id="a"))
    assert TABLE.delete(connection, "a")
    assert not TABLE.delete(connection, "a")
