"""The drill finds lost, changed and damaged rows; rows that come and go meanwhile are no fault."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.store.drill import Comparison, compare, look
from pbx.store.litestream import find
from tests.replica.conftest import ONE_IS_SLOW
from tests.replica.office import Office

LAYOUT = """
    CREATE TABLE calls (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""


def made(path: Path, rows: dict[int, str]) -> Path:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; {LAYOUT}")
        connection.executemany("INSERT INTO calls VALUES (?, ?)", list(rows.items()))
        connection.executemany(
            "INSERT INTO state VALUES (?, ?)", [(f"k{key}", value) for key, value in rows.items()]
        )
        connection.commit()
    return path


def compared(folder: Path, first: dict[int, str], second: dict[int, str], copy: dict[int, str]) -> Comparison:
    found = Comparison(faults=[], differences=[])
    with (
        closing(look(made(folder / "a", first))) as one,
        closing(look(made(folder / "b", second))) as two,
    ):
        compare("pbx", one, two, made(folder / "c", copy), found)
    return found


ROWS = st.dictionaries(st.integers(1, 30), st.sampled_from("xyz"), max_size=12)


@settings(max_examples=25, deadline=None)
@given(first=ROWS, second=ROWS, copy=ROWS)
def test_what_stands_in_both_looks_must_be_in_the_copy(
    tmp_path_factory: pytest.TempPathFactory,
    first: dict[int, str],
    second: dict[int, str],
    copy: dict[int, str],
) -> None:
    folder = tmp_path_factory.mktemp("drill")
    found = compared(folder, first, second, copy)
    missing = sum(key in second and key not in copy for key in first)
    changed = sum(key in copy and second.get(key) == value != copy[key] for key, value in first.items())
    strange = 0 if first != second else sum(key not in first for key in copy)
    assert found.tables == 2
    assert (not found.faults) == (missing == changed == strange == 0)
    for one in found.differences:
        assert (one.missing, one.changed, one.strange) == (missing, changed, strange)
        assert (one.live_rows, one.restored_rows) == (len(second), len(copy))


def test_a_table_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    made(tmp_path / "a", {1: "x"})
    shutil.copy(made(tmp_path / "c", {1: "x"}), tmp_path / "d")
    with closing(sqlite3.connect(tmp_path / "d")) as connection:
        connection.execute("DROP TABLE calls")
    found = Comparison(faults=[], differences=[])
    with closing(look(tmp_path / "a")) as one, closing(look(tmp_path / "a")) as two:
        compare("pbx", one, two, tmp_path / "d", found)
    assert found.faults == ["The table calls of pbx is not in the copy."]


async def test_the_drill_passes_while_rows_are_written_and_fails_on_a_lossy_replica(
    tmp_path: Path, program: str
) -> None:
    """Lossy: rows vanish from the replica without a trace in its checksums, as Litestream 0.5.17 lost them. The replica
    that this one is compared with is a whole, valid one of an office with fewer rows."""
    office = Office(tmp_path, program)
    async with office.running() as replication:
        await office.write(100)
        await office.until(replication, "running")
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(office.write(10_000))
            report = await replication.drill()
            writing.cancel()
        assert report.faults == ()
        assert report.rows > 100
        assert report.lag_s is not None
    other = Office(tmp_path, program, f"file://{tmp_path}/mounted/lossy", name="lossy")
    shutil.copytree(office.data, other.data, ignore=shutil.ignore_patterns("replica", ".pbx*", "*.sock"))
    with closing(sqlite3.connect(other.data / "pbx.sqlite3")) as connection:
        connection.execute("DELETE FROM state WHERE key IN ('row 7', 'row 8', 'row 9')")
        connection.execute("UPDATE state SET value = 'y' WHERE key = 'row 10'")
        connection.commit()
    async with other.running() as replication:
        await other.until(replication, "running")
    ours = tmp_path / "mounted/office/g000001/pbx"
    shutil.rmtree(ours)
    shutil.copytree(tmp_path / "mounted/lossy/g000001/pbx", ours)
    async with office.running(started=False) as replication:
        report = await replication.drills.drill(replication._place, await find(program), 1, None, None)
    assert not report.ok
    (state,) = (one for one in report.differences if one.table == "state")
    assert (state.missing, state.changed) == (3, 1)
    assert any("pbx.state: 3 rows are missing" in fault for fault in report.faults)


@pytest.mark.parametrize("program", ONE_IS_SLOW, indirect=True)
async def test_a_damaged_file_of_the_replica_is_found(tmp_path: Path, program: str) -> None:
    office = Office(tmp_path, program)
    async with office.running() as replication:
        await office.write(300, size=900)
        await office.until(replication, "running")
        await asyncio.sleep(1)
        for path in (tmp_path / "mounted/office/g000001/pbx").rglob("*"):
            if path.is_file() and path.stat().st_size > 200:
                content = bytearray(path.read_bytes())
                middle = len(content) // 2
                content[middle : middle + 60] = b"\xff" * 60
                path.write_bytes(content)
        process = replication._process
        assert process is not None
        replication._told = True  # of something else, a while ago
        report = await replication.drill()
        assert not report.ok
        assert [title for title, _ in office.notices] == ["The replica cannot be trusted"]
        assert office.events == [("drill", report)]
        # and it heals: the next start begins with a snapshot
        await office.until_started_again(replication, process)
        assert (await replication.drill()).faults == ()
        assert [title for title, _ in office.notices][1:] == ["The replica can be trusted again"]
        assert [event.ok for _, event in office.events] == [False, True]
