"""Hours of the week."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record

__all__ = ["ClockTime", "Opening", "TimeZone", "Weekday"]

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
