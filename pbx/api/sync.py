"""The configuration bundle that the node follows: how it stands, look now, put back."""

from __future__ import annotations

from pbx.api.exchange import Exchange
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.model.sync import SyncState

__all__ = ["ROUTES"]


async def get_state(exchange: Exchange) -> SyncState:
    return await exchange.service.deps.sync.state()


async def check_now(exchange: Exchange) -> SyncState:
    return await exchange.service.deps.sync.check()


async def roll_back(exchange: Exchange) -> SyncState:
    async with exchange.service.changing:
        return await exchange.service.deps.sync.roll_back()


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/sync",
        scope=Scope.DOCUMENTS_READ,
        name="getSync",
        tag="Documents",
        summary="Show how the node stands to the bundle that it follows",
        response=SyncState,
        handler=get_state,
    ),
    Route(
        method="POST",
        path="/api/v1/sync/check",
        scope=Scope.DOCUMENTS_WRITE,
        name="checkSync",
        tag="Documents",
        summary="Look for a newer bundle now",
        description="Answers when it has been applied, or when it is known why not (`trouble`, `error`). 409 when "
        "the node follows no bundle.",
        response=SyncState,
        errors=(409,),
        handler=check_now,
    ),
    Route(
        method="POST",
        path="/api/v1/sync/rollback",
        scope=Scope.DOCUMENTS_WRITE,
        name="rollBackSync",
        tag="Documents",
        summary="Put back what the last bundle has changed",
        description="Only that: what was changed elsewhere stays. The bundle is not applied again; a newer one will. "
        "409 when there is none that can be put back, 422 when the office would not be whole.",
        response=SyncState,
        errors=(409, 422),
        handler=roll_back,
    ),
)
