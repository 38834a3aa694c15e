"""Puts an office back from its replica: the databases, and the key file if it lies there.

Everything is fetched and looked at beside the data directory first; only what is whole is moved into it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec

from pbx.core.errors import StartupError
from pbx.core.secret import KEY_FILE, KEY_VARIABLE, SecretBox, load_key
from pbx.model.replication import Owner
from pbx.store.backup import FOLDERS, RECORDINGS
from pbx.store.inspect import inspect
from pbx.store.litestream import Litestream, LitestreamError, Source, write_config
from pbx.store.migrate import steps
from pbx.store.replica_files import ReplicaFiles, ReplicaFilesError
from pbx.store.replica_keys import KEYS_NAME, key_files, open_keys
from pbx.store.replica_owner import at_time, owners, written
from pbx.store.replica_place import DATABASES, OWNER_NOTE, ReplicaPlace
from pbx.store.restoring import move_away

__all__ = [
    "Fetched",
    "Restored",
    "fetch_databases",
    "fetched_office",
    "key_check",
    "new_owner",
    "restore_office",
]

Say = Callable[[str], None]
SOUNDS = (*FOLDERS, RECORDINGS)


class Restored(msgspec.Struct, frozen=True):
    """What was put back: whose replica it was, who owns it now, and which databases."""

    owner: Owner
    newest: Owner
    databases: tuple[str, ...]


class Fetched(msgspec.Struct, frozen=True):
    """An office beside the data directory, whole, of which nothing has been moved yet."""

    place: ReplicaPlace
    folder: Path
    owner: Owner
    newest: Owner
    databases: tuple[str, ...]
    seen: Mapping[str, int]
    """What its owner had written before it was fetched."""
    keys: Mapping[str, bytes]

    def put_keys(self) -> None:
        """Before all else: a mark is made with them."""
        _put_keys(self.keys, self.place.config.data_dir)

    def put(self, *, replace_at: datetime | None = None, mark: Owner | None = None) -> Restored:
        """Move it into the data directory, after moving away what is there. `mark` is what this node owns from now on:
        it is there before the office is."""
        data_dir = self.place.config.data_dir
        away = (
            move_away(data_dir, replace_at, keep=(self.folder.name, *SOUNDS))
            if replace_at is not None
            else None
        )
        if mark is not None:
            self.place.keep(OWNER_NOTE, mark)
        _move(
            self.folder,
            data_dir,
            [file for short, file in DATABASES if short in self.databases],
            self.keys,
            away,
        )
        return Restored(self.owner, self.newest, self.databases)


async def restore_office(
    place: ReplicaPlace,
    litestream: Litestream,
    *,
    at: datetime | None = None,
    replace_at: datetime | None = None,
    say: Say = print,
) -> Restored | None:
    """Fill a data directory, after moving away what is there (`replace_at`). None when the replica holds nothing.

    Raises `StartupError`: nothing was changed.
    """
    async with fetched_office(place, litestream, at=at, say=say) as fetched:
        return fetched.put(replace_at=replace_at) if fetched is not None else None


@asynccontextmanager
async def fetched_office(
    place: ReplicaPlace, litestream: Litestream, *, at: datetime | None = None, say: Say = print
) -> AsyncIterator[Fetched | None]:
    """Fetch all and look at it. None when the replica holds nothing. Raises `StartupError`."""
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=place.config.data_dir) as name:
        try:
            fetched = await _fetched(place, litestream, Path(name), at, say)
        except (LitestreamError, ReplicaFilesError) as error:
            raise StartupError(
                f"the office cannot be restored from {place.url.shown}: {error}",
                action="Nothing was changed. Make the replica reachable and try again",
            ) from error
        yield fetched


async def _fetched(
    place: ReplicaPlace, litestream: Litestream, folder: Path, at: datetime | None, say: Say
) -> Fetched | None:
    files = place.files()
    try:
        found = await owners(files)
        if not found:
            return None
        owner = at_time(found, at)
        place = place.now()
        say(
            f"restoring the office from {place.url.shown}"
            + (f" as of {at:%Y-%m-%d %H:%M:%S} UTC" if at else "")
        )
        keys = await _keys(place, files, owner)
        names: tuple[str, ...] = ()
        seen: Mapping[str, int] = {}
        # Who took over and died at once has written nothing: the office is where it was before.
        for generation in range(owner.generation, 0, -1):
            seen = await written(files, generation)
            names = await fetch_databases(place, litestream, generation, folder, at=at)
            if "pbx" in names:
                owner = next((each for each in found if each.generation == generation), owner)
                break
    finally:
        await files.close()
    if "pbx" not in names:
        raise StartupError(f"the replica at {place.url.shown} has no office in it yet")
    inspect(folder / DATABASES[0][1], newest=len(steps()), check_all=True)
    return Fetched(place, folder, owner, found[-1], names, seen, keys)


async def fetch_databases(
    place: ReplicaPlace, litestream: Litestream, generation: int, folder: Path, *, at: datetime | None = None
) -> tuple[str, ...]:
    """Restore each database of the replica below `folder`; which ones there were. Raises `LitestreamError`."""
    sources = [Source(name, place.config.data_dir / file) for name, file in DATABASES]
    content = litestream.config(
        place.url, place.credentials, generation, sources, keep_days=place.config.replica_keep_days
    )
    content.pop("socket", None)
    config = folder / "restore.yml"
    write_config(config, content)
    found: list[str] = []
    try:
        for name, file in DATABASES:
            target = folder / file
            target.parent.mkdir(mode=0o700, exist_ok=True)
            source = place.config.data_dir / file
            try:
                there = await litestream.restore(config, source, target, credentials=place.credentials, at=at)
            except LitestreamError as error:
                if "no matching backups" not in str(error):
                    raise
                there = False
            if name == "pbx" and not there:
                break
            if there:
                target.chmod(0o600)
                found.append(name)
    finally:
        config.unlink()
    return tuple(found)


async def _keys(place: ReplicaPlace, files: ReplicaFiles, owner: Owner) -> Mapping[str, bytes]:
    """The key files to put beside the database: none when the key is here already. Raises `StartupError`."""
    wanted = owner.key_check
    here = place.config.data_dir / KEY_FILE
    if here.exists() or os.environ.get(KEY_VARIABLE):
        if wanted and key_check(SecretBox(load_key(here))) != wanted:
            raise StartupError(
                f"the key here ({here} or {KEY_VARIABLE}) is not the one of the office in the replica",
                action="Put secret.key of the old node there",
            )
        return {}
    sealed = await files.get(KEYS_NAME)
    if sealed is None:
        raise StartupError(
            f"the key file {KEY_FILE} is missing, and the replica has no locked copy of it: the passwords of the "
            "office would stay closed",
            action=f"Put {KEY_FILE} of the old node into {place.config.data_dir}, or set {KEY_VARIABLE}",
        )
    file = place.config.replica_passphrase_file
    if file is None:
        raise StartupError(
            "the key file in the replica is locked with the recovery passphrase",
            action=f"Write it into a file and name that with --replica-passphrase-file, or put {KEY_FILE} there",
        )
    return open_keys(sealed, file)


def _move(
    folder: Path, data_dir: Path, names: list[str], keys: Mapping[str, bytes], away: Path | None
) -> None:
    """The main database last: without it, it is still an empty directory. The keys of what was moved away stay."""
    if away is not None:
        keys = {path.relative_to(away).as_posix(): path.read_bytes() for path in key_files(away)} | dict(keys)
    _put_keys(keys, data_dir)
    for name in reversed(names):
        path = data_dir / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for suffix in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).unlink()
        shutil.move(folder / name, path)


def _put_keys(keys: Mapping[str, bytes], data_dir: Path) -> None:
    """Those that are not there."""
    for name, content in keys.items():
        path = data_dir / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)


def key_check(box: SecretBox) -> str:
    """Tells keys apart, and nothing about them."""
    return box.derive("replica").hex()[:16]


def new_owner(before: Owner | None, box: SecretBox, host: str, at: datetime) -> Owner:
    """The next generation, by this node."""
    return Owner(
        generation=before.generation + 1 if before else 1,
        node=secrets.token_hex(8),
        host=host,
        at=at,
        key_check=key_check(box),
    )
