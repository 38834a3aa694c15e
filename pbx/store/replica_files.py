"""Files at the place of the replica, beside what Litestream keeps there: one interface, five kinds of places.

Names are relative paths with slashes. `put` and `upload` replace a file in one go: nobody sees half of one. `create`
makes a file only if there is none, which is how two nodes find out which of them owns the replica.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

from pbx.core.errors import PbxError
from pbx.core.names import Lookup, system_lookup
from pbx.store.replica_url import Credentials, ReplicaUrl

__all__ = ["FolderFiles", "ReplicaFiles", "ReplicaFilesError", "files_at"]

CHUNK = 1 << 20

T = TypeVar("T")


class ReplicaFilesError(PbxError):
    """The place cannot be reached or refuses; the text is for people."""


class ReplicaFiles(Protocol):
    """Everything raises `ReplicaFilesError`."""

    async def get(self, name: str) -> bytes | None:
        """A small file; None when there is none."""
        ...

    async def put(self, name: str, content: bytes) -> None: ...

    async def create(self, name: str, content: bytes) -> bool:
        """False, and nothing is changed, when there is one already."""
        ...

    async def list(self, folder: str) -> Mapping[str, int]:
        """All files below with their sizes, by their whole names."""
        ...

    async def upload(self, path: Path, name: str, sha256: str) -> None: ...

    async def download(self, name: str, path: Path) -> str:
        """Write it to `path`; the SHA-256 of what came."""
        ...

    async def delete(self, name: str) -> None:
        """Nothing when there is none."""
        ...

    async def close(self) -> None: ...


def files_at(
    url: ReplicaUrl,
    credentials: Credentials,
    *,
    learned: Callable[[str], None] | None = None,
    lookup: Lookup = system_lookup,
) -> ReplicaFiles:
    """`learned` is told the key that an SSH server showed, where none was expected.

    Raises `StartupError` when what is needed to get in is not there.
    """
    if url.scheme == "file":
        return FolderFiles(Path(url.path))
    if url.scheme == "s3":
        from pbx.store.replica_s3 import S3Files

        return S3Files(url, credentials, lookup)
    if url.scheme == "abs":
        from pbx.store.replica_azure import AzureFiles

        return AzureFiles(url, credentials, lookup)
    if url.scheme == "gs":
        from pbx.store.replica_gcs import GcsFiles

        return GcsFiles(url, credentials, lookup)
    from pbx.store.replica_sftp import SftpFiles

    return SftpFiles(url, credentials, learned, lookup)


class FolderFiles:
    """A folder, such as a disk of another machine that is mounted here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def get(self, name: str) -> bytes | None:
        def work() -> bytes | None:
            try:
                return (self._folder / name).read_bytes()
            except FileNotFoundError:
                self._require()
                return None

        return await self._do(work)

    async def put(self, name: str, content: bytes) -> None:
        await self._do(lambda: self._write(name, content).rename(self._folder / name))

    async def create(self, name: str, content: bytes) -> bool:
        def work() -> bool:
            draft = self._write(name, content)
            try:
                os.link(draft, self._folder / name)
            except FileExistsError:
                return False
            finally:
                draft.unlink()
            return True

        return await self._do(work)

    async def list(self, folder: str) -> Mapping[str, int]:
        def work() -> dict[str, int]:
            self._require()
            found: dict[str, int] = {}
            for path in (self._folder / folder).rglob("*"):
                with suppress(FileNotFoundError):
                    if path.is_file() and not path.name.startswith(".draft-"):
                        found[path.relative_to(self._folder).as_posix()] = path.stat().st_size
            return found

        return await self._do(work)

    async def upload(self, path: Path, name: str, sha256: str) -> None:
        def work() -> None:
            draft = self._draft(name)
            try:
                shutil.copyfile(path, draft)
                _to_disk(draft)
                draft.rename(self._folder / name)
            finally:
                draft.unlink(missing_ok=True)

        await self._do(work)

    async def download(self, name: str, path: Path) -> str:
        def work() -> str:
            digest = hashlib.sha256()
            with (self._folder / name).open("rb") as source, path.open("wb") as target:
                while data := source.read(CHUNK):
                    digest.update(data)
                    target.write(data)
            return digest.hexdigest()

        return await self._do(work)

    async def delete(self, name: str) -> None:
        await self._do(lambda: (self._folder / name).unlink(missing_ok=True))

    async def close(self) -> None:
        return

    def _require(self) -> None:
        """A disk that is not mounted is not an empty replica."""
        if not self._folder.parent.is_dir():
            raise FileNotFoundError(2, "there is no such folder", str(self._folder.parent))

    def _draft(self, name: str) -> Path:
        self._require()
        target = self._folder / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return target.with_name(f".draft-{secrets.token_hex(6)}")

    def _write(self, name: str, content: bytes) -> Path:
        draft = self._draft(name)
        draft.write_bytes(content)
        _to_disk(draft)
        return draft

    async def _do(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            raise ReplicaFilesError(f"{error.filename or self._folder}: {error.strerror or error}") from error


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
