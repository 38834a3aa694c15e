"""A second node: what makes it ready, and what makes it the office's own.

standby    every minute: the sound files are fetched, the databases are restored beside and looked at, then dropped
takeover   the databases are restored for good, and a new mark says who owns the replica; the old node is shut out
           before the office is here (`replica_taking`)
"""

from __future__ import annotations

import asyncio
import os
import shlex
import tempfile
import time
from datetime import datetime
from pathlib import Path

from pbx.app.replica_taking import fetch_files, take, take_office
from pbx.core.clock import SystemClock
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError
from pbx.model.replication import Owner
from pbx.store.blobs import BlobCopier
from pbx.store.database import FILE_NAME
from pbx.store.inspect import inspect
from pbx.store.litestream import Litestream, LitestreamError, find
from pbx.store.migrate import steps
from pbx.store.replica_files import ReplicaFilesError
from pbx.store.replica_owner import newest
from pbx.store.replica_place import ReplicaPlace
from pbx.store.replica_restore import Restored, fetch_databases, restore_office

__all__ = ["restore_replica", "standby", "take_over"]


async def restore_replica(config: NodeConfig, *, at: datetime | None, replace_at: datetime | None) -> None:
    """Databases, keys and sound files into the data directory. Raises `StartupError`."""
    place, litestream = _place(config), await find(config.litestream)
    restored = await _restored(place, litestream, at=at, replace_at=replace_at)
    print(
        f"restored into {config.data_dir}: {', '.join(restored.databases)}. This node does not own "
        "the replica: to go on with it, run pbx takeover --with-this-data, or give it another replica_url."
    )


async def take_over(
    config: NodeConfig, *, replace_at: datetime | None, with_this_data: bool, hook: str | None
) -> None:
    """Raises `StartupError`; before the mark is made, the old node notices nothing."""
    place, litestream = _place(config), await find(config.litestream)
    began = time.monotonic()
    if with_this_data:
        before, owner = await _marked(place)
    else:
        before, owner = await _taken(place, litestream, replace_at)
    was = f" from {before.host}" if before is not None else ""
    print(
        f"taken over{was} in {time.monotonic() - began:.1f} s; this node writes generation {owner.generation}."
    )
    print("Start it now: systemctl start bellwire, or pbx serve with the same settings.")
    if hook:
        await _run_hook(hook, before.host if before is not None else "", owner.host)


async def _marked(place: ReplicaPlace) -> tuple[Owner | None, Owner]:
    """Who had it before, and this node's mark, for the office that is here. Raises `StartupError`."""
    if not (place.config.data_dir / FILE_NAME).exists():
        raise StartupError(f"there is no office in {place.config.data_dir}")
    try:
        files = place.files()
        try:
            before = await newest(files)
        finally:
            await files.close()
        return before, await take(place.now(), before, SystemClock())
    except ReplicaFilesError as error:
        raise StartupError(f"the replica cannot be marked as taken over: {error}") from error


async def _taken(
    place: ReplicaPlace, litestream: Litestream, replace_at: datetime | None
) -> tuple[Owner | None, Owner]:
    """The same, with the office from the replica. Raises `StartupError`."""
    _refuse_an_office(place, replace_at)
    taken = await take_office(place, litestream, SystemClock(), replace_at=replace_at)
    if taken is None:
        raise StartupError(f"the replica at {place.url.shown} is empty")
    restored, owner = taken
    print(f"{await fetch_files(place, restored)} sound files fetched")
    return restored.owner, owner


async def standby(config: NodeConfig, *, every_s: float, once: bool) -> None:
    """Look again and again; each time one line says what a takeover now would find."""
    place, litestream = _place(config), await find(config.litestream)
    while True:
        began = time.monotonic()
        try:
            print(await _look(place, litestream, began), flush=True)
        except (ReplicaFilesError, LitestreamError, StartupError) as error:
            if once:
                raise StartupError(f"this node could not take over now: {error}") from error
            print(f"this node could not take over now: {error}", flush=True)
        if once:
            return
        await asyncio.sleep(every_s)


async def _look(place: ReplicaPlace, litestream: Litestream, began: float) -> str:
    if (place.config.data_dir / FILE_NAME).exists():
        raise StartupError(f"there is an office in {place.config.data_dir}: this is no standby")
    files = place.files()
    try:
        owner = await newest(files)
        if owner is None:
            raise StartupError("the replica is empty")
        fetched = await BlobCopier(place.config.data_dir, files, SystemClock(), 0, owner.generation).restore()
    finally:
        await files.close()
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=place.config.data_dir) as name:
        names = await fetch_databases(place.now(), litestream, owner.generation, Path(name))
        if "pbx" not in names:
            raise StartupError("the replica has no office in it yet")
        inspect(Path(name) / FILE_NAME, newest=len(steps()), check_all=True)
    return (
        f"{SystemClock().now():%Y-%m-%d %H:%M:%S} UTC: ready. {owner.host} writes generation {owner.generation}; "
        f"databases {', '.join(names)}, {fetched} new sound files, {time.monotonic() - began:.1f} s"
    )


async def _restored(
    place: ReplicaPlace, litestream: Litestream, *, at: datetime | None, replace_at: datetime | None
) -> Restored:
    _refuse_an_office(place, replace_at)
    restored = await restore_office(place, litestream, at=at, replace_at=replace_at)
    if restored is None:
        raise StartupError(f"the replica at {place.url.shown} is empty")
    fetched = await fetch_files(place, restored, at=at)
    print(f"{fetched} sound files fetched")
    return restored


def _refuse_an_office(place: ReplicaPlace, replace_at: datetime | None) -> None:
    if (place.config.data_dir / FILE_NAME).exists() and replace_at is None:
        raise StartupError(
            f"there is an office in {place.config.data_dir} already",
            action="Choose an empty folder with --data-dir, or let it be moved aside with --replace",
        )


def _place(config: NodeConfig) -> ReplicaPlace:
    place = ReplicaPlace.of(config)
    if place is None:
        raise StartupError("no replica is set", action="Name it with --replica-url")
    return place


async def _run_hook(hook: str, before: str, now: str) -> None:
    """With the names of both machines in its environment. Raises `StartupError` when it fails: phones may be lost."""
    environment = {**os.environ, "BELLWIRE_OLD_HOST": before, "BELLWIRE_NEW_HOST": now}
    try:
        process = await asyncio.create_subprocess_exec(*shlex.split(hook), env=environment)
        status = await process.wait()
    except (OSError, ValueError) as error:
        raise StartupError(f"the hook cannot be run: {error}") from error
    if status:
        raise StartupError(f"this node has taken over, but the hook ended with status {status}: {hook}")
