"""Before its layout changes, a database is copied; the copy can be put back, and says what would be lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from edge.store import open_store as open_edge
from mobile_push.errors import SetupError
from mobile_push.store import open_store as open_push
from pbx.app import upgrade, upgraded
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError
from pbx.store import database as databases
from pbx.store import kept, migrate
from pbx.store.database import Database, lock_data_dir
from pbx.store.state import StateStore
from tests.fakes.clock import FakeClock

NEXT = "-- Every setting says who made it.\nALTER TABLE settings ADD COLUMN made_by TEXT;\n"
BROKEN = f"{NEXT}INSERT INTO missing VALUES (1);\n"
Newer = Callable[[str], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pbx.sqlite3"


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Newer:
    """The program of tomorrow: it knows one layout more."""
    today = migrate.steps()

    def come(sql: str) -> None:
        for module in (databases, upgrade, upgraded):
            monkeypatch.setattr(module, "steps", lambda: [*today, (len(today) + 1, sql)] if sql else today)

    return come


async def put(path: Path, *keys: str) -> None:
    async with await Database.open(path, poll_s=0) as database:
        for key in keys:
            await database.write(partial(_insert, key))


def _insert(key: str, connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO settings (key, value) VALUES (?, '1')", (key,))


def settings_in(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT key FROM settings ORDER BY key")]


def config(path: Path) -> NodeConfig:
    return NodeConfig(data_dir=path.parent)


async def test_the_previous_program_starts_again_with_the_copy(
    path: Path, newer: Newer, capsys: pytest.CaptureFixture[str]
) -> None:
    today = len(migrate.steps())
    await put(path, "a")
    newer(NEXT)
    lock = lock_data_dir(path.parent)  # as a node does before it opens its database
    await put(path, "b")
    lock.release()
    (copy,) = kept.all_kept(path)
    assert (copy.layout, settings_in(copy.path), copy.path.stat().st_mode & 0o077) == (today, ["a"], 0)
    newer("")
    with pytest.raises(StartupError, match=r"layout \d+, this program knows .* with: pbx rollback"):
        await Database.open(path)
    assert settings_in(path) == ["a", "b"]
    assert upgrade.roll_back(config(path), sure=False) == 1  # nobody to ask
    said = capsys.readouterr().out
    assert "1  rows of the table settings" in said
    assert settings_in(path) == ["a", "b"]
    assert upgrade.roll_back(config(path), sure=True) == 0
    await put(path, "c")
    assert settings_in(path) == ["a", "c"]
    assert settings_in(path.with_name("pbx.sqlite3.put-aside")) == ["a", "b"]


async def test_a_failed_upgrade_leaves_the_database_and_says_so(path: Path, newer: Newer) -> None:
    await put(path, "a")
    before = path.read_bytes()
    newer(BROKEN)
    with pytest.raises(
        StartupError, match=r"step \d+ of its layout failed: no such table: missing. Nothing has been"
    ):
        await Database.open(path)
    assert path.read_bytes() == before
    newer("")
    await put(path, "b")
    assert settings_in(path) == ["a", "b"]


def test_a_check_tries_it_and_changes_nothing(
    path: Path, newer: Newer, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(put(path, "a"))
    before = path.read_bytes()
    for sql, status, words in ((NEXT, 0, "Every setting says who made it."), (BROKEN, 1, "FAILED on a copy")):
        newer(sql)
        assert upgrade.check(config(path)) == status
        assert words in capsys.readouterr().out
        assert path.read_bytes() == before
        assert {file.name for file in path.parent.iterdir()} <= {
            path.name,
            f"{path.name}-wal",
            f"{path.name}-shm",
        }
    newer(NEXT)
    assert upgrade.upgrade(config(path)) == 0
    assert [each.layout for each in kept.all_kept(path)] == [len(migrate.steps())]
    assert upgrade.check(config(path)) == 0
    assert "nothing to do" in capsys.readouterr().out


async def test_without_room_for_a_copy_nothing_is_upgraded(
    path: Path, newer: Newer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(path, "a")
    before = path.read_bytes()
    newer(NEXT)
    monkeypatch.setattr(kept, "SPARE_BYTES", 1 << 60)
    with pytest.raises(StartupError, match="no room for a copy"):
        await Database.open(path)
    assert path.read_bytes() == before


async def test_two_copies_stay_and_a_running_node_is_not_rolled_back(path: Path) -> None:
    await put(path, "a")
    for layout in (3, 4, 11):
        kept.keep(path, layout)
    assert [each.layout for each in kept.all_kept(path)] == [11, 4]
    lock = lock_data_dir(path.parent)
    with pytest.raises(StartupError, match="used by another node"):
        upgrade.roll_back(config(path), sure=True)
    lock.release()


async def test_what_waits_in_the_log_does_not_come_back_after_a_rollback(path: Path) -> None:
    """A write-ahead log that outlives its database would be read into the one that takes its place."""
    await put(path, "a")
    copy = kept.keep(path, 1)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("INSERT INTO settings (key, value) VALUES ('b', '1')")
    assert path.with_name("pbx.sqlite3-wal").stat().st_size > 0
    with pytest.raises(StartupError, match="another process uses"):
        kept.put_back(path, copy)
    connection.close()
    kept.put_back(path, copy)
    assert settings_in(path) == ["a"]


async def test_edge_and_push_gateway_keep_copies_too(tmp_path: Path) -> None:
    edge, push = tmp_path / "edge.sqlite3", tmp_path / "push.sqlite3"
    await (await open_edge(edge)).close()
    await (await open_push(push)).aclose()
    with closing(
        sqlite3.connect(edge, isolation_level=None)
    ) as connection:  # as the program of before left it
        (newest,) = connection.execute("SELECT max(version) FROM edge_layout").fetchone()
        connection.execute("DELETE FROM edge_layout WHERE version=6")
        for name in ("number_state", "number_order", "number_edge"):
            connection.execute(f"DROP TABLE {name}")
    await (await open_edge(edge)).close()
    assert [each.layout for each in kept.all_kept(edge)] == [newest - 1]
    with closing(sqlite3.connect(push)) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(SetupError, match="layout 99"):
        await open_push(push)


async def test_the_first_start_of_a_version_tells_what_is_new_and_no_other_does(
    path: Path, newer: Newer
) -> None:
    told: list[dict[str, str]] = []

    async def started() -> str:
        found = upgraded.Upgraded(FakeClock())
        async with await Database.open(path, poll_s=0) as database:
            await found.look(StateStore(database), database, lambda *words: told.append({"text": words[2]}))
        return "" if found.change is None else found.change.words()

    today = len(migrate.steps())
    assert await started() == ""
    newer(NEXT)
    assert await started() == await started() == f"layout {today} → {today + 1}"
    (notice,) = told
    assert "\n- Every setting says who made it." in notice["text"]
    assert f"layout-{today}" in notice["text"]
