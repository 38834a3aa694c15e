"""A backup: one tar file with the databases as they are in one moment, and the folders of sounds beside them.

    manifest.json                      what it is, of which version and layout, when it was made
    pbx.sqlite3                        by SQLite's backup API: whole, whatever is written meanwhile
    edge/edge.sqlite3 push/push.sqlite3   where there are any
    sounds/ prompts/ phrases/ voicemail/ [recordings/]
    secret.key tls/ … pbx.toml         only in one that is locked with a passphrase (see `lockbox`)
    end.json                           how many files there were: what was cut is noticed

A plain one has no `secret.key`: without that file, what is sealed in the database (passwords, PINs, keys) stays closed.
Everything here blocks: it runs in threads of its own. The way back is `backup_restore`.
"""

from __future__ import annotations

import io
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec

from pbx.store.database import FILE_NAME
from pbx.store.lockbox import LockedWriter
from pbx.store.migrate import steps
from pbx.store.replica_keys import key_files
from pbx.store.restoring import CONFIG, DATABASES

__all__ = ["END", "FOLDERS", "FORMATS", "MANIFEST", "RECORDINGS", "End", "Manifest", "write", "write_locked"]

MANIFEST = "manifest.json"
FOLDERS = ("sounds", "prompts", "phrases", "voicemail")
RECORDINGS = "recordings"
END = "end.json"
FORMATS = ("bellwire-backup-1", "bellwire-backup-2")
"""The first had one database and no end; it is still read."""

Progress = Callable[[int], None]
"""Told how many bytes have been put in."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup says about itself; `layout` is that of its database."""

    format: str
    version: str
    made_at: datetime
    layout: int
    folders: tuple[str, ...]
    keys: bool = False


class End(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last file of a backup."""

    files: int


def write(
    data_dir: Path,
    out: IO[bytes],
    *,
    recordings: bool,
    version: str,
    at: datetime,
    config_file: Path | None = None,
    keys: bool = False,
    progress: Progress = lambda _: None,
) -> None:
    """Write the tar as a stream. Files that go meanwhile are left out; what is being written may be cut.

    `keys` only into what nobody can read: see `write_locked`.
    """
    folders = (*FOLDERS, RECORDINGS) if recordings else FOLDERS
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=data_dir) as folder:
        manifest = Manifest(
            format=FORMATS[-1], version=version, made_at=at, layout=len(steps()), folders=folders, keys=keys
        )
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            _add_text(tar, MANIFEST, manifest, at)
            count = done = 0
            for name in DATABASES:
                if name == FILE_NAME or (data_dir / name).exists():
                    copy = Path(folder) / "copy.sqlite3"
                    _copy_database(data_dir / name, copy)
                    tar.add(copy, name)
                    count, done = count + 1, done + copy.stat().st_size
                    copy.unlink()
                    progress(done)
            paths = [(path, path.relative_to(data_dir).as_posix()) for path in _files(data_dir, folders)]
            if keys:
                paths += [(path, path.relative_to(data_dir).as_posix()) for path in key_files(data_dir)]
                if config_file is not None and config_file.is_file():
                    paths.append((config_file, CONFIG))
            for path, name in paths:
                if (size := _add(tar, path, name)) is not None:
                    count, done = count + 1, done + size
                    progress(done)
            _add_text(tar, END, End(files=count), at)


def write_locked(
    data_dir: Path,
    out: IO[bytes],
    passphrase: str,
    *,
    recordings: bool,
    version: str,
    at: datetime,
    config_file: Path | None = None,
    progress: Progress = lambda _: None,
) -> None:
    """Everything, keys too, locked. Raises `LockError` for a passphrase that is too short."""
    locked = LockedWriter(out, passphrase)
    write(
        data_dir,
        locked,  # type: ignore[arg-type]  # all that tarfile needs
        recordings=recordings,
        version=version,
        at=at,
        config_file=config_file,
        keys=True,
        progress=progress,
    )
    locked.finish()


def _add_text(tar: tarfile.TarFile, name: str, content: msgspec.Struct, at: datetime) -> None:
    text = msgspec.json.format(msgspec.json.encode(content), indent=2)
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(text), int(at.timestamp()), 0o600
    tar.addfile(info, io.BytesIO(text))


def _copy_database(source: Path, target: Path) -> None:
    target.touch(mode=0o600)
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as connection,
        closing(sqlite3.connect(target)) as copy,
    ):
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def _files(data_dir: Path, folders: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((data_dir / folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path


def _add(tar: tarfile.TarFile, path: Path, name: str) -> int | None:
    """With the size that it has now: what is recorded may grow. None when it is gone."""
    try:
        with path.open("rb") as file:
            info = tar.gettarinfo(arcname=name, fileobj=file)
            tar.addfile(info, _Padded(file, info.size))
            return info.size
    except FileNotFoundError:
        return None


class _Padded(io.RawIOBase):
    """Exactly so many bytes of a file, with zeros where it was cut short meanwhile."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted).ljust(wanted, b"\0")
        self._left -= wanted
        return data
