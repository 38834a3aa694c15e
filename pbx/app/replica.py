"""Whether this node has a replica. What keeps one is imported where one is set: most of it is of no use elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Protocol

from pbx.store.litestream_meta import drop_state

if TYPE_CHECKING:
    from pbx.core.config import NodeConfig
    from pbx.core.metrics import Registry
    from pbx.core.names import Lookup
    from pbx.model.notice import Post
    from pbx.model.replication import DrillReport, ReplicationState

    Publish = Callable[[str, DrillReport], object]

__all__ = ["DATABASE_FILES", "NoReplica", "Replica", "prepare_replica"]

DATABASE_FILES = ("pbx.sqlite3", "edge/edge.sqlite3", "push/push.sqlite3")


class Replica(Protocol):
    """The replica of a node. Implemented by `pbx.app.replication`."""

    def start(self, post: Post, lookup: Lookup, publish: Publish) -> None:
        """From now on. `post` tells the administrator, `publish` whoever listens; `lookup` finds hosts."""
        ...

    def state(self) -> ReplicationState: ...

    async def drill(self) -> DrillReport:
        """Raises `UserError` 409 when it cannot be done now."""
        ...


class NoReplica:
    """None is set."""

    def start(self, post: Post, lookup: Lookup, publish: Publish) -> None:
        return

    def state(self) -> ReplicationState:
        from pbx.model.replication import ReplicationState

        return ReplicationState()

    async def drill(self) -> DrillReport:
        from pbx.core.errors import UserError

        raise UserError("this node has no replica", http_status=409, action="Set replica_url first.")


async def prepare_replica(config: NodeConfig, stack: AsyncExitStack, metrics: Registry) -> Replica:
    """Before the databases are opened: restore an office that is not there. Raises `StartupError`."""
    if not config.replica_url:
        for name in DATABASE_FILES:
            await asyncio.to_thread(drop_state, config.data_dir / name)
        return NoReplica()
    from pbx.app.replication import Replication
    from pbx.core.clock import SystemClock

    replication = Replication(config, SystemClock(), metrics)
    stack.push_async_callback(replication.stop)
    await replication.before_start()
    return replication
