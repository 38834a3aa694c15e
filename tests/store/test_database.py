"""Opening: a new file, an old one, someone else's, a broken one."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pbx.core.errors import StartupError
from pbx.store.database import Database, lock_data_dir
from pbx.store.lock import locked_by_node
from pbx.store.migrate import APPLICATION_ID, steps
from pbx.store.thread import Work


def _digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def _insert(number: int) -> Work[object]:
    return lambda connection: connection.execute("INSERT INTO settings VALUES (?, '1')", (str(number),))


async def _refused(path: Path) -> str:
    with pytest.raises(StartupError) as caught:
        await Database.open(path)
    return str(caught.value)


async def test_a_new_database_is_private_and_in_wal_mode(tmp_path: Path) -> None:
    path = tmp_path / "pbx.sqlite3"
    async with await Database.open(path) as database:
        await database.write(lambda c: c.execute("INSERT INTO settings VALUES ('a', '1')"))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        assert modes == {"pbx.sqlite3": 0o600, "pbx.sqlite3-wal": 0o600, "pbx.sqlite3-shm": 0o600}
        assert await database.read(lambda c: c.execute("PRAGMA journal_mode").fetchone()) == ("wal",)
        assert await database.read(lambda c: c.execute("PRAGMA user_version").fetchone()) == (len(steps()),)
        assert await database.read(lambda c: c.execute("PRAGMA application_id").fetchone()) == (
            APPLICATION_ID,
        )
    assert [file.name for file in tmp_path.iterdir()] == ["pbx.sqlite3"]


async def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    for number in range(3):
        async with await Database.open(tmp_path / "x.sqlite3") as database:
            await database.write(_insert(number))
    async with await Database.open(tmp_path / "x.sqlite3") as database:
        assert await database.read(lambda c: c.execute("SELECT count(*) FROM settings").fetchone()) == (3,)


async def test_checkpoints_can_be_left_to_litestream(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "x.sqlite3", wal_autocheckpoint=0) as database:
        assert await database.write(lambda c: c.execute("PRAGMA wal_autocheckpoint").fetchone()) == (0,)
        assert await database.read(lambda c: c.execute("PRAGMA wal_autocheckpoint").fetchone()) == (0,)


@pytest.mark.parametrize(
    "content",
    [b"x", b"not a database at all\n" * 500, b"SQLite format 3\0" + b"\xff" * 8000, os.urandom(10_000)],
)
async def test_a_file_that_is_no_database_is_refused_and_not_touched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pbx.sqlite3"
    path.write_bytes(content)
    before = _digests(tmp_path)
    text = await _refused(path)
    assert "is damaged" in text
    assert "restore a backup" in text
    assert _digests(tmp_path) == before


async def test_a_damaged_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "pbx.sqlite3"
    async with await Database.open(path) as database:
        await database.write(
            lambda c: c.executemany(
                "INSERT INTO settings VALUES (?, ?)", [(str(n), "x" * 500) for n in range(200)]
            )
        )
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) - 8 * 4096
    damaged[middle : middle + 4096 * 4] = b"\xaa" * 4096 * 4
    path.write_bytes(damaged)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    assert "is damaged" in await _refused(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


async def test_a_damaged_database_keeps_its_wal_too(tmp_path: Path) -> None:
    """A connection that may write would move the WAL into the damaged file when it closes."""
    crashed = """
import asyncio, os, sys
from pathlib import Path
from pbx.store.database import Database
async def main():
    database = await Database.open(Path(sys.argv[1]), wal_autocheckpoint=0)
    await database.write(lambda c: c.execute("INSERT INTO settings VALUES ('a', ?)", ("x" * 20000,)))
    os._exit(9)
asyncio.run(main())
"""
    path = tmp_path / "pbx.sqlite3"
    subprocess.run([sys.executable, "-c", crashed, str(path)], check=False, cwd=Path(__file__).parents[2])
    wal = path.with_name("pbx.sqlite3-wal")
    assert wal.stat().st_size > 20000
    path.write_bytes(b"gone" * 5000)
    before = (path.read_bytes(), wal.read_bytes())
    await _refused(path)
    assert (path.read_bytes(), wal.read_bytes()) == before


async def test_a_database_of_a_newer_program_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "pbx.sqlite3"
    async with await Database.open(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={len(steps()) + 1}")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    text = await _refused(path)
    assert f"has layout {len(steps()) + 1}, this program knows layouts up to {len(steps())}" in text
    assert "Install the newer version again" in text
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


async def test_a_database_of_another_program_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "pbx.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE accounts (id)")
    before = _digests(tmp_path)
    assert "of another program" in await _refused(path)
    assert _digests(tmp_path) == before


async def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    path = tmp_path / "pbx.sqlite3"
    path.touch()
    async with await Database.open(path) as database:
        assert await database.read(lambda c: c.execute("SELECT count(*) FROM users").fetchone()) == (0,)


async def test_a_folder_that_is_missing_says_what_to_check(tmp_path: Path) -> None:
    text = await _refused(tmp_path / "missing" / "pbx.sqlite3")
    assert "cannot be opened" in text
    assert "pbx doctor" in text


async def test_another_process_that_commits_is_noticed_and_our_own_commits_are_not(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    async with await Database.open(path, poll_s=0.02) as database:
        noticed: list[int] = []
        database.on_foreign_change(lambda: noticed.append(1))
        await asyncio.sleep(0.1)
        for number in range(3):
            await database.write(_insert(number))
            await asyncio.sleep(0.05)
        assert noticed == []
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("INSERT INTO settings VALUES ('theirs', '1')")
        await asyncio.sleep(0.2)
        assert noticed == [1]


async def test_a_writer_waits_for_another_process_that_is_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    async with await Database.open(path) as database:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.ensure_future(
                database.write(lambda c: c.execute("INSERT INTO settings VALUES ('a', '1')"))
            )
            await asyncio.sleep(0.1)
            assert not waiting.done()
            other.execute("COMMIT")
        await waiting


def test_one_node_per_data_directory(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert not locked_by_node(folder)
    first = lock_data_dir(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert locked_by_node(folder)
    with pytest.raises(StartupError, match=rf"used by another node \(process {os.getpid()}\)"):
        lock_data_dir(folder)
    first.release()
    first.release()
    assert not locked_by_node(folder)
    lock_data_dir(folder).release()


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    program = "import sys, pathlib, os; from pbx.store.database import lock_data_dir;"
    program += "lock = lock_data_dir(pathlib.Path(sys.argv[1])); print('taken', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(StartupError, match=f"process {holder.pid}"):
        lock_data_dir(tmp_path)
    holder.kill()
    holder.communicate()
    lock_data_dir(tmp_path).release()


def test_a_data_directory_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartupError, match="--data-dir"):
        lock_data_dir(tmp_path / "file" / "data")


async def test_an_upgrade_beneath_a_running_older_node_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pbx.sqlite3"
    async with await Database.open(path):
        pass
    monkeypatch.setattr(
        "pbx.store.database.steps", lambda: [*steps(), (len(steps()) + 1, "CREATE TABLE later (x);")]
    )
    lock = lock_data_dir(tmp_path)
    program = (
        "import asyncio, sys, pathlib; import pbx.store.database as d; from pbx.store.migrate import steps;"
    )
    program += "d.steps = lambda: [*steps(), (len(steps()) + 1, 'CREATE TABLE later (x);')];"
    program += "asyncio.run(d.Database.open(pathlib.Path(sys.argv[1])))"
    run = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    lock.release()
    assert "Stop the node" in run.stderr
    async with await Database.open(path) as database:
        assert await database.read(lambda c: c.execute("PRAGMA user_version").fetchone()) == (
            len(steps()) + 1,
        )
