"""Voice messages, recordings and sounds beside the replica of the databases: a copy by content.

    blobs/ab/ab12…          a file's content under its SHA-256; the same sound is there once
    g000001/index/NAME.json what lay in one folder: names, sizes, times, and what was deleted when

A round looks at the folders, copies what is new, and writes the indexes that changed. It can be cut anywhere: contents
that are there already are not sent again. Deleted files stay for as many days as the databases can be taken back.
Every generation of owners has indexes of its own; contents are shared.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import msgspec

from pbx.core.clock import Clock
from pbx.model.base import Record
from pbx.model.replication import BlobState
from pbx.store.backup import FOLDERS, RECORDINGS
from pbx.store.replica_files import CHUNK, ReplicaFiles, ReplicaFilesError

__all__ = ["BlobCopier"]

SETTLED_S = 3.0
"""A file that has just changed may still be written."""
INDEX_AFTER = 50
SAMPLE = 20
SAMPLE_BYTES = 64 << 20
AT_ONCE = 4


class Entry(Record, frozen=True, kw_only=True):
    """A file as it was. `mtime_ns` is the file's own; `added` and `deleted` are when a round saw it come and go."""

    sha256: str
    size: int
    mtime_ns: int
    added: datetime
    deleted: datetime | None = None

    def was_there(self, moment: datetime | None) -> bool:
        if moment is None:
            return self.deleted is None
        return self.added <= moment and (self.deleted is None or self.deleted > moment)


class Index(Record, frozen=True, kw_only=True):
    """One folder. A name has one entry for each content it has had."""

    folder: str
    files: dict[str, tuple[Entry, ...]]


class BlobCopier:
    """Copies to `files`, and back. One round at a time."""

    def __init__(
        self, data_dir: Path, files: ReplicaFiles, clock: Clock, keep_days: int, generation: int
    ) -> None:
        self.state = BlobState()
        self._data_dir = data_dir
        self._files = files
        self._clock = clock
        self._keep = timedelta(days=keep_days)
        self._generation = generation
        self._index: dict[str, dict[str, tuple[Entry, ...]]] | None = None
        self._there: set[str] = set()
        self._dirty: set[str] = set()

    async def round(self) -> None:
        """Copy what is new. What goes wrong is in `state`, and is tried again by the next round."""
        try:
            await self._round()
        except (ReplicaFilesError, OSError) as error:
            self._index = None  # what is really there is looked up again
            self.state = msgspec.structs.replace(self.state, error=str(error))

    async def _round(self) -> None:
        index = await self._load()
        now = self._clock.now()
        local = await asyncio.to_thread(_scan, self._data_dir)
        settled = now.timestamp() - SETTLED_S
        wanted = [
            (name, found)
            for name, found in local.items()
            if found.st_mtime <= settled and not _is_known(index, name, found)
        ]
        self._show(index, wanted)
        for number, (name, found) in enumerate(wanted, 1):
            await self._copy(index, name, found, now)
            if number % INDEX_AFTER == 0:
                await self._write_indexes(index)
                self._show(index, wanted[number:])
        for folder, names in index.items():
            for name, entries in names.items():
                if entries[-1].deleted is None and f"{folder}/{name}" not in local:
                    gone = msgspec.structs.replace(entries[-1], deleted=now)
                    names[name] = (*entries[:-1], gone)
                    self._dirty.add(folder)
        await self._write_indexes(index)
        await self._forget_old(index, now)
        left = [(name, found) for name, found in local.items() if not _is_known(index, name, found)]
        self._show(index, left, done_at=now)

    async def restore(self, *, at: datetime | None = None) -> int:
        """Fetch every file that was there at that moment, unless it is here; how many. Raises `ReplicaFilesError`."""
        index = await self._load()
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(name: str, entry: Entry) -> bool:
            async with turns:
                return await self._fetch(name, entry)

        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(one(f"{folder}/{name}", entry))
                for folder, names in index.items()
                for name, entries in names.items()
                for entry in entries
                if entry.was_there(at)
            ]
        return sum(task.result() for task in tasks)

    async def verify(self, folder: Path) -> tuple[int, list[str]]:
        """Are all contents there with their sizes, and are some of them, chosen by chance, what they should be? How
        many were fetched, and what is wrong."""
        index = await self._read_index(self._generation)
        sizes = await self._files.list("blobs")
        entries = {
            entry.sha256: entry for names in index.values() for found in names.values() for entry in found
        }
        faults = [
            f"The sound file {sha[:12]}… is missing or cut in the replica."
            for sha, entry in entries.items()
            if sizes.get(_object(sha)) != entry.size
        ]
        fetched, size = 0, 0
        for sha, entry in random.sample(list(entries.items()), min(len(entries), SAMPLE)):
            size += entry.size
            if sizes.get(_object(sha)) != entry.size or (size > SAMPLE_BYTES and fetched):
                continue
            target = folder / "sample"
            if await self._files.download(_object(sha), target) != sha:
                faults.append(f"The sound file {sha[:12]}… is damaged in the replica.")
            fetched += 1
        return fetched, faults[:20]

    async def _load(self) -> dict[str, dict[str, tuple[Entry, ...]]]:
        """From the replica, once. A new generation begins with what the one before it knew."""
        if self._index is None:
            index = await self._read_index(self._generation)
            self._dirty.clear()
            before = self._generation - 1
            while not index and before > 0:
                index = await self._read_index(before)
                self._dirty.update(index)
                before -= 1
            self._there = {name.rsplit("/", 1)[-1] for name in await self._files.list("blobs")}
            self._index = index
        return self._index

    async def _read_index(self, generation: int) -> dict[str, dict[str, tuple[Entry, ...]]]:
        found: dict[str, dict[str, tuple[Entry, ...]]] = {}
        for name in await self._files.list(f"g{generation:06d}/index"):
            try:
                one = msgspec.json.decode(await self._files.get(name) or b"", type=Index)
            except msgspec.MsgspecError as error:
                raise ReplicaFilesError(f"the index {name} of the replica is damaged: {error}") from error
            if not _is_ours(one.folder) or any("/" in each or each in ("", "..") for each in one.files):
                raise ReplicaFilesError(f"the index {name} names files that are none of ours")
            found[one.folder] = one.files
        return found

    async def _copy(
        self, index: dict[str, dict[str, tuple[Entry, ...]]], name: str, found: os.stat_result, now: datetime
    ) -> None:
        path = self._data_dir / name
        try:
            sha = await asyncio.to_thread(_digest, path)
            if sha not in self._there:
                await self._files.upload(path, _object(sha), sha)
            after = await asyncio.to_thread(path.stat)
        except FileNotFoundError:
            return
        if (after.st_size, after.st_mtime_ns) != (found.st_size, found.st_mtime_ns):
            return  # it was written meanwhile: the next round looks again
        self._there.add(sha)
        folder, _, last = name.rpartition("/")
        entries = index.setdefault(folder, {}).get(last, ())
        if entries and entries[-1].deleted is None:
            if entries[-1].sha256 == sha:
                entries = entries[:-1]
            else:
                entries = (*entries[:-1], msgspec.structs.replace(entries[-1], deleted=now))
        new = Entry(sha256=sha, size=found.st_size, mtime_ns=found.st_mtime_ns, added=now)
        index[folder][last] = (*entries, new)
        self._dirty.add(folder)

    async def _write_indexes(self, index: Mapping[str, dict[str, tuple[Entry, ...]]]) -> None:
        for folder in sorted(self._dirty):
            content = msgspec.json.encode(Index(folder=folder, files=index.get(folder, {})))
            await self._files.put(f"g{self._generation:06d}/index/{quote(folder, safe='')}.json", content)
            self._dirty.discard(folder)

    async def _forget_old(self, index: dict[str, dict[str, tuple[Entry, ...]]], now: datetime) -> None:
        """Contents go when no index of any generation names them any more; the index goes first."""
        old: set[str] = set()
        for folder, names in index.items():
            for name, entries in list(names.items()):
                kept = tuple(
                    each for each in entries if each.deleted is None or now - each.deleted < self._keep
                )
                if len(kept) < len(entries):
                    old.update(each.sha256 for each in entries if each not in kept)
                    self._dirty.add(folder)
                    if kept:
                        names[name] = kept
                    else:
                        del names[name]
        if not old:
            return
        await self._write_indexes(index)
        for generation in range(1, self._generation + 2):
            for names in (await self._read_index(generation)).values():
                old -= {each.sha256 for entries in names.values() for each in entries}
        for sha in old:
            await self._files.delete(_object(sha))
            self._there.discard(sha)

    async def _fetch(self, name: str, entry: Entry) -> bool:
        path = self._data_dir / name
        if await asyncio.to_thread(_is_same, path, entry):
            return False
        await asyncio.to_thread(path.parent.mkdir, 0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".restore-{secrets.token_hex(6)}")
        try:
            if await self._files.download(_object(entry.sha256), draft) != entry.sha256:
                raise ReplicaFilesError(f"the file {name} is damaged in the replica")
            await asyncio.to_thread(_put, draft, path, entry.mtime_ns)
        finally:
            draft.unlink(missing_ok=True)
        return True

    def _show(
        self,
        index: Mapping[str, Mapping[str, tuple[Entry, ...]]],
        waiting: list[tuple[str, os.stat_result]],
        *,
        done_at: datetime | None = None,
    ) -> None:
        kept = sum(each[-1].deleted is None for names in index.values() for each in names.values())
        self.state = BlobState(
            kept=kept,
            waiting=len(waiting),
            waiting_bytes=sum(found.st_size for _, found in waiting),
            done_at=done_at or self.state.done_at,
        )


def _scan(data_dir: Path) -> dict[str, os.stat_result]:
    return {path.relative_to(data_dir).as_posix(): found for path, found in _walk(data_dir)}


def _walk(data_dir: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for folder in (*FOLDERS, RECORDINGS):
        for path in (data_dir / folder).rglob("*"):
            if not path.name.startswith(".") and not path.is_symlink() and path.is_file():
                try:
                    yield path, path.stat()
                except FileNotFoundError:
                    continue


def _is_known(index: Mapping[str, Mapping[str, tuple[Entry, ...]]], name: str, found: os.stat_result) -> bool:
    folder, _, last = name.rpartition("/")
    entries = index.get(folder, {}).get(last, ())
    if entries and entries[-1].deleted is None:
        newest = entries[-1]
        return (newest.size, newest.mtime_ns) == (found.st_size, found.st_mtime_ns)
    return False


def _is_ours(folder: str) -> bool:
    parts = folder.split("/")
    return parts[0] in (*FOLDERS, RECORDINGS) and ".." not in parts


def _object(sha256: str) -> str:
    return f"blobs/{sha256[:2]}/{sha256}"


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            digest.update(data)
    return digest.hexdigest()


def _is_same(path: Path, entry: Entry) -> bool:
    try:
        return path.stat().st_size == entry.size and _digest(path) == entry.sha256
    except FileNotFoundError:
        return False


def _put(draft: Path, path: Path, mtime_ns: int) -> None:
    draft.chmod(0o600)
    os.utime(draft, ns=(mtime_ns, mtime_ns))
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.rename(path)
