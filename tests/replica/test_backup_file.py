"""Everything in one locked file: whole, or nothing at all."""

from __future__ import annotations

import io
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.app import cli
from pbx.core.secret import load_key
from pbx.store.backup_restore import restore
from pbx.store.database import FILE_NAME, Database
from pbx.store.lockbox import LockedReader, LockedWriter, LockError

PASSPHRASE = "correct horse battery"


def locked(content: bytes, *, pieces: int = 1000) -> bytes:
    out = io.BytesIO()
    writer = LockedWriter(out, PASSPHRASE, memory_kib=64)
    for start in range(0, len(content), pieces):
        writer.write(content[start : start + pieces])
    writer.finish()
    return out.getvalue()


def opened(content: bytes, passphrase: str = PASSPHRASE) -> bytes:
    return io.BufferedReader(LockedReader(io.BytesIO(content), passphrase)).read()


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=3000), st.sampled_from([0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 2 << 20]))
def test_what_is_locked_opens_again(content: bytes, more: int) -> None:
    content += bytes(more)
    assert opened(locked(content, pieces=1 << 16)) == content


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_byte_can_be_changed_or_missing(data: st.DataObject) -> None:
    good = locked(b"office" * 300_000)
    place = data.draw(st.integers(0, len(good) - 1))
    if data.draw(st.booleans()):
        bad = good[:place] + bytes((good[place] ^ (1 << data.draw(st.integers(0, 7))),)) + good[place + 1 :]
    else:
        bad = good[:place]
    if (
        len(bad) < len(good) or place > 36
    ):  # a changed head may ask for much memory: it is bounded, and tested below
        with pytest.raises(LockError):
            opened(bad)


def test_another_passphrase_and_other_files_are_refused() -> None:
    good = locked(b"office")
    with pytest.raises(LockError, match="passphrase is wrong"):
        opened(good, "wrong horse battery")
    for bad, words in ((b"", "no locked file"), (good + b"x", "behind the end"), (good[:20], "cut off"),
                       (good[:15] + b"\x02" + good[16:], "newer version"),
                       (good[:32] + b"\xff\xff\xff\xff" + good[36:], "head of the file is damaged")):  # fmt: skip
        with pytest.raises(LockError) as caught:
            opened(bad)
        assert words in str(caught.value)
    with pytest.raises(LockError, match="characters"):
        LockedWriter(io.BytesIO(), "short")


def test_memory_does_not_grow_with_the_size() -> None:
    class Counted(io.RawIOBase):
        def write(self, data: bytes, /) -> int:  # type: ignore[override]
            return len(data)

    writer = LockedWriter(Counted(), PASSPHRASE, memory_kib=64)  # type: ignore[arg-type]
    tracemalloc.start()
    for _ in range(64):
        writer.write(bytes(1 << 20))
    writer.finish()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 12 << 20


@pytest.fixture
async def office(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    for name, content in (("voicemail/102/a.wav", b"message" * 1000), ("recordings/b.wav", b"talk"),
                          ("tls/made.json", b"{}"), ("tls/ca.pem", b"pem"), ("speech/cache.wav", b"no"),
                          ("replica/owner.json", b"no")):  # fmt: skip
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    load_key(data / "secret.key")
    async with await Database.open(data / FILE_NAME, poll_s=0) as database:
        await database.write(lambda one: one.execute("INSERT INTO state VALUES ('kept', '1')"))
    (data / "push").mkdir()
    async with await Database.open(data / "push/push.sqlite3", poll_s=0):
        pass
    return data


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text(f"{PASSPHRASE}\n")
    path.chmod(0o600)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".sqlite3" not in path.name and path.name != "node.lock"
    }


async def test_everything_comes_back(
    office: Path, passphrase: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pbx.toml").write_text('language = "de"\n')
    file, there = tmp_path / "office.backup", tmp_path / "there"
    words = ["--passphrase-file", str(passphrase)]
    assert cli.main(["backup", str(file), "--data-dir", str(office), *words]) == 0
    assert b"talk" not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert cli.main(["backup", str(file), "--data-dir", str(office), *words]) == 1  # never over another file
    assert cli.main(["restore", str(file), "--data-dir", str(there), *words]) == 0
    had, has = contents(office), contents(there)
    assert has.pop("pbx.toml.restored") == b'language = "de"\n'
    assert has == {name: one for name, one in had.items() if not name.startswith(("speech", "replica"))}
    async with await Database.open(there / FILE_NAME, poll_s=0) as database:
        assert await database.read(lambda one: one.execute("SELECT value FROM state").fetchone()) == ("1",)
    assert (there / "push/push.sqlite3").exists()
    # an office that is there is moved away, not overwritten
    assert cli.main(["restore", str(file), "--data-dir", str(there), *words]) == 1
    assert cli.main(["restore", str(file), "--data-dir", str(there), "--replace", *words]) == 0
    (before,) = there.glob("before-*")
    assert (before / FILE_NAME).exists()
    assert (there / FILE_NAME).exists()


async def test_what_does_not_open_changes_nothing(office: Path, passphrase: Path, tmp_path: Path) -> None:
    file, there = tmp_path / "office.backup", tmp_path / "there"
    assert (
        cli.main(["backup", str(file), "--data-dir", str(office), "--passphrase-file", str(passphrase)]) == 0
    )
    good = file.read_bytes()
    there.mkdir()
    (there / FILE_NAME).write_bytes(b"precious")
    passphrase.write_text("another passphrase\n")
    words = [
        "restore",
        str(file),
        "--data-dir",
        str(there),
        "--replace",
        "--passphrase-file",
        str(passphrase),
    ]
    assert cli.main(words) == 1
    passphrase.write_text(f"{PASSPHRASE}\n")
    for bad in (good[:-1], good[: len(good) // 2], good[:200], good + b"x"):
        file.write_bytes(bad)
        assert cli.main(words) == 1
    assert [path.name for path in there.iterdir() if path.name != "node.lock"] == [FILE_NAME]
    assert (there / FILE_NAME).read_bytes() == b"precious"
    file.write_bytes(good)
    assert cli.main(words) == 0


async def test_a_backup_of_the_first_kind_still_restores(office: Path, tmp_path: Path) -> None:
    """As the version before this one wrote them: one database, no end."""
    import json
    import tarfile

    file = tmp_path / "old.tar"
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as tar:
        head = {"format": "bellwire-backup-1", "version": "0.1.0", "made_at": "2026-10-01T00:00:00Z", "layout": 15,
                "folders": ["sounds", "voicemail"]}  # fmt: skip
        text = json.dumps(head).encode()
        info = tarfile.TarInfo("manifest.json")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
        tar.add(office / FILE_NAME, FILE_NAME)
        tar.add(office / "voicemail/102/a.wav", "voicemail/102/a.wav")
    manifest = restore(file, tmp_path / "there")
    assert manifest.made_at == datetime(2026, 10, 1, tzinfo=UTC)
    assert (tmp_path / "there/voicemail/102/a.wav").exists()
