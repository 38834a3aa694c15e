"""The life of a replica: begun, restored from, lost, full, taken over."""

from __future__ import annotations

import asyncio
import base64
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pbx.app import cli
from pbx.app.replica import prepare_replica
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError, UserError
from pbx.core.metrics import Registry
from pbx.core.secret import KEY_FILE
from pbx.store.database import FILE_NAME
from pbx.store.litestream_meta import meta_folder
from tests.replica.conftest import LINES, ONE_IS_SLOW, Place, litestream_program
from tests.replica.office import Office

EVERY_TIME = (("sftp", "0.3"), ("s3", "0.5"))


@pytest.mark.parametrize(
    ("place", "program"),
    [
        pytest.param(kind, line, marks=() if (kind, line) in EVERY_TIME else pytest.mark.slow)
        for kind in ("folder", "sftp", "s3", "azure", "gcs")
        for line in LINES
    ],
    indirect=True,
)
async def test_an_empty_folder_is_filled_from_the_replica(
    place: Place, tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every kind of place with both lines. Who lost the disk comes back, with its key, and owns the replica."""
    monkeypatch.setattr(
        "pbx.app.replica_ownership.START_ASK_S", 30.0
    )  # a busy machine must not let the old node in
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("a long recovery passphrase\n")
    passphrase.chmod(0o600)
    given = dict(zip(place.options[::2], place.options[1::2], strict=True))
    settings: dict[str, Any] = {name[2:].replace("-", "_"): Path(value) for name, value in given.items()}
    office = Office(tmp_path, program, place.text, **settings, replica_passphrase_file=passphrase)
    async with office.running() as replication:
        sound = office.data / "voicemail/102/hello.wav"
        sound.parent.mkdir(parents=True)
        sound.write_bytes(b"hello")
        os.utime(sound, (1, 1))
        await office.write(50)
        await office.until(replication, "running")
        await office.write(50)
        report = await replication.drill()
        assert report.faults == ()
        state = replication.state()
        assert (state.generation, state.keeps_key) == (1, True)
        assert state.files is not None
        assert state.files.kept == 1
        assert replication._place.owner is not None
    key = (office.data / KEY_FILE).read_bytes()
    office.data.rename(tmp_path / "lost")
    async with office.running() as replication:
        assert (office.data / KEY_FILE).read_bytes() == key
        assert (office.data / "voicemail/102/hello.wav").read_bytes() == b"hello"
        assert office.database is not None
        rows = await office.database.read(lambda one: one.execute("SELECT count(*) FROM state").fetchone())
        assert rows == (100,)
        await office.until(replication, "running")
        assert replication.state().generation == 2
    (office.data).rename(tmp_path / "lost again")
    (tmp_path / "lost").rename(office.data)
    with pytest.raises(StartupError, match="has taken over this office"):
        async with office.running():
            pass


async def test_without_its_key_an_office_is_not_restored(tmp_path: Path) -> None:
    program = litestream_program("0.5")
    office = Office(tmp_path, program)
    async with office.running() as replication:
        await office.write(5)
        await office.until(replication, "running")
    key = (office.data / KEY_FILE).read_bytes()
    office.data.rename(tmp_path / "lost")
    with pytest.raises(StartupError, match="is missing, and the replica has no locked copy"):
        async with office.running():
            pass
    (office.data / KEY_FILE).write_bytes(base64.b64encode(bytes(32)))
    (office.data / KEY_FILE).chmod(0o600)
    with pytest.raises(StartupError, match="is not the one of the office"):
        async with office.running():
            pass
    assert not (office.data / FILE_NAME).exists()
    (office.data / KEY_FILE).write_bytes(key)
    async with office.running() as replication:
        assert (office.data / FILE_NAME).exists()
        await office.until(replication, "running")
        assert replication.state().generation == 2
    (office.data / KEY_FILE).write_bytes(
        base64.b64encode(bytes(32))
    )  # changed by pbx key rotate: a mark of its own
    async with office.running() as replication:
        await office.until(replication, "running")
        assert replication.state().generation == 3


async def test_an_empty_folder_waits_for_a_replica_that_cannot_be_reached(tmp_path: Path) -> None:
    office = Office(tmp_path, litestream_program("0.5"), f"file://{tmp_path}/not mounted/office")
    with pytest.raises(StartupError, match="cannot be restored"):
        async with office.running():
            pass
    assert not (office.data / FILE_NAME).exists()


@pytest.mark.parametrize("program", ONE_IS_SLOW, indirect=True)
async def test_a_dead_replica_never_fills_the_disk(tmp_path: Path, program: str) -> None:
    """Litestream is gone: checkpoints come back past the limit, the administrator is told once, and when it is there
    again a new snapshot holds everything."""
    office = Office(tmp_path, program)
    wal = office.data / f"{FILE_NAME}-wal"
    async with office.running(wal_limit=1 << 20) as replication:
        await office.until(replication, "running")
        broken = Path(program).with_name("gone")
        good = replication._config.litestream
        object.__setattr__(replication, "_config", _with(replication._config, litestream=str(broken)))
        process = replication._process
        assert process is not None
        assert process.pid > 1
        os.kill(process.pid, 9)
        await office.until(replication, "stopped")
        for _ in range(12):
            await office.write(100, size=5000)
            await asyncio.sleep(0.15)
        assert wal.stat().st_size < 4 << 20  # of 6 MB written
        assert [title for title, _ in office.notices] == ["The replica has stopped"]
        assert "there is no program" in replication.problem
        object.__setattr__(replication, "_config", _with(replication._config, litestream=good))
        await office.until_started_again(replication, process)
        assert (await replication.drill()).faults == ()
    assert await office.restored_rows() == office.rows


@pytest.mark.slow
async def test_a_replica_that_takes_nothing_never_fills_the_disk(tmp_path: Path, program: str) -> None:
    """Litestream runs and cannot send: what it keeps for itself is limited, too."""
    office = Office(tmp_path, program)
    async with office.running(wal_limit=1 << 20) as replication:
        await office.write(10)
        await office.until(replication, "running")
        (tmp_path / "mounted/office/g000001").rename(tmp_path / "gone")
        (tmp_path / "mounted/office/g000001").write_text("no folder")
        for _ in range(40):
            if office.notices:
                break
            await office.write(100, size=5000)
            await asyncio.sleep(0.2)
        assert "wait for it" in office.notices[0][1] or "not replicated" in office.notices[0][0]
        for _ in range(6):
            await office.write(100, size=5000)
            await asyncio.sleep(0.3)
        kept = sum(
            path.stat().st_size for path in meta_folder(office.data / FILE_NAME).rglob("*") if path.is_file()
        )
        assert kept + (office.data / f"{FILE_NAME}-wal").stat().st_size < 30 << 20
        (tmp_path / "mounted/office/g000001").unlink()
        (tmp_path / "gone").rename(tmp_path / "mounted/office/g000001")
        await office.until(replication, "running")
        assert (await replication.drill()).faults == ()


async def test_who_was_taken_over_from_stops_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbx.app.replication.OWNER_LOOK_S", 0.2)
    program = litestream_program("0.5")
    old = Office(tmp_path, program)
    async with old.running() as replication:
        await old.write(30)
        await old.until(replication, "running")
        await replication.drill()  # it waits until all is there
        standby = tmp_path / "standby"
        standby.mkdir()
        (standby / KEY_FILE).write_bytes((old.data / KEY_FILE).read_bytes())
        (standby / KEY_FILE).chmod(0o600)
        words = ["--data-dir", str(standby), "--replica-url", old.config.replica_url, "--litestream", program]
        hook = tmp_path / "hook"
        assert await asyncio.to_thread(cli.main, ["standby", "--once", *words]) == 0
        assert not (standby / FILE_NAME).exists()
        takeover = ["takeover", "--hook", f"sh -c 'echo $BELLWIRE_NEW_HOST > {hook}'", *words]
        assert await asyncio.to_thread(cli.main, takeover) == 0
        assert hook.read_text().strip()
        await old.until(replication, "fenced")
        assert "has taken over" in replication.problem
        process = replication._process
        assert process is not None
        before = _content(tmp_path / "mounted/office/g000001")
        await old.write(30)
        await asyncio.sleep(0.8)
        assert _content(tmp_path / "mounted/office/g000001") == before
        with pytest.raises(UserError):
            await replication.drill()
    new = Office(tmp_path, program, name="standby")
    async with new.running() as replication:
        await new.until(replication, "running")
        assert replication.state().generation == 2
        assert (await replication.drill()).faults == ()
    assert await new.restored_rows(2) == 30
    assert await asyncio.to_thread(cli.main, ["restore", "--from-replica", *words]) == 1  # there is an office
    assert await asyncio.to_thread(cli.main, ["restore", "--from-replica", "--replace", *words]) == 0
    assert len(list(standby.glob("before-*"))) == 1
    assert (standby / KEY_FILE).exists()


@pytest.mark.parametrize("program", ONE_IS_SLOW, indirect=True)
async def test_the_past_can_be_asked_for(tmp_path: Path, program: str) -> None:
    from datetime import UTC, datetime

    office = Office(tmp_path, program)
    async with office.running() as replication:
        await office.write(20)
        await office.until(replication, "running")
        await asyncio.sleep(1.5)
        then = datetime.now(UTC).replace(microsecond=0)
        await asyncio.sleep(1.5)
        await office.write(20)
        await replication.drill()
    there = tmp_path / "there"
    there.mkdir()
    (there / KEY_FILE).write_bytes((office.data / KEY_FILE).read_bytes())
    (there / KEY_FILE).chmod(0o600)
    words = ["restore", "--from-replica", "--at", then.isoformat(), "--data-dir", str(there),
             "--replica-url", office.config.replica_url, "--litestream", program]  # fmt: skip
    assert await asyncio.to_thread(cli.main, words) == 0
    with closing(sqlite3.connect(there / FILE_NAME)) as connection:
        assert connection.execute("SELECT count(*) FROM state").fetchone() == (20,)


async def test_without_a_replica_connections_look_after_their_log(tmp_path: Path) -> None:
    from contextlib import AsyncExitStack

    meta_folder(tmp_path / FILE_NAME).mkdir()
    async with AsyncExitStack() as stack:
        replica = await prepare_replica(NodeConfig(data_dir=tmp_path), stack, Registry())
        assert replica.state().condition == "off"
        with pytest.raises(UserError):
            await replica.drill()
    assert not meta_folder(tmp_path / FILE_NAME).exists()


async def test_the_doctor_looks_at_the_replica(tmp_path: Path) -> None:
    from pbx.app.doctor_replica import replica

    program = litestream_program("0.5")
    office = Office(tmp_path, program)
    async with office.running() as replication:
        await office.until(replication, "running")
    ((grade, _, text, _),) = await asyncio.to_thread(lambda: list(replica(office.config)))
    assert (grade, "answers" in text) == ("ok", True)
    gone = _with(office.config, litestream=str(tmp_path / "nothing"))
    ((grade, _, text, action),) = await asyncio.to_thread(lambda: list(replica(gone)))
    assert (grade, "there is no program" in text, bool(action)) == ("warn", True, True)
    ((grade, *_),) = replica(NodeConfig(data_dir=tmp_path))
    assert grade == "ok"


async def test_a_strange_replica_is_not_written_to(tmp_path: Path) -> None:
    program = litestream_program("0.5")
    async with Office(tmp_path, program).running() as replication:
        await asyncio.sleep(0)
        await Office.until(Office(tmp_path, program), replication, "running")
    other = Office(tmp_path, program, name="other")
    other.data.mkdir()
    sqlite3.connect(other.data / FILE_NAME).close()
    (other.data / FILE_NAME).touch()
    async with other.running() as replication:
        await other.until(replication, "stopped")
        assert "belongs to another node" in replication.problem


def _with(config: NodeConfig, **changes: object) -> NodeConfig:
    import msgspec

    return msgspec.structs.replace(config, **changes)


def _content(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
