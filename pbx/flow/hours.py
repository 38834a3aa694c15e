"""What a time switch decides at a moment: by switches of the office, rules of days and hours, and holidays. Pure.

    a switch of the office that is on      its way
    the first rule that fits               its exit
    a holiday, when that has an exit       "holiday"
    else                                   "otherwise"

Hours are those of the clock on the wall, in the zone of the rules: "08:00 to 17:00" is that in summer and winter. An
hour that the clock jumps over in spring never comes, one that it repeats in autumn counts twice. A span that goes past
midnight belongs to the day on which it begins, also for dates and holidays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.opening import Opening, Weekday
from pbx.model.scalars import Label, Slug

__all__ = [
    "DAYS",
    "HOLIDAY",
    "OTHERWISE",
    "DateSpan",
    "FlagOverride",
    "Hours",
    "SpecialDay",
    "TimeRule",
    "Verdict",
    "decide",
    "is_day",
]

HOLIDAY = "holiday"
OTHERWISE = "otherwise"
DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Day = Annotated[
    str,
    Meta(
        pattern=r"^(?:[0-9]{4}-)?(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$(?!\n)",
        title="Day",
        description="2026-12-24, or 12-24 for every year.",
        examples=["12-24"],
    ),
]


class DateSpan(Record, frozen=True, kw_only=True):
    """A day, or all from `first` to `last`. Days of every year may go past its end (12-24 to 01-06)."""

    first: Annotated[Day, Meta(title="First day")]
    last: Annotated[
        Day | None, Meta(title="Last day", description="Included. Without one, the first alone.")
    ] = None


class TimeRule(Record, frozen=True, kw_only=True):
    """When calls leave by an exit."""

    exit: Annotated[Slug, Meta(title="Exit", examples=["open"])]
    name: Annotated[str, Meta(max_length=80, title="Name", examples=["Opening hours"])] = ""
    hours: Annotated[
        tuple[Opening, ...], Meta(max_length=50, title="Hours", description="None: day and night.")
    ] = ()
    dates: Annotated[
        tuple[DateSpan, ...], Meta(max_length=100, title="Only on these days", description="None: on all.")
    ] = ()
    holidays: Annotated[
        Literal["not", "also", "only"],
        Meta(title="On holidays", description="Not then; then as on any day; or on holidays only."),
    ] = "not"


class SpecialDay(Record, frozen=True, kw_only=True):
    """A holiday of the office, or a public one on which it works."""

    name: Label
    days: Annotated[DateSpan, Meta(title="Days")]
    holiday: Annotated[
        bool,
        Meta(title="Is a holiday", description="Off: a day as any other, though it is a public holiday."),
    ] = True


class FlagOverride(Record, frozen=True, kw_only=True):
    """While a switch of the office is on, all calls go one way. Its code switches it, and a lamp shows it."""

    flag: Annotated[Slug, ref("office_flag", title="Switch")]
    exit: Annotated[Slug, Meta(title="Exit")] = "manual"


@dataclass(frozen=True, slots=True)
class Hours:
    """All that decides but the office: its switches and the calendar of its country are asked."""

    zone: tzinfo | None
    rules: Sequence[TimeRule]
    special_days: Sequence[SpecialDay] = ()
    overrides: Sequence[FlagOverride] = ()
    holiday_exit: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The exit, and why."""

    exit: str
    because: str


def decide(
    hours: Hours,
    at: datetime,
    *,
    flag: Callable[[str], bool] = lambda _: False,
    public_holiday: Callable[[datetime], str] = lambda _: "",
) -> Verdict:
    """What happens at this moment (aware). `public_holiday` gives the name of the one that a local day is, or ""."""
    for each in hours.overrides:
        if flag(each.flag):
            return Verdict(each.exit, f"the switch {each.flag} is on")
    local = at.astimezone(hours.zone)
    for rule in hours.rules:
        if any(_holds_for(hours, rule, day, public_holiday) for day in _days_covered(rule.hours, local)):
            return Verdict(rule.exit, rule.name or f"a rule of the exit {rule.exit}")
    if hours.holiday_exit and (name := holiday(hours, local, public_holiday)):
        return Verdict(HOLIDAY, name)
    return Verdict(OTHERWISE, "no rule fits")


def holiday(hours: Hours, local: datetime, public_holiday: Callable[[datetime], str]) -> str:
    """The name of the holiday that this day is; the office's own days go before the public ones."""
    for each in hours.special_days:
        if _within(each.days, local.date()):
            return each.name if each.holiday else ""
    return public_holiday(local)


def is_day(day: str) -> bool:
    """Whether there is such a day; the 29th of February is one of every year."""
    try:
        date.fromisoformat(day if len(day) > 5 else f"2024-{day}")
    except ValueError:
        return False
    return True


def _days_covered(spans: Sequence[Opening], local: datetime) -> list[datetime]:
    """The days whose hours this moment lies in: today, or yesterday for hours past midnight."""
    if not spans:
        return [local]
    clock, yesterday = f"{local:%H:%M}", local - timedelta(days=1)
    found: list[datetime] = []
    for each in spans:
        overnight = each.end <= each.start
        if DAYS[local.weekday()] in each.days and each.start <= clock and (overnight or clock < each.end):
            found.append(local)
        if overnight and DAYS[yesterday.weekday()] in each.days and clock < each.end:
            found.append(yesterday)
    return found


def _holds_for(
    hours: Hours, rule: TimeRule, day: datetime, public_holiday: Callable[[datetime], str]
) -> bool:
    if rule.dates and not any(_within(each, day.date()) for each in rule.dates):
        return False
    if rule.holidays == "also":
        return True
    return bool(holiday(hours, day, public_holiday)) == (rule.holidays == "only")


def _within(span: DateSpan, day: date) -> bool:
    first, last = span.first, span.last or span.first
    if len(first) > 5:
        return first <= day.isoformat() <= last
    month_day = f"{day:%m-%d}"
    return first <= month_day <= last if first <= last else month_day >= first or month_day <= last
