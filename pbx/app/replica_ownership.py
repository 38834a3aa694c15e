"""Who writes to the replica: one node at a time, by the marks that a takeover leaves there."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from pbx.app.replica_taking import take
from pbx.core.clock import Clock
from pbx.core.errors import StartupError
from pbx.core.secret import KEY_FILE, SecretBox, load_key
from pbx.model.replication import Owner
from pbx.store.replica_files import ReplicaFilesError
from pbx.store.replica_owner import newest
from pbx.store.replica_place import ReplicaPlace
from pbx.store.replica_restore import key_check

__all__ = ["FencedError", "check_owner", "key_was_changed", "own", "refuse_second"]

log = logging.getLogger(__name__)

START_ASK_S = 2.0


class FencedError(Exception):
    """Another node owns the replica."""

    def __init__(self, by: Owner) -> None:
        super().__init__(by.host)
        self.by = by


async def refuse_second(place: ReplicaPlace, own: Owner) -> None:
    """Raises `StartupError` when another node has taken over. Who cannot ask, starts: phones come first."""
    try:
        async with asyncio.timeout(START_ASK_S):
            found = await _newest(place)
    except (ReplicaFilesError, TimeoutError) as error:
        log.warning(
            "the replica cannot be asked who owns it; it is asked again", extra={"reason": str(error)}
        )
        return
    if found is not None and found.generation > own.generation:
        raise StartupError(
            f"{found.host} has taken over this office at {found.at:%Y-%m-%d %H:%M} UTC; "
            "this node would be a second one beside it",
            action="Leave it stopped, or take the office back with: pbx takeover --replace",
        )


async def own(place: ReplicaPlace, clock: Clock) -> Owner:
    """As whom this node writes; the first one makes the mark. Raises `FencedError`, `StartupError`."""
    found, known = await _newest(place), place.owner
    if found is None:
        return await take(place, None, clock)
    if known is not None and (found.generation, found.node) == (known.generation, known.node):
        return known
    if known is not None and found.generation > known.generation:
        raise FencedError(found)
    raise StartupError(
        f"the replica at {place.url.shown} belongs to another node ({found.host})",
        action="Give this office a folder of its own with --replica-url, or run: pbx takeover",
    )


async def key_was_changed(owner: Owner, data_dir: Path) -> bool:
    """Since this owner began to write: what it wrote cannot be read with the key of now."""
    return owner.key_check != key_check(SecretBox(await asyncio.to_thread(load_key, data_dir / KEY_FILE)))


async def check_owner(place: ReplicaPlace, owner: Owner) -> None:
    """Raises `FencedError` when somebody has taken over since. A replica that cannot be asked changes nothing."""
    try:
        found = await _newest(place)
    except ReplicaFilesError:
        return
    if found is not None and found.generation > owner.generation:
        raise FencedError(found)


async def _newest(place: ReplicaPlace) -> Owner | None:
    files = place.files()
    try:
        return await newest(files)
    finally:
        await files.close()
