"""What the API asks of the replica."""

from __future__ import annotations

from typing import Protocol

from pbx.core.errors import UserError
from pbx.model.replication import DrillReport, ReplicationState

__all__ = ["NoReplication", "ReplicationDesk"]


class ReplicationDesk(Protocol):
    """The replica. Implemented by `pbx.app.replication`."""

    def state(self) -> ReplicationState: ...

    async def drill(self) -> DrillReport:
        """Raises `UserError` 409 when it cannot be done now."""
        ...


class NoReplication:
    """A place without a replica."""

    def state(self) -> ReplicationState:
        return ReplicationState()

    async def drill(self) -> DrillReport:
        raise UserError("this node has no replica", http_status=409)
