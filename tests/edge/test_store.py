"""Both stores are one: the same statements, the same answers, all or nothing, and the same errors."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from edge.errors import StartError
from edge.store import Store, StoreError, open_store
from edge.store.migrate import steps

ADD = "INSERT INTO office (id, name, key_hash, created_at) VALUES ($1, $2, $3, $4)"


async def names(store: Store) -> list[str]:
    return [row["name"] for row in await store.all("SELECT name FROM office ORDER BY name")]


async def test_what_is_written_is_read_by_name(store: Store) -> None:
    assert await store.run(ADD, "1", "Müller", "", 1_795_003_200_000) == 1
    row = await store.one("SELECT * FROM office WHERE id = $1 OR name = $1", "1")
    assert row is not None
    assert (row["name"], row["created_at"]) == ("Müller", 1_795_003_200_000)
    assert await store.one("SELECT * FROM office WHERE id = $1", "2") is None


async def test_a_returning_statement_writes(store: Store) -> None:
    row = await store.one(f"{ADD} RETURNING name", "1", "Office", "", 5)
    assert row is not None
    assert row["name"] == "Office"
    assert await names(store) == ["Office"]
    assert await store.run("UPDATE office SET name = $1", "Other") == 1
    assert await store.run("DELETE FROM office WHERE id = $1", "none") == 0


async def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    async def fail_inside() -> None:
        async with store.transaction() as tx:
            await tx.run(ADD, "1", "Lost", "", 1)
            assert await tx.one("SELECT name FROM office WHERE id = $1", "1") is not None
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_inside()
    assert await names(store) == []
    async with store.transaction() as tx:
        await tx.run(ADD, "1", "Kept", "", 1)
        assert await names(store) == []  # nobody else sees it before it is certain
    assert await names(store) == ["Kept"]


async def test_a_cancelled_transaction_leaves_the_store_usable(store: Store) -> None:
    inside = asyncio.Event()

    async def wait_inside() -> None:
        async with store.transaction() as tx:
            await tx.run(ADD, "1", "Lost", "", 1)
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.get_running_loop().create_task(wait_inside())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await store.run(ADD, "2", "Kept", "", 1)
    assert await names(store) == ["Kept"]


async def test_work_is_claimed_by_one_alone(store: Store) -> None:
    for number in range(20):
        await store.run(ADD, str(number), "free", "", 1)
    claim = (
        "UPDATE office SET name = $1 WHERE name = 'free' AND id IN"
        " (SELECT id FROM office WHERE name = 'free' ORDER BY id LIMIT 1) RETURNING id"
    )

    async def worker(name: str) -> list[str]:
        rows = [await store.one(claim, name) for _ in range(60)]
        return [row["id"] for row in rows if row is not None]

    taken = await asyncio.gather(*(worker(f"worker {n}") for n in range(4)))
    everything = [id for mine in taken for id in mine]
    assert sorted(everything) == sorted(str(number) for number in range(20))


async def test_a_refusal_is_a_store_error(store: Store) -> None:
    await store.run(ADD, "1", "Office", "", 1)
    with pytest.raises(StoreError):
        await store.run(ADD, "1", "Again", "", 1)
    with pytest.raises(StoreError):
        await store.all("SELECT nothing FROM nowhere")
    with pytest.raises(StoreError):
        async with store.transaction() as tx:
            await tx.run(ADD, "1", "Again", "", 1)
    assert await names(store) == ["Office"]


async def test_who_is_cancelled_in_the_middle_leaves_the_store_usable(store: Store) -> None:
    """At any moment of a statement or a transaction: what was begun is ended, what waits comes after."""

    async def write(number: int) -> None:
        async with store.transaction() as tx:
            await tx.run(ADD, str(number), "Office", "", 1)
            await tx.all("UPDATE office SET name = $1 WHERE id = $2 RETURNING *", "Office", str(number))

    for turns in range(60):
        task = asyncio.get_running_loop().create_task(write(turns))
        alone = asyncio.get_running_loop().create_task(
            store.all("UPDATE office SET created_at = 2 RETURNING *")
        )
        for _ in range(turns):
            await asyncio.sleep(0.0002 if turns % 2 else 0)
        task.cancel()
        alone.cancel()
        for ended in await asyncio.gather(task, alone, return_exceptions=True):
            assert not isinstance(ended, Exception), ended
    async with store.transaction() as tx:
        await tx.run(ADD, "last", "Last", "", 1)
    assert "Last" in await names(store)


async def test_a_store_is_there_after_it_was_closed(tmp_path: Path, postgres_database: str) -> None:
    for where in (tmp_path / "deep" / "edge.sqlite3", postgres_database):
        first = await open_store(where)
        await first.run(ADD, "1", "Office", "", 1)
        await first.close()
        again = await open_store(where)
        assert await names(again) == ["Office"]
        await again.close()
    assert (tmp_path / "deep" / "edge.sqlite3").stat().st_mode & 0o077 == 0


async def test_a_newer_layout_is_not_touched(tmp_path: Path) -> None:
    where = tmp_path / "edge.sqlite3"
    store = await open_store(where)
    await store.run("INSERT INTO edge_layout (version) VALUES ($1)", 9999)
    await store.close()
    with pytest.raises(StartError, match="layout 9999"):
        await open_store(where)


async def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    (tmp_path / "edge.sqlite3").write_bytes(b"no database" * 100)
    with pytest.raises(StartError, match="cannot be used"):
        await open_store(tmp_path / "edge.sqlite3")
    with pytest.raises(StartError, match="PostgreSQL cannot be used"):
        await open_store("postgres://127.0.0.1:1/none")


async def test_two_edges_start_at_once(postgres_database: str) -> None:
    stores = await asyncio.gather(*(open_store(postgres_database) for _ in range(4)))
    connection = await asyncpg.connect(postgres_database)
    count = await connection.fetchval("SELECT COUNT(*) FROM edge_layout")
    assert count == len(steps())
    await connection.close()
    for store in stores:
        await store.close()
