"""The doctor's look at the replica: whether the program is there, the place can be reached, and who owns it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError

__all__ = ["replica"]

REACH_S = 10.0
_Line = tuple[str, str, str, str]


def replica(config: NodeConfig) -> Iterator[_Line]:
    """Grade, name, text, action of each finding. Blocks."""
    if not config.replica_url:
        yield "ok", "second copy", "none: what is newer than the last backup is lost with this machine", ""
        return
    try:
        yield "ok", "second copy", asyncio.run(_look(config)), ""
    except StartupError as error:
        yield "warn", "second copy", error.message, error.action


async def _look(config: NodeConfig) -> str:
    """Raises `StartupError`."""
    from pbx.store.litestream import find
    from pbx.store.replica_files import ReplicaFilesError
    from pbx.store.replica_owner import newest
    from pbx.store.replica_place import ReplicaPlace

    litestream = await find(config.litestream)
    place = ReplicaPlace.of(config)
    assert place is not None
    files = place.files()
    try:
        async with asyncio.timeout(REACH_S):
            owner = await newest(files)
    except (ReplicaFilesError, TimeoutError) as error:
        raise StartupError(
            f"{place.url.shown} cannot be reached: {str(error) or 'no answer'}",
            action="Look at the network, the account and the rights there",
        ) from error
    finally:
        await files.close()
    own = place.owner
    if owner is not None and own is not None and owner.generation > own.generation:
        raise StartupError(
            f"{owner.host} has taken over this office at {owner.at:%Y-%m-%d %H:%M} UTC",
            action="Leave this node stopped",
        )
    whose = f"{owner.host} writes generation {owner.generation}" if owner is not None else "it is empty yet"
    return f"Litestream {litestream.shown}; {place.url.shown} answers, {whose}"
