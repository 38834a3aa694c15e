"""Figures of the history: how many calls, when, to which number, and who was not reached."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import Annotated, Literal

from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.feature.office_time import midnight, office_zone, stretches
from pbx.model.base import Record
from pbx.model.call_figures import CallFigures, DayOfCalls
from pbx.store.call_figures import Counted

__all__ = ["ROUTES", "AnalyticsQuery", "count"]

DAYS = {"1d": 1, "7d": 7, "30d": 30, "90d": 90}


class AnalyticsQuery(Record, frozen=True, kw_only=True):
    """Of which days."""

    period: Annotated[
        Literal["1d", "7d", "30d", "90d"],
        Meta(description="So many days of the office, the last of them today."),
    ] = "7d"


async def count(
    exchange: Exchange, days: int
) -> tuple[Counted, list[date], tuple[datetime, datetime], tzinfo]:
    """What was counted of so many days up to now, and which days, from when until when, by which clock."""
    deps = exchange.service.deps
    zone = office_zone((await deps.settings.get()).time_zone)
    now = deps.clock.now()
    today = now.astimezone(zone).date()
    wanted = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    since, until = midnight(wanted[0], zone), midnight(today + timedelta(days=1), zone)
    offsets = [(each.since, each.offset_s) for each in stretches(since, until, zone)]
    return await deps.figures.count(since, until, offsets), wanted, (since, now), zone


async def get_calls(exchange: Exchange, *, query: AnalyticsQuery) -> CallFigures:
    counted, days, (since, until), zone = await count(exchange, DAYS[query.period])
    return CallFigures(
        since=since,
        until=until,
        time_zone=str(zone),
        totals=counted.totals,
        per_day=tuple(counted.days.get(day) or DayOfCalls(day=day) for day in days),
        per_hour=counted.hours,
        per_did=counted.dids,
    )


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/analytics/calls",
        scope=Scope.CDRS_READ,
        name="getCallFigures",
        tag="Calls",
        summary="How many calls there were",
        description=(
            "Per day, per hour of the day, per called number; answered, missed, and how long callers waited. Days and "
            "hours are those of the office (setting `time_zone`), also where its clocks are changed. Calls that go on "
            "are not counted yet."
        ),
        query=AnalyticsQuery,
        response=CallFigures,
        handler=get_calls,
    ),
)
