"""The replica of the office: how it stands, and a restore drill now."""

from __future__ import annotations

from pbx.api.exchange import Exchange
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.model.replication import DrillReport, ReplicationState

__all__ = ["ROUTES"]


async def get_state(exchange: Exchange) -> ReplicationState:
    return exchange.service.deps.replication.state()


async def drill(exchange: Exchange) -> DrillReport:
    return await exchange.service.deps.replication.drill()


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/replication",
        scope=Scope.STATUS_READ,
        name="getReplication",
        tag="Node",
        summary="Show how the replica of the office stands",
        response=ReplicationState,
        handler=get_state,
    ),
    Route(
        method="POST",
        path="/api/v1/replication/drill",
        scope=Scope.BACKUP,
        name="drillReplication",
        tag="Node",
        summary="Restore the replica into an empty folder and compare it with the office",
        description="Answers when it is done: seconds for a small office. What it found wrong is in `faults`. 409 when "
        "the node has no replica, or another drill goes on.",
        response=DrillReport,
        errors=(409,),
        handler=drill,
    ),
)
