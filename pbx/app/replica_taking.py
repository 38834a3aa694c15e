"""Two steps of becoming the office's node: fetch the sound files, and make the mark that says who owns the replica."""

from __future__ import annotations

import asyncio
import socket
from datetime import datetime

from pbx.core.clock import Clock, SystemClock
from pbx.core.errors import StartupError
from pbx.core.secret import KEY_FILE, SecretBox, load_key
from pbx.model.replication import Owner
from pbx.store.blobs import BlobCopier
from pbx.store.replica_files import ReplicaFilesError
from pbx.store.replica_owner import claim
from pbx.store.replica_place import ReplicaPlace
from pbx.store.replica_restore import Restored, new_owner

__all__ = ["fetch_files", "take"]


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
    place.keep("owner.json", owner)
    return owner


async def fetch_files(place: ReplicaPlace, restored: Restored, *, at: datetime | None = None) -> int:
    """The sound files of an office that was restored. Raises `StartupError`."""
    if restored.owner is None or not place.config.replica_files:
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
