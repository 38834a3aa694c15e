"""Everything that the first page needs, in one answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from pbx.api.analytics import count
from pbx.api.exchange import Exchange
from pbx.api.health import HealthLine
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.system import check_all, counts
from pbx.api.views import StatusCounts
from pbx.model.base import Record
from pbx.model.call_figures import CallTotals, HourOfCalls
from pbx.model.live_call import LiveCall
from pbx.model.notice import Notice
from pbx.model.queue_status import QueueStatus
from pbx.model.trunk import TrunkStatus

__all__ = ["ROUTES", "Dashboard"]

MOST_CALLS = 20
MOST_NOTICES = 5


class Dashboard(Record, frozen=True, kw_only=True):
    """How the office is doing now, and what today was like."""

    now: datetime
    office_name: str
    counts: StatusCounts
    calls: Annotated[tuple[LiveCall, ...], Meta(description="The newest 20 that go on.")]
    trunks: int
    trunks_in_trouble: tuple[TrunkStatus, ...]
    queues: tuple[QueueStatus, ...]
    health: Annotated[
        tuple[HealthLine, ...], Meta(description="What is not well, with cause and what to do.")
    ]
    notices: Annotated[tuple[Notice, ...], Meta(description="The newest 5.")]
    today: CallTotals
    hours: Annotated[tuple[HourOfCalls, ...], Meta(description="Of today, by the clocks of the office.")]
    unheard_messages: Annotated[int, Meta(ge=0)]
    parked: Annotated[int, Meta(ge=0)]
    members_in_conferences: Annotated[int, Meta(ge=0)]


async def get_dashboard(exchange: Exchange) -> Dashboard:
    deps = exchange.service.deps
    counted, _, (_, now), _ = await count(exchange, 1)
    trunks = tuple(deps.trunks())
    calls = sorted(deps.live_calls(), key=lambda one: (one.started_at, one.id), reverse=True)
    boxes = deps.voicemail.states() if deps.voicemail is not None else ()
    return Dashboard(
        now=now,
        office_name=(await deps.settings.get()).office_name,
        counts=await counts(exchange),
        calls=tuple(calls[:MOST_CALLS]),
        trunks=len(trunks),
        trunks_in_trouble=tuple(each for each in trunks if each.error),
        queues=tuple(deps.queues.statuses()),
        health=tuple(each for each in check_all(exchange) if not each.ok),
        notices=tuple(deps.notices())[:MOST_NOTICES],
        today=counted.totals,
        hours=counted.hours,
        unheard_messages=sum(each.new for each in boxes),
        parked=len(deps.control.parked()),
        members_in_conferences=sum(len(each.members) for each in deps.conferences.statuses()),
    )


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/dashboard",
        scope=Scope.STATUS_READ,
        name="getDashboard",
        tag="Node",
        summary="Everything that a first page needs",
        description="How the office is doing now, and what today was like. What is well is not among the lists of "
        "trouble.",
        response=Dashboard,
        handler=get_dashboard,
    ),
)
