"""Different ways at different times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Annotated

from msgspec import Meta

from pbx.feature import public_holidays
from pbx.feature.opening import zone_of
from pbx.flow.context import Context
from pbx.flow.hours import (
    HOLIDAY,
    OPEN,
    OTHERWISE,
    FlagOverride,
    Hours,
    TimeRule,
    Verdict,
    decide,
    decide_schedule,
)
from pbx.flow.node import FAILED, Exit, ExitEach, Node
from pbx.flow.ports import Office
from pbx.model.opening import HolidayRegion, SpecialDay, TimeZone
from pbx.model.scalars import CountryCode

NO_HOLIDAYS = "there are no holidays: name a country or days of your own"


class TimeSwitch(Node, frozen=True, kw_only=True, tag="time_switch"):
    """Go by the time of the day, the day of the week, dates and holidays. The first rule that fits says which way.

    Hours are those of the clock on the wall, so they stay the same when summer time begins and ends. Hours past
    midnight belong to the day on which they begin.
    """

    title = "Time switch"
    group = "logic"
    exits = (
        ExitEach("rules", "exit", ("exit", "name")),
        ExitEach("overrides", "exit", ("exit",)),
        Exit(HOLIDAY, "Holiday", when="holiday_exit"),
        Exit(OTHERWISE, "At other times"),
    )
    time_zone: Annotated[TimeZone | None, Meta(description="Without one, that of the office.")] = None
    rules: Annotated[tuple[TimeRule, ...], Meta(max_length=50, title="Rules")] = ()
    holiday_country: Annotated[
        CountryCode | None,
        Meta(title="Public holidays of", description="Two letters (ISO 3166-1). Without one there are none."),
    ] = None
    holiday_region: HolidayRegion = ""
    holiday_exit: Annotated[
        bool,
        Meta(
            title="A way of its own on holidays",
            description="Off: they are as other times, unless a rule is for them.",
        ),
    ] = False
    special_days: Annotated[
        tuple[SpecialDay, ...],
        Meta(max_length=200, title="Own holidays", description="These go before the public ones."),
    ] = ()
    overrides: Annotated[
        tuple[FlagOverride, ...],
        Meta(
            max_length=20, title="By hand", description="The first switch that is on goes before all rules."
        ),
    ] = ()

    def faults(self) -> Iterator[tuple[str, str]]:
        if self.time_zone is not None and zone_of(self.time_zone) is None:
            yield "time_zone", f"{self.time_zone} is no time zone of the tz database"
        if self.holiday_region and self.holiday_country is None:
            yield "holiday_region", "say of which country"
        if self.holiday_country is not None and not public_holidays.supports(self.holiday_country):
            yield "holiday_country", f"the public holidays of {self.holiday_country} are not known"
        elif self.holiday_country is not None and not public_holidays.supports(
            self.holiday_country, self.holiday_region
        ):
            yield "holiday_region", f"{self.holiday_country} has no part {self.holiday_region}"
        if self.holiday_exit and not self._has_holidays:
            yield "holiday_exit", NO_HOLIDAYS
        names = [*(each.exit for each in self.rules), *(each.exit for each in self.overrides)]
        for name, times in Counter([*names, HOLIDAY, OTHERWISE, FAILED.name]).items():
            if times > 1:
                yield "rules", f"the exit {name} is there more than once"
        for index, rule in enumerate(self.rules):
            yield from ((f"rules[{index}].dates", why) for each in rule.dates if (why := each.fault()))
            if rule.holidays == "only" and not self._has_holidays:
                yield f"rules[{index}].holidays", NO_HOLIDAYS
        for index, day in enumerate(self.special_days):
            if why := day.days.fault():
                yield f"special_days[{index}].days", why

    def hours(self, office_zone: str) -> Hours:
        """What decides. `office_zone` "" is that of the machine."""
        name = self.time_zone or office_zone
        return Hours(
            zone=zone_of(name) if name else None,
            rules=self.rules,
            special_days=self.special_days,
            overrides=self.overrides,
            holiday_exit=self.holiday_exit,
        )

    def at(self, context: Context, at: datetime) -> Verdict:
        """What happens at a moment: also for the editor, which asks about any other."""
        office = context.office
        return decide(
            self.hours(office.time_zone),
            at,
            flag=office.flag,
            public_holiday=lambda day: (
                office.is_holiday(day, self.holiday_country, self.holiday_region)
                if self.holiday_country
                else ""
            ),
            schedule=partial(_is_open, office),
        )

    async def run(self, context: Context) -> str:
        schedules = [context.office.schedule(each.schedule) for each in self.rules if each.schedule]
        if self.holiday_country is not None or any(each.holiday_country for each in schedules):
            await public_holidays.ready()
        return self.at(context, context.line.now).exit

    @property
    def _has_holidays(self) -> bool:
        return self.holiday_country is not None or any(each.holiday for each in self.special_days)


def _is_open(office: Office, id: str, at: datetime) -> bool:
    zone = zone_of(office.time_zone) if office.time_zone else None
    found = decide_schedule(office.schedule(id), at, zone=zone, public_holiday=office.is_holiday)
    return found.exit == OPEN
