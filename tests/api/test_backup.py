"""A backup and its way back; what the machine and the start of the node say about themselves."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from pbx.app import cli
from pbx.core.config import NodeConfig
from pbx.core.config_sources import load, origins
from pbx.core.errors import StartupError
from pbx.model.node_report import DoctorCheck
from pbx.store.backup import END, MANIFEST
from pbx.store.backup_restore import restore
from pbx.store.database import FILE_NAME, Database
from tests.api.conftest import Node, StartNode


@pytest.fixture
async def office(start_node: StartNode, tmp_path: Path) -> Node:
    """A node whose data directory is like a real one."""
    data = tmp_path / "data"
    for name, content in (
        ("sounds/music.ogg", b"sound"),
        ("voicemail/102/a.wav", b"message" * 100_000),
        ("recordings/b.wav", b"talk"),
        ("secret.key", b"key"),
        ("speech/c.wav", b"cache"),
    ):
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    async with await Database.open(data / FILE_NAME, poll_s=0) as database:
        await database.write(lambda connection: connection.execute("INSERT INTO state VALUES ('kept', '1')"))
    return await start_node(config=NodeConfig(data_dir=data))


async def made(node: Node, query: str = "") -> bytes:
    async with node.ask("POST", f"/api/v1/backup{query}") as answer:
        assert answer.status == 200
        assert answer.content_type == "application/x-tar"
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="bellwire-2026')
        return await answer.read()


async def test_a_backup_is_put_back_whole(office: Node, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    file.write_bytes(await made(office))
    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert names[:2] == [MANIFEST, FILE_NAME]
    assert sorted(names[2:]) == [END, "sounds/music.ogg", "voicemail/102/a.wav"]
    there = tmp_path / "there"
    assert cli.main(["restore", str(file), "--data-dir", str(there)]) == 0
    assert (there / "voicemail/102/a.wav").read_bytes() == b"message" * 100_000
    with closing(sqlite3.connect(there / FILE_NAME)) as connection:
        assert connection.execute("SELECT value FROM state WHERE key = 'kept'").fetchone() == ("1",)
    assert sorted(each.name for each in there.iterdir()) == [
        "node.lock",
        FILE_NAME,
        "sounds",
        "voicemail",
    ]
    assert (there / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert cli.main(["restore", str(file), "--data-dir", str(there)]) == 1
    assert [each.name for each in office.deps.config.data_dir.glob(".backup-*")] == []


async def test_a_locked_one_has_the_key_and_nobody_reads_it(office: Node, tmp_path: Path) -> None:
    file = tmp_path / "office.backup"
    order = {"passphrase": "correct horse"}
    async with office.ask("POST", "/api/v1/backup/locked", json=order) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Disposition"].endswith('.backup"')
        file.write_bytes(await answer.read())
    assert b"voicemail" not in file.read_bytes()
    restore(file, tmp_path / "there", passphrase="correct horse")
    assert (tmp_path / "there/secret.key").read_bytes() == b"key"
    assert (tmp_path / "there/recordings/b.wav").exists()
    assert b"correct horse" not in await _audit(office)


async def test_recordings_are_in_it_when_asked_for(office: Node) -> None:
    with tarfile.open(fileobj=io.BytesIO(await made(office, "?recordings=true"))) as tar:
        assert "recordings/b.wav" in tar.getnames()


async def test_without_a_database_it_says_so_and_the_next_one_can_be_made(
    start_node: StartNode, tmp_path: Path
) -> None:
    node = await start_node(config=NodeConfig(data_dir=tmp_path / "nothing"))
    for _ in range(2):
        problem = await node.json("POST", "/api/v1/backup", 503)
        assert problem["detail"].startswith("No backup can be made")


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "secret.key", "sounds/../../evil", "pbx.sqlite3/x", "speech/x"]
)
async def test_nothing_else_gets_out_of_a_backup(office: Node, tmp_path: Path, name: str) -> None:
    good = await made(office)
    file, there = tmp_path / "evil.tar", tmp_path / "there"
    with tarfile.open(fileobj=io.BytesIO(good)) as old, tarfile.open(file, "w") as new:
        for member in old:
            new.addfile(member, old.extractfile(member))
        info = tarfile.TarInfo(name)
        info.size = 4
        new.addfile(info, io.BytesIO(b"evil"))
    with pytest.raises(StartupError):
        restore(file, there)
    assert list(there.iterdir()) == []
    assert list(tmp_path.rglob("evil")) == []


@pytest.mark.parametrize("content", [b"", b"no tar", b"\0" * 10240])
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.tar"
    file.write_bytes(content)
    with pytest.raises(StartupError):
        restore(file, tmp_path / "there")


async def test_the_doctors_findings_are_shown(start_node: StartNode) -> None:
    found = [
        DoctorCheck(name="clock", grade="ok", text="12:00"),
        DoctorCheck(name="ports", grade="failure", text="5060 is taken", action="Stop the other program."),
    ]
    node = await start_node(examine=lambda: found)
    report = await node.json("GET", "/api/v1/doctor")
    assert report["failures"] == 1
    assert report["items"][1]["action"] == "Stop the other program."


async def test_startup_settings_say_where_they_come_from_and_no_password(
    start_node: StartNode, tmp_path: Path
) -> None:
    file = tmp_path / "pbx.toml"
    file.write_text('language = "de"\nsip_port = 5070\n')
    environ = {"PBX_SMTP_PASSWORD": "geheim", "PBX_SIP_PORT": "5071"}
    options: dict[str, object] = {"sip_port": "5072", "data_dir": str(tmp_path)}
    node = await start_node(config=load(options, environ, file), origins=origins(options, environ, file))
    items = {each["name"]: each for each in (await node.json("GET", "/api/v1/settings/startup"))["items"]}
    assert {name: items[name]["source"] for name in ("language", "sip_port", "smtp_password", "country")} == {
        "language": "file",
        "sip_port": "option",
        "smtp_password": "environment",
        "country": "default",
    }
    assert items["sip_port"]["value"] == "5072"
    assert items["smtp_password"]["value"] == "(set)"
    assert items["tls"]["value"] == "on"
    assert items["sip_port"]["option"] == "--sip-port"
    assert set(items) == set(NodeConfig.__struct_fields__)


async def _audit(node: Node) -> bytes:
    """It is noted once the last byte is sent."""
    for _ in range(100):
        async with node.ask("GET", "/api/v1/audit") as answer:
            said = await answer.read()
        if b"ackup" in said:
            return said
        await asyncio.sleep(0.05)
    raise AssertionError(said)
