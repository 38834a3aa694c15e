"""How many calls there were, how long they took, and who was not reached: figures of the history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record

__all__ = ["CallFigures", "CallTotals", "DayOfCalls", "DidOfCalls", "HourOfCalls"]

Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(ge=0, extra_json_schema={"x-unit": "s"})]


class CallTotals(Record, frozen=True, kw_only=True):
    """Of some time. `answered` and `missed` are about the calls from outside; `talk_s` about all.

    Waits are those of the calls from outside that a person took, null when there was none.
    """

    inbound: Count = 0
    outbound: Count = 0
    internal: Count = 0
    answered: Count = 0
    missed: Count = 0
    talk_s: Seconds = 0.0
    median_wait_s: Seconds | None = None
    longest_wait_s: Seconds | None = None


class DayOfCalls(Record, frozen=True, kw_only=True):
    """One day of the office, by its own clocks."""

    day: date
    inbound: Count = 0
    outbound: Count = 0
    internal: Count = 0
    answered: Count = 0
    missed: Count = 0
    talk_s: Seconds = 0.0


class HourOfCalls(Record, frozen=True, kw_only=True):
    """One hour of the day, of all its days together: `calls` in every direction, `missed` ones from outside."""

    hour: Annotated[int, Meta(ge=0, le=23)]
    calls: Count = 0
    missed: Count = 0


class DidOfCalls(Record, frozen=True, kw_only=True):
    """The calls from outside to one number. `wait_s` is the mean of those that a person took, null without any."""

    did: str
    calls: Count = 0
    answered: Count = 0
    missed: Count = 0
    wait_s: Seconds | None = None


class CallFigures(Record, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """Calls that are over, by the days and hours of the office. Whoever listened to calls is not counted."""

    since: datetime
    until: datetime
    time_zone: str
    totals: CallTotals
    per_day: tuple[DayOfCalls, ...]
    per_hour: tuple[HourOfCalls, ...]
    per_did: tuple[DidOfCalls, ...]
