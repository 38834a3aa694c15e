"""A restore that loses its power, at any step: the office is the old one or the new one, and whole."""

from __future__ import annotations

import asyncio
import io
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from pbx.core.errors import StartupError
from pbx.store import backup, restoring
from pbx.store.backup_restore import restore
from pbx.store.database import FILE_NAME, Database, lock_data_dir
from pbx.store.migrate import steps

AT = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
PIECES = ("edge/edge.sqlite3", "push/push.sqlite3", "voicemail/102/a.wav", "prompts/p.wav", "sounds/s.wav")


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of an office, made once."""
    path = tmp_path_factory.mktemp("blank") / FILE_NAME

    async def make() -> None:
        async with await Database.open(path, poll_s=0):
            pass

    asyncio.run(make())
    return path


@pytest.fixture
def office(blank: Path) -> Callable[[Path, str], Path]:
    def made(data: Path, name: str) -> Path:
        """Every piece of it says whose it is."""
        for piece in (FILE_NAME, *PIECES):
            path = data / piece
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".wav":
                path.write_bytes(name.encode())
                continue
            shutil.copy(blank, path)
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("INSERT INTO state VALUES (?, '1')", (name,))
        return data

    return made


def backed_up(data: Path) -> Path:
    file = data.with_suffix(".tar")
    with file.open("wb") as out:
        backup.write(data, out, recordings=False, version="1", at=AT)
    return file


def who(data: Path) -> str:
    """Whose office it is, all pieces being of the same."""
    found = set()
    for piece in (FILE_NAME, *PIECES):
        path = data / piece
        if path.suffix == ".wav":
            found.add(path.read_text())
            continue
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
            found |= {
                str(row[0]) for row in connection.execute("SELECT * FROM state") if row[0] in ("old", "new")
            }
    (name,) = found
    return name


def power_cut(step: int, work: Callable[[], object]) -> bool:
    """Do `work` in a process that is gone at its n-th step on the disk; False when it came to its end before."""
    child = os.fork()
    if not child:
        left = step

        def cut(change: Callable[..., object]) -> Callable[..., object]:
            def changed(*words: object, **more: object) -> object:
                nonlocal left
                if left == 0:
                    os._exit(9)
                left -= 1
                return change(*words, **more)

            return changed

        for name in ("rename", "unlink", "mkdir", "write_bytes"):
            setattr(Path, name, cut(getattr(Path, name)))
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("there", [False, True], ids=["empty folder", "an office is there"])
def test_a_power_cut_at_any_step_leaves_one_whole_office(
    tmp_path: Path, office: Callable[[Path, str], Path], there: bool
) -> None:
    file = backed_up(office(tmp_path / "one", "new"))
    seen = set()
    for step in range(200):
        data = tmp_path / f"at-{step}"
        if there:
            office(data, "old")
        cut = power_cut(step, lambda data=data: restore(file, data, replace_at=AT if there else None))  # type: ignore[misc]
        lock_data_dir(data).release()
        if (data / FILE_NAME).exists():
            seen.add(who(data))
        else:
            assert not there, "the old office is gone, and the new one is not there"
            assert not [
                path for path in data.iterdir() if not path.name.startswith(".") and path.name != "node.lock"
            ]
        if away := sorted(data.glob(f"{restoring.AWAY}*")):
            assert who(away[0]) == "old"
        assert not (data / restoring.NOTE).exists()
        if not cut:
            assert step > 10
            break
    assert seen == ({"old", "new"} if there else {"new"})


def test_after_a_cut_the_same_command_does_it(tmp_path: Path, office: Callable[[Path, str], Path]) -> None:
    file = backed_up(office(tmp_path / "one", "new"))
    data = office(tmp_path / "data", "old")
    assert power_cut(6, lambda: restore(file, data, replace_at=AT))
    lock_data_dir(data).release()
    restore(file, data, replace_at=AT.replace(hour=7))
    assert who(data) == "new"


def test_a_backup_of_a_newer_program_is_refused_and_changes_nothing(
    tmp_path: Path, office: Callable[[Path, str], Path]
) -> None:
    file = backed_up(office(tmp_path / "one", "new"))
    newer = tmp_path / "newer.tar"
    with tarfile.open(file) as tar, tarfile.open(newer, "w") as out:
        for member in tar:
            content = tar.extractfile(member)
            data = content.read() if content is not None else b""
            if member.name == backup.MANIFEST:
                data = data.replace(
                    f'"layout": {len(steps())}'.encode(), f'"layout": {len(steps()) + 1}'.encode()
                )
                member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    there = office(tmp_path / "there", "old")
    with pytest.raises(StartupError, match="newer version"):
        restore(newer, there, replace_at=AT)
    assert who(there) == "old"
    assert not list(there.glob(".restore-*"))


def test_a_backup_beside_a_recording_that_grows_and_one_that_goes(
    tmp_path: Path, office: Callable[[Path, str], Path]
) -> None:
    """What is being written may be cut; nothing else suffers from it."""
    data = office(tmp_path / "one", "new")
    (data / "recordings").mkdir()
    growing, going = data / "recordings/a.wav", data / "recordings/b.wav"
    growing.write_bytes(b"x" * 100_000)
    going.write_bytes(b"y" * 100_000)
    file = tmp_path / "file.tar"
    done = 0

    def progress(bytes_: int) -> None:
        nonlocal done
        done = bytes_
        with growing.open("ab") as more:
            more.write(b"x" * 10_000)
        going.unlink(missing_ok=True)

    with file.open("wb") as out:
        backup.write(data, out, recordings=True, version="1", at=AT, progress=progress)
    restore(file, tmp_path / "there")
    assert who(tmp_path / "there") == "new"
    assert set((tmp_path / "there/recordings/a.wav").read_bytes()) == {ord("x")}
    assert not (tmp_path / "there/recordings/b.wav").exists()
    assert done > 100_000


def contents(data: Path) -> list[Path]:
    return sorted(path for path in data.rglob("*") if not path.name.endswith(("-wal", "-shm")))


@pytest.mark.parametrize("most_bytes", [50_000, 400_000], ids=["no room for a copy", "no room for the file"])
def test_a_backup_without_room_says_so_and_leaves_nothing(
    tmp_path: Path, office: Callable[[Path, str], Path], most_bytes: int
) -> None:
    """No file may grow beyond so much, which is told as a full disk is."""
    data, passphrase = office(tmp_path / "one", "new"), tmp_path / "passphrase"
    (data / "sounds/long.wav").write_bytes(os.urandom(300_000))
    assert (data / FILE_NAME).stat().st_size < 400_000
    passphrase.write_text("correct horse battery")
    passphrase.chmod(0o600)
    before = contents(data)
    words = ["backup", str(tmp_path / "file"), "--data-dir", str(data), "--passphrase-file", str(passphrase)]
    done = subprocess.run(
        [sys.executable, "-m", "pbx", *words],
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (most_bytes, most_bytes)),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "the backup cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(data) == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one", "passphrase"]
