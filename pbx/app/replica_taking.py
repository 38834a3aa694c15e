"""Becoming the office's node: restore it, and make the mark that says who owns the replica from now on.

    fetched    the office is beside the data directory, whole: it can be taken over
    marked     the old node is shut out: it does not start any more, and stops writing if it runs
    fetched    once more, if the old node has written in between
    put        the office is in the data directory

Where this ends early nothing is lost: before the mark the old node is the office's, after it the same is run again.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from datetime import datetime

from pbx.core.clock import Clock, SystemClock
from pbx.core.errors import StartupError
from pbx.core.secret import KEY_FILE, SecretBox, load_key
from pbx.model.replication import Owner
from pbx.store.blobs import BlobCopier
from pbx.store.litestream import Litestream
from pbx.store.replica_files import ReplicaFilesError
from pbx.store.replica_owner import claim, written
from pbx.store.replica_place import OWNER_NOTE, ReplicaPlace
from pbx.store.replica_restore import Fetched, Restored, fetched_office, new_owner

__all__ = ["fetch_files", "take", "take_office"]

SHUT_OUT = "The old node is shut out already. Run the same again to go on"


async def take_office(
    place: ReplicaPlace,
    litestream: Litestream,
    clock: Clock,
    *,
    replace_at: datetime | None = None,
    say: Callable[[str], None] = print,
) -> tuple[Restored, Owner] | None:
    """All of it; None when the replica holds nothing. Raises `StartupError`."""
    async with fetched_office(place, litestream, say=say) as first:
        if first is None:
            return None
        mark = await _marked(first, clock)
        if await _last_words(first) == first.seen:
            return first.put(replace_at=replace_at, mark=mark), mark
    say("the old node has written meanwhile: that is fetched, too")
    try:
        async with fetched_office(place.now(), litestream, say=say) as second:
            if second is None:
                raise StartupError(f"the replica at {place.url.shown} is empty")  # noqa: TRY301  told as the others are
            return second.put(replace_at=replace_at, mark=mark), mark
    except StartupError as error:
        raise StartupError(error.message, action=SHUT_OUT) from error


async def _marked(fetched: Fetched, clock: Clock) -> Owner:
    """The mark of this node; it may be there since a takeover that did not come to its end. Raises `StartupError`."""
    fetched.put_keys()
    found, own = fetched.newest, fetched.place.owner
    if own is not None and found.node == own.node:
        return own
    try:
        return await take(fetched.place, found, clock)
    except ReplicaFilesError as error:
        raise StartupError(
            f"the replica cannot be marked as taken over: {error}", action="Nothing was changed. Try again"
        ) from error


async def _last_words(fetched: Fetched) -> Mapping[str, int]:
    """What the old node has written by now. Raises `StartupError`."""
    files = fetched.place.files()
    try:
        return await written(files, fetched.owner.generation)
    except ReplicaFilesError as error:
        raise StartupError(
            f"the replica cannot be read any more: {error}",
            action=SHUT_OUT,
        ) from error
    finally:
        await files.close()


async def take(place: ReplicaPlace, before: Owner | None, clock: Clock) -> Owner:
    """Become the one who writes there. Raises `StartupError` when another was quicker, `ReplicaFilesError`."""
    box = SecretBox(await asyncio.to_thread(load_key, place.config.data_dir / KEY_FILE))
    owner = new_owner(before, box, socket.gethostname(), clock.now())
    files = place.files()
    try:
        if not await claim(files, owner):
            raise StartupError(
                "another node was quicker to take over", action="Look at it before you try again"
            )
    finally:
        await files.close()
    place.keep(OWNER_NOTE, owner)
    return owner


async def fetch_files(place: ReplicaPlace, restored: Restored, *, at: datetime | None = None) -> int:
    """The sound files of an office that was restored. Raises `StartupError`."""
    if not place.config.replica_files:
        return 0
    files = place.now().files()
    copier = BlobCopier(place.config.data_dir, files, SystemClock(), 0, restored.owner.generation)
    try:
        return await copier.restore(at=at)
    except (ReplicaFilesError, ExceptionGroup) as error:
        reason = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
        raise StartupError(
            f"the databases are restored, but not all sound files: {reason}", action="Run the same again"
        ) from error
    finally:
        await files.close()
