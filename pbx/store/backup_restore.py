"""Puts a backup back. All of it is read and looked at in a folder of its own first; only then is anything moved.

Where there is an office already, it is moved away on demand, never overwritten: into `before-DATE/` of the same folder.
"""

from __future__ import annotations

import io
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO

import msgspec

from pbx.core.errors import StartupError
from pbx.store.backup import END, FOLDERS, FORMATS, MANIFEST, RECORDINGS, End, Manifest
from pbx.store.database import FILE_NAME
from pbx.store.inspect import inspect
from pbx.store.lockbox import MAGIC, LockedReader, LockError
from pbx.store.migrate import steps
from pbx.store.replica_keys import KEY_FILES
from pbx.store.restoring import CONFIG, DATABASES, put_in_place

__all__ = ["is_locked", "restore"]

MOST_MANIFEST = 64 * 1024
Progress = Callable[[int], None]


def is_locked(file: Path) -> bool:
    """Whether it needs a passphrase. Raises `StartupError`."""
    try:
        with file.open("rb") as source:
            return source.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise StartupError(f"the backup {file} cannot be read: {error.strerror}") from None


def restore(
    file: Path,
    data_dir: Path,
    *,
    passphrase: str = "",
    replace_at: datetime | None = None,
    progress: Progress = lambda _: None,
) -> Manifest:
    """Put a backup into a data directory. Raises `StartupError`, and then nothing there has changed.

    With `replace_at` an office that is there is moved away first, at the last moment; without, it is refused.
    """
    if (data_dir / FILE_NAME).exists() and replace_at is None:
        raise StartupError(
            f"there is an office in {data_dir} already",
            action="Choose an empty folder with --data-dir, or let it be moved aside with --replace",
        )
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".restore-", dir=data_dir))
    try:
        manifest = _read_into(folder, file, passphrase, progress)
        if replace_at is None:
            _check_room(folder, data_dir)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    put_in_place(folder, data_dir, replace_at=replace_at)
    return manifest


def _read_into(folder: Path, file: Path, passphrase: str, progress: Progress) -> Manifest:
    """Unpack it and look at its database. Raises `StartupError`."""
    try:
        with file.open("rb") as source:
            manifest = _unpack(source, file, folder, passphrase, progress)
    except (OSError, EOFError, ValueError, RecursionError, tarfile.TarError, LockError) as error:
        raise StartupError(f"the backup {file} cannot be used: {error}") from error
    if inspect(folder / FILE_NAME, newest=len(steps()), check_all=True).is_new:
        raise StartupError(f"the backup {file} has no database")
    return manifest


def _unpack(source: IO[bytes], file: Path, folder: Path, passphrase: str, progress: Progress) -> Manifest:
    if source.read(len(MAGIC)) == MAGIC:
        source.seek(0)
        if not passphrase:
            raise LockError("it is locked, and no passphrase was given")
        locked = LockedReader(source, passphrase)
        with tarfile.open(fileobj=io.BufferedReader(locked, 1 << 20), mode="r|") as tar:
            manifest = _unpack_tar(tar, file, folder, progress)
        locked.verify_rest()
        return manifest
    source.seek(0)
    with tarfile.open(fileobj=source, mode="r|") as tar:
        return _unpack_tar(tar, file, folder, progress)


def _unpack_tar(tar: tarfile.TarFile, file: Path, folder: Path, progress: Progress) -> Manifest:
    manifest = _read_manifest(tar, file)
    count = done = 0
    end: End | None = None
    for member in _members(tar, file, manifest):
        content = tar.extractfile(member)
        if content is None:
            raise tarfile.TarError(f"{member.name} has no content")
        if member.name == END:
            end = _end(content.read(MOST_MANIFEST))
            continue
        _put(content, folder / member.name)
        count, done = count + 1, done + member.size
        progress(done)
    if manifest.format != FORMATS[0] and (end is None or end.files != count):
        raise tarfile.TarError(
            f"it is cut off: {count} files are there" + (f" of {end.files}" if end else "")
        )
    return manifest


def _end(data: bytes) -> End:
    try:
        return msgspec.json.decode(data, type=End)
    except msgspec.MsgspecError as error:
        raise tarfile.TarError(f"its last file is damaged: {error}") from error


def _read_manifest(tar: tarfile.TarFile, file: Path) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or first.size > MOST_MANIFEST:
        raise StartupError(f"{file} is no backup of a node")
    read = tar.extractfile(first)
    try:
        manifest = msgspec.json.decode(read.read() if read is not None else b"", type=Manifest)
    except msgspec.MsgspecError as error:
        raise StartupError(f"{file} is no backup that this version knows: {error}") from error
    if manifest.format not in FORMATS:
        raise StartupError(
            f"{file} is a backup of another kind: {manifest.format}",
            action="Install the version that made it",
        )
    if manifest.layout > len(steps()):
        raise StartupError(
            f"{file} was made by a newer version ({manifest.version})",
            action="Install that version or a newer one",
        )
    return manifest


def _members(tar: tarfile.TarFile, file: Path, manifest: Manifest) -> Iterator[tarfile.TarInfo]:
    """Files only, and only where they belong."""
    for member in tar:
        if not (member.isfile() and _belongs(member.name, keys=manifest.keys)):
            raise StartupError(f"{file} has something in it that is no part of a backup: {member.name}")
        if member.name != MANIFEST:
            yield member


def _belongs(name: str, *, keys: bool) -> bool:
    parts = name.split("/")
    if ".." in parts or "" in parts or "." in parts:
        return False
    if name in (MANIFEST, END, *DATABASES) or (len(parts) > 1 and parts[0] in (*FOLDERS, RECORDINGS)):
        return True
    return keys and (name == CONFIG or any(fnmatchcase(name, pattern) for pattern in KEY_FILES))


def _put(content: IO[bytes], path: Path) -> None:
    """Write a file of the archive, for its owner alone. (`extractall` has no filter in the Python of Debian 12.)"""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with content, path.open("xb") as file:
        path.chmod(0o600)
        shutil.copyfileobj(content, file, 1 << 20)


def _check_room(folder: Path, data_dir: Path) -> None:
    """Raises `StartupError` naming what stands in the way."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and (data_dir / name).exists() and name != CONFIG:
            raise StartupError(f"there is a {name} in {data_dir} already", action="Move it away first")
