"""The kinds of records that need nothing but the routes every kind has, and how the trunks are doing."""

from __future__ import annotations

from pbx.api.exchange import Exchange
from pbx.api.query import Paging
from pbx.api.resource import Resource
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.views import TrunkStatusList
from pbx.model.kinds import EXTENSION, KINDS

__all__ = ["ROUTES"]


async def list_trunk_statuses(exchange: Exchange, *, query: Paging) -> TrunkStatusList:
    everything = exchange.service.deps.trunks()
    page = everything[query.offset : query.offset + query.limit]
    return TrunkStatusList(items=tuple(page), total=len(everything))


ROUTES = (
    *(
        route
        for kind in KINDS
        if kind is not EXTENSION
        for route in Resource(kind, read=Scope.OFFICE_READ, write=Scope.OFFICE_WRITE).routes()
    ),
    Route(
        method="GET",
        path="/api/v1/trunk-statuses",
        scope=Scope.OFFICE_READ,
        name="listTrunkStatuses",
        tag="Trunks",
        summary="How the trunks are doing",
        description="Whether calls can go out and come in, and in plain words why not.",
        query=Paging,
        response=TrunkStatusList,
        handler=list_trunk_statuses,
    ),
)
