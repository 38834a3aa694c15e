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
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pbx.feature.opening import within, zone_of
from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.opening import DateSpan, Opening, SpecialDay, Weekday
from pbx.model.scalars import Slug
from pbx.model.schedule import Schedule

__all__ = [
    "DAYS",
    "HOLIDAY",
    "OPEN",
    "OTHERWISE",
    "FlagOverride",
    "Hours",
    "TimeRule",
    "Verdict",
    "decide",
    "decide_schedule",
    "next_change",
]

HOLIDAY = "holiday"
OPEN = "open"
OTHERWISE = "otherwise"
DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


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
    schedule: Annotated[
        Slug | None, ref("schedule", title="Schedule", description="Only while it is open.")
    ] = None
    holidays: Annotated[
        Literal["not", "also", "only"],
        Meta(title="On holidays", description="Not then; then as on any day; or on holidays only."),
    ] = "not"


class FlagOverride(Record, frozen=True, kw_only=True):
    """While a switch of the office is on, all calls go one way. Its code switches it, and a lamp shows it."""

    flag: Annotated[Slug, ref("office_flag", title="Switch")]
    exit: Annotated[Slug, Meta(title="Exit")] = "manual"


class Hours(msgspec.Struct, frozen=True):
    """All that decides but the office: its switches and the calendar of its country are asked."""

    zone: tzinfo | None
    rules: Sequence[TimeRule]
    special_days: Sequence[SpecialDay] = ()
    overrides: Sequence[FlagOverride] = ()
    holiday_exit: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """The exit, and why."""

    exit: str
    because: str


def decide(
    hours: Hours,
    at: datetime,
    *,
    flag: Callable[[str], bool] = lambda _: False,
    public_holiday: Callable[[datetime], str] = lambda _: "",
    schedule: Callable[[str, datetime], bool] = lambda _, __: False,
) -> Verdict:
    """What happens at this moment (aware). `public_holiday` gives the name of the one that a local day is, or "";
    `schedule` says whether one of the office is open."""
    for each in hours.overrides:
        if flag(each.flag):
            return Verdict(each.exit, f"the switch {each.flag} is on")
    local = at.astimezone(hours.zone)
    for rule in hours.rules:
        if rule.schedule and not schedule(rule.schedule, at):
            continue
        if any(_holds_for(hours, rule, day, public_holiday) for day in _days_covered(rule.hours, local)):
            return Verdict(rule.exit, rule.name or f"a rule of the exit {rule.exit}")
    if hours.holiday_exit and (name := holiday(hours, local, public_holiday)):
        return Verdict(HOLIDAY, name)
    return Verdict(OTHERWISE, "no rule fits")


def decide_schedule(
    schedule: Schedule,
    at: datetime,
    *,
    zone: tzinfo | None,
    public_holiday: Callable[[datetime, str, str], str],
) -> Verdict:
    """Whether a schedule is open at this moment: by the exit "open". `zone` is that of the office; `public_holiday`
    gives the name of the one that a local day is in a country and a part of it, or ""."""
    country = schedule.holiday_country
    return decide(
        Hours(
            zone=zone_of(schedule.time_zone) if schedule.time_zone else zone,
            rules=(TimeRule(exit=OPEN, name="opening hours", hours=schedule.hours),),
            special_days=schedule.special_days,
            holiday_exit=True,
        ),
        at,
        public_holiday=lambda day: public_holiday(day, country, schedule.holiday_region) if country else "",
    )


def next_change(
    schedule: Schedule,
    at: datetime,
    *,
    zone: tzinfo | None,
    public_holiday: Callable[[datetime, str, str], str],
) -> datetime | None:
    """When it opens or closes next after `at`; None when it does not within a year."""
    local = at.astimezone(zone_of(schedule.time_zone) if schedule.time_zone else zone)
    clocks = sorted({"00:00", *(clock for each in schedule.hours for clock in (each.start, each.end))})
    now = decide_schedule(schedule, at, zone=zone, public_holiday=public_holiday).exit == OPEN
    for days in range(367):
        for clock in clocks:
            day = local.date() + timedelta(days=days)
            moment = datetime.combine(day, time.fromisoformat(clock), local.tzinfo)
            # An hour that the clock jumps over is the one after it.
            moment = moment.astimezone(UTC).astimezone(local.tzinfo)
            if moment > local:
                found = decide_schedule(schedule, moment, zone=zone, public_holiday=public_holiday)
                if (found.exit == OPEN) is not now:
                    return moment
    return None


def holiday(hours: Hours, local: datetime, public_holiday: Callable[[datetime], str]) -> str:
    """The name of the holiday that this day is; the office's own days go before the public ones."""
    for each in hours.special_days:
        if within(each.days, local.date()):
            return each.name if each.holiday else ""
    return public_holiday(local)


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
    if rule.dates and not any(within(each, day.date()) for each in rule.dates):
        return False
    if rule.holidays == "also":
        return True
    return bool(holiday(hours, day, public_holiday)) == (rule.holidays == "only")
