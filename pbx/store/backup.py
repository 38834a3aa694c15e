"""A backup: one tar file with the database as it is in one moment, and the folders of sounds beside it.

    manifest.json                      what it is, of which version and layout, when it was made
    pbx.sqlite3                        by SQLite's backup API: whole, whatever is written meanwhile
    sounds/ prompts/ phrases/ voicemail/ [recordings/]

`secret.key` is not in it: without that file, what is sealed in the database (passwords, PINs, keys) stays closed.
Everything here blocks: it runs in threads of its own.
"""

from __future__ import annotations

import io
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec

from pbx.core.errors import StartupError
from pbx.store.database import FILE_NAME
from pbx.store.inspect import inspect
from pbx.store.migrate import steps

__all__ = ["FOLDERS", "RECORDINGS", "Manifest", "restore", "write"]

MANIFEST = "manifest.json"
FOLDERS = ("sounds", "prompts", "phrases", "voicemail")
RECORDINGS = "recordings"
FORMAT = "bellwire-backup-1"
MOST_MANIFEST = 64 * 1024


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup says about itself; `layout` is that of its database."""

    format: str
    version: str
    made_at: datetime
    layout: int
    folders: tuple[str, ...]


def write(data_dir: Path, out: IO[bytes], *, recordings: bool, version: str, at: datetime) -> None:
    """Write the tar as a stream. Files that go meanwhile are left out; what is being written may be cut."""
    folders = (*FOLDERS, RECORDINGS) if recordings else FOLDERS
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=data_dir) as folder:
        copy = Path(folder) / FILE_NAME
        _copy_database(data_dir / FILE_NAME, copy)
        manifest = Manifest(format=FORMAT, version=version, made_at=at, layout=len(steps()), folders=folders)
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            head = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
            info = tarfile.TarInfo(MANIFEST)
            info.size, info.mtime, info.mode = len(head), int(at.timestamp()), 0o600
            tar.addfile(info, io.BytesIO(head))
            tar.add(copy, FILE_NAME)
            for path in _files(data_dir, folders):
                _add(tar, path, path.relative_to(data_dir).as_posix())


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


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    """With the size that it has now: what is recorded may grow."""
    try:
        with path.open("rb") as file:
            info = tar.gettarinfo(arcname=name, fileobj=file)
            tar.addfile(info, _Padded(file, info.size))
    except FileNotFoundError:
        return


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


def restore(file: Path, data_dir: Path) -> Manifest:
    """Put a backup into an empty data directory. Raises `StartupError`, and then there is nothing new in it."""
    if (data_dir / FILE_NAME).exists():
        raise StartupError(
            f"there is an office in {data_dir} already",
            action="Choose an empty folder with --data-dir, or move that one away",
        )
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=data_dir) as folder:
        try:
            with tarfile.open(file, mode="r:") as tar:
                manifest = _manifest(tar, file)
                for member in _members(tar, file):
                    _put(tar, member, Path(folder) / member.name)
        except (OSError, tarfile.TarError) as error:
            raise StartupError(f"the backup {file} cannot be read: {error}") from error
        found = inspect(Path(folder) / FILE_NAME, newest=len(steps()), check_all=True)
        if found.is_new:
            raise StartupError(f"the backup {file} has no database")
        for path in sorted(Path(folder).iterdir()):
            if path.name == FILE_NAME:
                continue
            if (data_dir / path.name).exists():
                raise StartupError(
                    f"there is a folder {path.name} in {data_dir} already", action="Move it away first"
                )
            shutil.move(path, data_dir / path.name)
        (Path(folder) / FILE_NAME).chmod(0o600)
        shutil.move(Path(folder) / FILE_NAME, data_dir / FILE_NAME)
    return manifest


def _manifest(tar: tarfile.TarFile, file: Path) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or first.size > MOST_MANIFEST:
        raise StartupError(f"{file} is no backup of a node")
    read = tar.extractfile(first)
    try:
        manifest = msgspec.json.decode(read.read() if read is not None else b"", type=Manifest)
    except msgspec.MsgspecError as error:
        raise StartupError(f"{file} is no backup that this version knows: {error}") from error
    if manifest.format != FORMAT:
        raise StartupError(f"{file} is a backup of another kind: {manifest.format}")
    return manifest


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """Write a file of the archive, for its owner alone. (`extractall` has no filter in the Python of Debian 12.)"""
    content = tar.extractfile(member)
    if content is None:
        raise tarfile.TarError(f"{member.name} has no content")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with content, path.open("xb") as file:
        shutil.copyfileobj(content, file)


def _members(tar: tarfile.TarFile, file: Path) -> Iterator[tarfile.TarInfo]:
    """Files only, and only where they belong."""
    for member in tar:
        top = member.name.split("/", 1)[0]
        if member.name == MANIFEST:
            continue
        if (
            not member.isfile()
            or top not in (FILE_NAME, *FOLDERS, RECORDINGS)
            or ".." in member.name.split("/")
        ):
            raise StartupError(f"{file} has something in it that is no part of a backup: {member.name}")
        yield member
