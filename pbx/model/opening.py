"""Hours of the week, and days of the year."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.scalars import Label

__all__ = ["ClockTime", "DateSpan", "HolidayRegion", "Opening", "SpecialDay", "TimeZone", "Weekday"]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

ClockTime = Annotated[
    str,
    Meta(
        pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)",
        title="Time",
        description="Of the day, 00:00 to 23:59.",
        examples=["08:30"],
    ),
]

TimeZone = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}$(?!\n)",
        max_length=64,
        title="Time zone",
        description="As in the tz database.",
        examples=["Europe/Berlin"],
    ),
]


class Opening(Record, frozen=True, kw_only=True):
    """A span of hours on some days. One that ends at or before its start goes on past midnight."""

    days: Annotated[tuple[Weekday, ...], Meta(min_length=1, max_length=7, title="Days")]
    start: Annotated[ClockTime, Meta(title="From")] = "00:00"
    end: Annotated[ClockTime, Meta(title="Until", description="Not included.")] = "00:00"


Day = Annotated[
    str,
    Meta(
        pattern=r"^(?:[0-9]{4}-)?(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$(?!\n)",
        title="Day",
        description="2026-12-24, or 12-24 for every year.",
        examples=["12-24"],
    ),
]


HolidayRegion = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9 -]{0,40}$(?!\n)",
        title="Part of the country",
        description="A state or region with holidays of its own, by its code.",
        examples=["BY"],
    ),
]


class DateSpan(Record, frozen=True, kw_only=True):
    """A day, or all from `first` to `last`. Days of every year may go past its end (12-24 to 01-06)."""

    first: Annotated[Day, Meta(title="First day")]
    last: Annotated[
        Day | None, Meta(title="Last day", description="Included. Without one, the first alone.")
    ] = None

    def fault(self) -> str:
        """What is wrong with it; "" for nothing."""
        last = self.last or self.first
        for each in (self.first, last):
            if not _is_day(each):
                return f"there is no day {each}"
        if len(self.first) != len(last):
            return "the first and the last day are both of one year, or both of every year"
        if len(self.first) > 5 and last < self.first:
            return f"{last} comes before {self.first}"
        return ""


class SpecialDay(Record, frozen=True, kw_only=True):
    """A holiday of the office, or a public one on which it works."""

    name: Label
    days: Annotated[DateSpan, Meta(title="Days")]
    holiday: Annotated[
        bool,
        Meta(title="Is a holiday", description="Off: a day as any other, though it is a public holiday."),
    ] = True


def _is_day(day: str) -> bool:
    """Whether there is such a day; the 29th of February is one of every year."""
    try:
        date.fromisoformat(day if len(day) > 5 else f"2024-{day}")
    except ValueError:
        return False
    return True
