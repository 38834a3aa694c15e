"""Group commit: together when it can, each for itself when something fails."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from pbx.core.errors import UserError
from pbx.core.metrics import Registry
from pbx.store.database import Database
from pbx.store.errors import DiskFullError, StoreBusyError, StoreClosedError

Work = Callable[[sqlite3.Connection], object]


def _insert(key: str, value: str = "1") -> Work:
    return lambda connection: connection.execute("INSERT INTO settings VALUES (?, ?)", (key, value))


def _number(number: int, _: sqlite3.Connection) -> int:
    return number


def _failing(key: str) -> Work:
    def work(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO settings VALUES (?, '1')", (key,))
        raise UserError("no", http_status=409)

    return work


async def _keys(database: Database) -> set[str]:
    rows = await database.read(lambda connection: connection.execute("SELECT key FROM settings").fetchall())
    return {key for (key,) in rows}


async def test_writes_that_wait_together_are_committed_together(database: Database) -> None:
    gate = threading.Event()
    first = asyncio.ensure_future(database.write(lambda _: gate.wait(5)))
    await asyncio.sleep(0.05)
    before = database.counts.commits
    others = [asyncio.ensure_future(database.write(_insert(f"k{number}"))) for number in range(100)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *others)
    assert database.counts.commits - before == 2
    assert database.counts.writes == 101
    assert len(await _keys(database)) == 100


async def test_a_steady_stream_is_gathered(database: Database) -> None:
    async def write(name: str) -> None:
        for number in range(20):
            await database.write(_insert(f"{name}{number}"))

    await asyncio.gather(*(write(name) for name in "abcdefgh"))
    assert database.counts.writes == 160
    assert database.counts.commits <= 40


async def test_a_caller_hears_of_success_only_after_commit(database: Database) -> None:
    async def write(number: int) -> None:
        await database.write(_insert(f"k{number}"))
        assert f"k{number}" in await _keys(database)  # another connection sees it

    await asyncio.gather(*(write(number) for number in range(50)))


async def test_a_write_returns_what_its_work_returns(database: Database) -> None:
    works: list[Callable[[sqlite3.Connection], int]] = [partial(_number, number) for number in range(5)]
    assert await asyncio.gather(*(database.write(work) for work in works)) == [0, 1, 2, 3, 4]


async def test_writes_are_done_in_the_order_they_came(database: Database) -> None:
    def work(number: int) -> Work:
        return lambda connection: connection.execute(
            "INSERT INTO settings VALUES ('k', ?) ON CONFLICT (key) DO UPDATE SET value = value || excluded.value",
            (str(number),),
        )

    await asyncio.gather(*(database.write(work(number)) for number in range(10)))
    assert await database.read(lambda c: c.execute("SELECT value FROM settings").fetchone()) == (
        "0123456789",
    )


async def test_failing_work_fails_only_its_own_caller(database: Database) -> None:
    works = [
        _insert("a"),
        _failing("b"),
        _insert("c"),
        _insert("a"),
        lambda c: c.execute("NONSENSE"),
        _insert("d"),
    ]
    results = await asyncio.gather(*(database.write(work) for work in works), return_exceptions=True)
    assert [type(result) for result in results] == [
        sqlite3.Cursor,
        UserError,
        sqlite3.Cursor,
        sqlite3.IntegrityError,
        sqlite3.OperationalError,
        sqlite3.Cursor,
    ]
    assert await _keys(database) == {"a", "c", "d"}
    assert (database.counts.writes, database.counts.failed, database.counts.commits) == (3, 3, 1)


async def test_failing_work_alone_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(UserError):
        await database.write(_failing("b"))
    assert await _keys(database) == set()
    await database.write(_insert("a"))


async def test_a_full_disk_fails_the_callers_it_concerns_and_the_store_goes_on(database: Database) -> None:
    await database.write(_insert("before"))
    await database.write(
        lambda c: c.execute(f"PRAGMA max_page_count={c.execute('PRAGMA page_count').fetchone()[0]}")
    )
    works = [_insert("small"), _insert("large", "x" * 1_000_000), _insert("tiny")]
    results = await asyncio.gather(*(database.write(work) for work in works), return_exceptions=True)
    assert [isinstance(result, DiskFullError) for result in results] == [False, True, False]
    assert "disk is full" in str(results[1])
    assert database.counts.disk_full == 1
    assert await _keys(database) == {"before", "small", "tiny"}
    await database.write(lambda c: c.execute("PRAGMA max_page_count=1000000"))
    await database.write(_insert("large", "x" * 1_000_000))


async def test_a_transaction_that_sqlite_gives_up_is_done_again_one_by_one(database: Database) -> None:
    def poison(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")  # what SQLite does by itself on some I/O errors
        raise sqlite3.OperationalError("disk I/O error")

    works = [_insert("a"), poison, _insert("b")]
    results = await asyncio.gather(*(database.write(work) for work in works), return_exceptions=True)
    assert [isinstance(result, Exception) for result in results] == [False, True, False]
    assert await _keys(database) == {"a", "b"}


async def test_a_caller_that_gave_up_while_waiting_is_not_written_for(database: Database) -> None:
    gate = threading.Event()
    first = asyncio.ensure_future(database.write(lambda _: gate.wait(5)))
    await asyncio.sleep(0.05)
    second = asyncio.ensure_future(database.write(_insert("unwanted")))
    third = asyncio.ensure_future(database.write(_insert("wanted")))
    await asyncio.sleep(0)
    second.cancel()
    gate.set()
    await asyncio.gather(first, third)
    assert await _keys(database) == {"wanted"}


async def test_the_queue_is_bounded(tmp_path: Path) -> None:
    registry = Registry()
    async with await Database.open(tmp_path / "x.sqlite3", waiting_limit=3, metrics=registry) as database:
        gate = threading.Event()
        first = asyncio.ensure_future(database.write(lambda _: gate.wait(5)))
        await asyncio.sleep(0.05)
        waiting = [asyncio.ensure_future(database.write(_insert(f"k{number}"))) for number in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(StoreBusyError, match="3 writes wait already"):
            await database.write(_insert("one too many"))
        assert "pbx_store_refused_total 1\n" in registry.expose()
        assert "pbx_store_waiting_writes 3\n" in registry.expose()
        gate.set()
        await asyncio.gather(first, *waiting)


async def test_closing_writes_what_is_queued_and_refuses_the_rest(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "x.sqlite3")
    waiting = [asyncio.ensure_future(database.write(_insert(f"k{number}"))) for number in range(1000)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*waiting)
    with pytest.raises(StoreClosedError):
        await database.write(_insert("late"))
    with pytest.raises(StoreClosedError):
        await database.read(lambda c: c.execute("SELECT 1"))
    async with await Database.open(tmp_path / "x.sqlite3") as again:
        assert len(await _keys(again)) == 1000


async def test_only_durable_writes_pay_for_the_disk(database: Database) -> None:
    def synchronous(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA synchronous").fetchone()[0])

    normal, full = 1, 2
    assert await database.write(synchronous) == full
    assert await database.write(synchronous, durable=False) == normal
    both = (database.write(synchronous, durable=False), database.write(synchronous, durable=True))
    assert list(await asyncio.gather(*both)) == [full, full]


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.read(_insert("x"))
