"""What happens at …: whether a schedule is open at a moment, why, and when that changes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.model.base import Record
from pbx.model.scalars import Slug
from pbx.model.schedule import ScheduleState

__all__ = ["ROUTES"]


class MomentQuery(Record, frozen=True, kw_only=True):
    """Which moment."""

    at: Annotated[datetime, Meta(tz=True, description="RFC 3339; now when missing.")] | None = None


async def get_schedule_state(exchange: Exchange, *, query: MomentQuery, id: str) -> ScheduleState:
    return await exchange.service.deps.flows.schedule_state(id, query.at)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/schedules/{id}/state",
        scope=Scope.OFFICE_READ,
        name="getScheduleState",
        tag="Schedules",
        summary="Whether a schedule is open",
        description="Now or at any other moment, why, and when it opens or closes next.",
        path_types=(("id", Slug),),
        query=MomentQuery,
        response=ScheduleState,
        errors=(404,),
        handler=get_schedule_state,
    ),
)
