"""Both lines of Litestream, each with the configuration it understands; versions nobody knows are refused."""

from __future__ import annotations

import asyncio
import os
from contextlib import closing
from pathlib import Path

import pytest

from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError
from pbx.store.database import Database
from pbx.store.litestream import Litestream, Source, find
from pbx.store.litestream_meta import meta_folder
from pbx.store.replica_url import Credentials, parse
from tests.replica.conftest import ONE_IS_SLOW

CREDENTIALS = Credentials(
    environment={"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_CA_BUNDLE": "x"}
)


def fake(folder: Path, words: str) -> str:
    path = folder / "litestream"
    path.write_text(f"#!/bin/sh\n{words}\n")
    path.chmod(0o755)
    return str(path)


async def test_the_version_decides(program: str) -> None:
    found = await find(program)
    assert found.line in ((0, 3), (0, 5))
    assert found.is_old == (found.line == (0, 3))


@pytest.mark.parametrize("said", ["v0.3.7", "0.4.0", "0.6.0", "1.0.0", "(development build)", ""])
async def test_unknown_versions_are_refused(tmp_path: Path, said: str) -> None:
    with pytest.raises(StartupError, match="not known to this program") as caught:
        await find(fake(tmp_path, f"echo '{said}'"))
    assert "litestream.sh" in caught.value.action


async def test_no_program_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="there is no program"):
        await find(str(tmp_path / "nothing"))
    with pytest.raises(StartupError, match="does not say its version"):
        await find(fake(tmp_path, "exit 3"))


def test_each_line_has_its_own_words(tmp_path: Path) -> None:
    """0.3 ignores `replica` without a word, 0.5 refuses nothing either: the wrong one replicates nothing."""
    sources = [Source("pbx", tmp_path / "pbx.sqlite3")]
    url = parse("s3://bucket/office?endpoint=https://s3.example.org")
    old = Litestream("x", (0, 3, 13)).config(url, CREDENTIALS, 3, sources, keep_days=7, metrics_port=9)
    new = Litestream("x", (0, 5, 17)).config(url, CREDENTIALS, 3, sources, keep_days=7, metrics_port=9)
    assert "replica" not in old["dbs"][0]
    assert "replicas" not in new["dbs"][0]
    (replica,) = old["dbs"][0]["replicas"]
    assert replica["path"] == new["dbs"][0]["replica"]["path"] == "office/g000003/pbx"
    assert replica["retention"] == new["snapshot"]["retention"] == "168h"
    assert old["addr"] == "127.0.0.1:9"
    assert new["socket"]["permissions"] == 0o600
    assert "AWS_CA_BUNDLE" in Litestream("x", (0, 3, 13)).environment(CREDENTIALS)
    assert "AWS_CA_BUNDLE" not in Litestream("x", (0, 5, 17)).environment(CREDENTIALS)


async def test_connections_leave_the_log_alone_while_it_is_replicated(tmp_path: Path) -> None:
    from edge.store.open import open_store as open_edge
    from mobile_push.store.sqlite import _connect as connect_push

    async def pages(path: Path) -> int:
        async with await Database.open(path, poll_s=0) as database:
            found = await database.write(lambda one: one.execute("PRAGMA wal_autocheckpoint").fetchone())
            assert (
                await database.read(lambda one: one.execute("PRAGMA wal_autocheckpoint").fetchone()) == found
            )
            return int(found[0])

    assert await pages(tmp_path / "a.sqlite3") == 1000
    for name in ("b", "edge", "push"):
        meta_folder(tmp_path / f"{name}.sqlite3").mkdir()
    assert await pages(tmp_path / "b.sqlite3") == 0
    edge = await open_edge(tmp_path / "edge.sqlite3")
    try:
        rows = await edge.all("PRAGMA wal_autocheckpoint")
        assert [row["wal_autocheckpoint"] for row in rows] == [0]
    finally:
        await edge.close()
    with closing(connect_push(tmp_path / "push.sqlite3")) as push:
        assert tuple(push.execute("PRAGMA wal_autocheckpoint").fetchone()) == (0,)


@pytest.mark.parametrize("program", ONE_IS_SLOW, indirect=True)
async def test_what_silently_goes_wrong_without_the_rule(tmp_path: Path, program: str) -> None:
    """Rows written while Litestream is down come into the replica with its next start, by the snapshot."""
    from tests.replica.office import Office

    office = Office(tmp_path, program)
    async with office.running() as replication:
        await office.write(200)
        await office.until(replication, "running")
        for _ in range(3):
            process = replication._process
            assert process is not None
            assert process.pid > 1
            os.kill(process.pid, 9)
            await office.write(300)
            await asyncio.sleep(0)
            await office.until_started_again(replication, process)
        report = await replication.drill()
    assert report.faults == ()
    assert report.ok
    assert await office.restored_rows() == office.rows == 1100


def test_the_settings_exist() -> None:
    fields = NodeConfig.__struct_fields__
    assert fields[-8:] == (
        "replica_url", "replica_credentials", "replica_ssh_key", "replica_passphrase_file", "replica_files",
        "replica_keep_days", "replica_drill_hours", "litestream",
    )  # fmt: skip
