"""Opening hours with a name: what time switches of several flows go by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.opening import HolidayRegion, Opening, SpecialDay, TimeZone
from pbx.model.scalars import CountryCode, Label, Slug

__all__ = ["Schedule", "ScheduleState"]


class Schedule(Record, frozen=True, kw_only=True):
    """When the office, or a part of it, is open. A time switch has a rule that names it."""

    id: Slug
    name: Label
    time_zone: Annotated[TimeZone | None, Meta(description="Without one, that of the office.")] = None
    hours: Annotated[
        tuple[Opening, ...],
        Meta(
            max_length=50,
            title="Open",
            description="None: day and night.",
            extra_json_schema={"x-widget": "week"},
        ),
    ] = ()
    holiday_country: Annotated[
        CountryCode | None,
        Meta(
            title="Public holidays of",
            description="Two letters (ISO 3166-1): closed on those. Without one there are none.",
        ),
    ] = None
    holiday_region: HolidayRegion = ""
    special_days: Annotated[
        tuple[SpecialDay, ...],
        Meta(max_length=200, title="Own holidays", description="These go before the public ones."),
    ] = ()

    def contradictions(self) -> Iterator[tuple[str, str]]:
        if self.holiday_region and self.holiday_country is None:
            yield "holiday_region", "say of which country"
        for day in self.special_days:
            if why := day.days.fault():
                yield "special_days", why


class ScheduleState(Record, frozen=True, kw_only=True):
    """How a schedule is at a moment, and why. `changes_at` is when that is over; none within a year."""

    schedule: str
    at: datetime
    open: bool
    because: str
    changes_at: datetime | None = None
