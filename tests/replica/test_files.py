"""Files at all kinds of places behave alike."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from pbx.core.clock import SystemClock
from pbx.core.errors import StartupError
from pbx.model.replication import Owner
from pbx.store.blobs import BlobCopier
from pbx.store.replica_files import FolderFiles, ReplicaFilesError, files_at
from pbx.store.replica_owner import claim, newest
from pbx.store.replica_s3 import signature
from pbx.store.replica_url import parse
from tests.replica.conftest import Place


async def test_every_place_keeps_files(place: Place, tmp_path: Path) -> None:
    files = place.files()
    try:
        assert await files.get("owners/x.json") is None
        assert await files.list("owners") == {}
        await files.put("owners/x.json", b"one")
        await files.put("owners/x.json", b"two")
        assert await files.get("owners/x.json") == b"two"
        assert await files.create("owners/y.json", b"first")
        assert not await files.create("owners/y.json", b"second")
        assert await files.get("owners/y.json") == b"first"
        source = tmp_path / "sound"
        source.write_bytes(bytes(range(256)) * 10_000)
        sha = hashlib.sha256(source.read_bytes()).hexdigest()
        await files.upload(source, f"blobs/ab/{sha}", sha)
        assert await files.list("blobs") == {f"blobs/ab/{sha}": 2_560_000}
        assert await files.download(f"blobs/ab/{sha}", tmp_path / "back") == sha
        assert (tmp_path / "back").read_bytes() == source.read_bytes()
        await files.delete("owners/x.json")
        await files.delete("owners/x.json")
        assert list(await files.list("owners")) == ["owners/y.json"]
    finally:
        await files.close()


async def test_of_two_nodes_one_takes_over(place: Place) -> None:
    def owner(node: str) -> Owner:
        return Owner(generation=2, node=node, host=node, at=SystemClock().now())

    one, other = place.files(), place.files()
    try:
        assert await newest(one) is None
        won = await asyncio.gather(claim(one, owner("a")), claim(other, owner("b")))
        assert sorted(won) == [False, True]
        found = await newest(one)
        assert found is not None
        assert found.node == ("a" if won[0] else "b")
        assert await claim(one, found)  # again by the same one
    finally:
        await one.close()
        await other.close()


async def test_sounds_are_copied_and_come_back(place: Place, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    clock = SystemClock()
    files = place.files()
    try:
        for name, content in (("voicemail/102/a b.wav", b"hello"), ("recordings/2026/ü.ogg", b"talk"),
                              ("sounds/same.wav", b"hello")):  # fmt: skip
            path = here / name
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
            _age(path)
        copier = BlobCopier(here, files, clock, 7, 1)
        await copier.round()
        assert (copier.state.kept, copier.state.waiting, copier.state.error) == (3, 0, "")
        assert len(await files.list("blobs")) == 2  # the same content is there once
        back = BlobCopier(there, files, clock, 7, 1)
        assert await back.restore() == 3
        assert (there / "recordings/2026/ü.ogg").read_bytes() == b"talk"
        assert await back.restore() == 0
        before = clock.now()
        (here / "voicemail/102/a b.wav").unlink()
        await copier.round()
        assert await BlobCopier(tmp_path / "later", files, clock, 7, 1).restore() == 2
        assert await BlobCopier(tmp_path / "earlier", files, clock, 7, 1).restore(at=before) == 3
        # a node that took over goes on with what the one before it knew, and its predecessor changes nothing of it
        successor = BlobCopier(there, files, clock, 7, 2)
        await successor.round()
        assert successor.state.kept == 3
        assert await copier.verify(tmp_path) == (2, [])
    finally:
        await files.close()


async def test_what_is_damaged_or_missing_is_found(folder_place: Place, tmp_path: Path) -> None:
    files = folder_place.files()
    for name in ("a", "b"):
        path = tmp_path / "here/voicemail" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 100)
        _age(path)
    copier = BlobCopier(tmp_path / "here", files, SystemClock(), 7, 1)
    await copier.round()
    one, other = sorted((Path(folder_place.url.path) / "blobs").rglob("*/*"))
    one.write_bytes(b"x" * 100)
    other.unlink()
    _, faults = await copier.verify(tmp_path)
    assert sorted(fault.split("… ")[1] for fault in faults) == [
        "is damaged in the replica.",
        "is missing or cut in the replica.",
    ]
    with pytest.raises(ExceptionGroup):
        await BlobCopier(tmp_path / "there", files, SystemClock(), 7, 1).restore()
    assert [path for path in (tmp_path / "there").rglob("*") if path.is_file()] == []


async def test_deleted_sounds_go_when_nobody_can_ask_for_them(folder_place: Place, tmp_path: Path) -> None:
    files = folder_place.files()
    path = tmp_path / "here/voicemail/a"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a")
    _age(path)
    copier = BlobCopier(tmp_path / "here", files, SystemClock(), 0, 1)
    await copier.round()
    path.unlink()
    await copier.round()
    await copier.round()
    assert await files.list("blobs") == {}


async def test_a_disk_that_is_not_mounted_is_no_empty_replica(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path / "not there" / "office")
    for asked in (files.list("owners"), files.get("owners/1"), files.put("owners/1", b"")):
        with pytest.raises(ReplicaFilesError):
            await asked


async def test_an_ssh_server_with_another_key_is_refused(sftp_place: Place) -> None:
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMZxPmVHnFSzlSGzgHLWT1Kll8kC5UXDuXhVHhrcyF4z"
    files = files_at(sftp_place.url, replace(sftp_place.credentials, host_key=other))
    with pytest.raises(ReplicaFilesError, match="another key"):
        await files.list("owners")
    learned: list[str] = []
    files = files_at(sftp_place.url, replace(sftp_place.credentials, host_key=""), learned=learned.append)
    assert await files.list("owners") == {}
    await files.close()
    assert learned == [sftp_place.credentials.host_key]


def test_a_request_is_signed_as_amazon_shows() -> None:
    """AWS, Signature Calculations for the Authorization Header, example GET Bucket Lifecycle."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-content-sha256": empty,
        "x-amz-date": "20130524T000000Z",
    }
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    scope = ("20130524", "us-east-1", "s3", "20130524T000000Z")
    assert signature("GET", "/", {"lifecycle": ""}, headers, secret, scope) == (
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    )


@pytest.mark.parametrize(
    "text",
    ["", "ftp://host/x", "sftp://host/x", "sftp://user@host", "sftp://user:secret@host/x", "file://host/x", "s3:///x",
     "s3://bucket/x?color=red", "file:///a/../b", "abs://container/x"],
)  # fmt: skip
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(StartupError):
        parse(text)


def _age(path: Path) -> None:
    import os

    os.utime(path, (1_700_000_000, 1_700_000_000))
