"""Who owns the replica: numbered marks, each made only if there is none of its number.

    owners/000001.json   the node that began
    owners/000002.json   the node that took over from it; from now on the replica is what it writes to g000002/

Every generation has a folder of its own, so an old node that comes back cannot damage what its successor wrote, not
even in the seconds before it finds out. Of two nodes that take over at once, one makes the mark and the other is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from pbx.model.replication import Owner
from pbx.store.replica_files import ReplicaFiles, ReplicaFilesError

__all__ = ["at_time", "claim", "drop_old", "newest", "owners", "written"]

FOLDER = "owners"


async def owners(files: ReplicaFiles) -> tuple[Owner, ...]:
    """All there have been, oldest first. Raises `ReplicaFilesError`."""
    names = sorted(name for name in await files.list(FOLDER) if name.endswith(".json"))
    return tuple([await _read(files, name) for name in names])


async def newest(files: ReplicaFiles) -> Owner | None:
    """The one who owns it now. Raises `ReplicaFilesError`."""
    names = sorted(name for name in await files.list(FOLDER) if name.endswith(".json"))
    return await _read(files, names[-1]) if names else None


async def claim(files: ReplicaFiles, owner: Owner) -> bool:
    """False when another node has that generation. Raises `ReplicaFilesError`."""
    content = msgspec.json.format(msgspec.json.encode(owner), indent=2)
    if await files.create(f"{FOLDER}/{owner.generation:06d}.json", content):
        return True
    there = await _read(files, f"{FOLDER}/{owner.generation:06d}.json")
    return there.node == owner.node


def at_time(found: tuple[Owner, ...], moment: datetime | None) -> Owner:
    """Whose replica holds what there was at that moment."""
    earlier = [each for each in found if moment is None or each.at <= moment]
    return earlier[-1] if earlier else found[0]


async def written(files: ReplicaFiles, generation: int) -> Mapping[str, int]:
    """All that was written in it, with sizes: what is added has a name of its own. Raises `ReplicaFilesError`."""
    return await files.list(f"g{generation:06d}")


async def drop_old(files: ReplicaFiles, keep: timedelta, now: datetime) -> None:
    """Delete what earlier generations wrote, once nobody can ask for that time any more. Raises `ReplicaFilesError`."""
    found = await owners(files)
    for one, successor in pairwise(found):
        if now - successor.at > keep:
            for name in await written(files, one.generation):
                await files.delete(name)


async def _read(files: ReplicaFiles, name: str) -> Owner:
    content = await files.get(name)
    try:
        return msgspec.json.decode(content or b"", type=Owner)
    except msgspec.MsgspecError as error:
        raise ReplicaFilesError(f"the mark {name} cannot be read: {error}") from error
