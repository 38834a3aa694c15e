"""The kinds of records that need nothing but the routes every kind has, and how the trunks are doing."""

from __future__ import annotations

import msgspec

from pbx.api.exchange import Exchange
from pbx.api.problem import from_user_error, plain_error
from pbx.api.resource import Resource
from pbx.api.route import MAX_BODY, Route
from pbx.api.scopes import Scope
from pbx.api.searching import Search
from pbx.api.views import TrunkStatusList
from pbx.core.errors import UserError
from pbx.model.kinds import EXTENSION, FLOW, KINDS
from pbx.model.scalars import Slug
from pbx.model.trunk import TrunkStatus
from pbx.model.trunk_test import TrunkTestOrder, TrunkTestReport

__all__ = ["ROUTES"]

LARGEST_FLOW = 1 << 20
_NOTES = {
    FLOW.name: {
        "list": "The drafts: what is live is said by /api/v1/flow-states.",
        "replace": "The draft; calls are not touched until it is published. `number` must be the one of the path.",
        "delete": "What is live under the number takes no more calls. The revisions stay, for the calls of the past.",
    }
}


_TRUNK_STATUSES = Search(TrunkStatus, "TrunkStatusQuery")


async def list_trunk_statuses(exchange: Exchange, *, query: msgspec.Struct) -> TrunkStatusList:
    page, total = _TRUNK_STATUSES.page(exchange.service.deps.trunks(), query)
    return TrunkStatusList(items=page, total=total)


async def test_trunk(exchange: Exchange, *, body: TrunkTestOrder, id: str) -> TrunkTestReport:
    try:
        report = await exchange.service.deps.test_trunk(id, body.number)
    except UserError as error:
        raise from_user_error(error) from error
    if report is None:
        raise plain_error(404, f"There is no trunk {id}.")
    return report


ROUTES = (
    *(
        route
        for kind in KINDS
        if kind is not EXTENSION
        for route in Resource(
            kind,
            read=Scope.OFFICE_READ,
            write=Scope.OFFICE_WRITE,
            notes=_NOTES.get(kind.name),
            most_bytes=LARGEST_FLOW if kind is FLOW else MAX_BODY,
        ).routes()
    ),
    Route(
        method="GET",
        path="/api/v1/trunk-statuses",
        scope=Scope.OFFICE_READ,
        name="listTrunkStatuses",
        tag="Trunks",
        summary="How the trunks are doing",
        description="Whether calls can go out and come in, and in plain words why not.",
        query=_TRUNK_STATUSES.query,
        response=TrunkStatusList,
        handler=list_trunk_statuses,
    ),
    Route(
        method="POST",
        path="/api/v1/trunks/{id}/test",
        scope=Scope.OFFICE_WRITE,
        name="testTrunk",
        tag="Trunks",
        summary="Test a trunk",
        description="Looks at name, connection, answer and registration, and says in plain words what is wrong. With a "
        "`number` it is called for some seconds, and the answer says whether sound came back. Takes up to a minute.",
        path_types=(("id", Slug),),
        request=TrunkTestOrder,
        response=TrunkTestReport,
        errors=(404, 409),
        handler=test_trunk,
    ),
)
