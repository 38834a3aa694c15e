"""The journal of running calls: what was written is there after a kill, whatever byte the file ends at."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.store import journal as module
from pbx.store.journal import Journal, read_journal

KEY = bytes(range(32))
BOOT = b"b" * 16

changes = st.lists(
    st.dictionaries(
        st.sampled_from(["call/a", "call/b", "call/c", "early/d"]),
        st.none() | st.binary(max_size=300),
        min_size=1,
        max_size=3,
    ),
    max_size=12,
)


def applied(state: dict[str, bytes], change: dict[str, bytes | None]) -> dict[str, bytes]:
    merged = {**state, **change}
    return {key: value for key, value in merged.items() if value is not None}


def opened(path: Path) -> Journal:
    return Journal(path, KEY, boot=BOOT)


def content(path: Path, key: bytes = KEY, boot: bytes = BOOT) -> dict[str, bytes]:
    return read_journal(path, key, boot=boot)[0]


@settings(max_examples=60, deadline=None)
@given(changes=changes, data=st.data())
def test_cut_at_any_byte_leaves_one_of_the_states_that_were(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, bytes | None]], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    journal = opened(path)
    states: list[tuple[int, dict[str, bytes]]] = [(journal.size, {})]
    for change in changes:
        assert journal.change(change)
        states.append((journal.size, applied(states[-1][1], change)))
    journal.close()
    whole = path.read_bytes()
    assert content(path) == states[-1][1]
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    wanted = next((state for size, state in reversed(states) if size <= cut), {})
    assert content(path) == wanted, "all that was written before the cut, and nothing half"


@settings(max_examples=60, deadline=None)
@given(changes=changes.filter(bool), data=st.data())
def test_a_damaged_byte_ends_the_file_there(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, bytes | None]], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    journal = opened(path)
    states: list[dict[str, bytes]] = [{}]
    for change in changes:
        journal.change(change)
        states.append(applied(states[-1], change))
    journal.close()
    whole = bytearray(path.read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(whole)
    assert content(path) in states


@settings(max_examples=30, deadline=None)
@given(changes=changes)
def test_compacting_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, bytes | None]]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    journal = opened(path)
    state: dict[str, bytes] = {}
    for change in changes:
        journal._size = 1 << 40  # as if it had grown for long
        assert journal.change(change)
        state = applied(state, change)
        assert content(path) == state
        assert journal.size == path.stat().st_size
    journal.close()


def test_its_size_is_bounded_by_what_counts(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j")
    for number in range(4000):
        journal.put(f"call/{number}", os.urandom(2000))
        journal.remove(f"call/{number - 20}")
    assert journal.size < 2 * module.COMPACT_ABOVE
    assert len(content(tmp_path / "j")) == len(journal) == 20
    journal.close()


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "j"
    journal = opened(path)
    journal.put("call/a", b"the key of a call")
    journal.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"the key" not in path.read_bytes()
    assert b"call/a" not in path.read_bytes()
    assert content(path, key=bytes(32)) == {}, "another node's key"
    assert content(path, boot=b"x" * 16) == {}, "the machine was started anew: its clock is another"
    assert content(tmp_path / "none") == {}


def test_a_full_disk_is_told_and_costs_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = opened(tmp_path / "j")
    journal.put("call/a", b"1")
    with monkeypatch.context() as patched:
        patched.setattr("pbx.store.journal.os.write", lambda *_: 0)
        assert not journal.put("call/b", b"2")
        assert not journal.put("call/c", b"3")
    assert journal.failed == 2
    assert content(tmp_path / "j") == {}, "what is old must not be believed"
    assert journal.put("call/d", b"4")
    assert content(tmp_path / "j") == {"call/a": b"1", "call/b": b"2", "call/c": b"3", "call/d": b"4"}


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from pbx.store.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]), bytes(range(32)), boot=b'b' * 16)\n"
        "for number in range(50): journal.put(f'call/{number}', b'x' * 1000)\n"
        "os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path / "j")], check=False, timeout=30)
    assert ended.returncode == -9
    assert len(content(tmp_path / "j")) == 50
