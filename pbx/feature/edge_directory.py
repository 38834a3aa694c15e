"""The office's directory for its edges: made from the records, again whenever they change.

Changes come in bursts (an import, somebody who types), so it waits until they are over. Whoever carries it to an edge
gets each new document once, and asks for the last one when an edge connects.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta

import msgspec

from pbx.core.clock import Clock
from pbx.core.events import EventBus, Subscription
from pbx.feature import public_holidays
from pbx.feature.did import destination_of
from pbx.feature.office import Office
from pbx.feature.opening import DAYS, within
from pbx.model.edge_documents import EdgeDirectory, EdgeExtension, EdgeHours, EdgeNumber
from pbx.model.extension import Extension
from pbx.model.inbound_number import InboundNumber
from pbx.model.kinds import EXTENSION, INBOUND_NUMBER, MAILBOX, SCHEDULE
from pbx.model.mailbox import Mailbox
from pbx.model.schedule import Schedule
from pbx.model.settings import OfficeSettings

__all__ = ["OFFICE", "EdgeDirectories", "closed_days", "office_schedule"]

log = logging.getLogger(__name__)

OFFICE = "office"
"""The schedule that is the office's own where there are several."""
QUIET_S = 1.0
LONGEST_S = 5.0
AGAIN_S = 6 * 3600.0
"""Holidays come nearer without anybody changing a record."""
DAYS_AHEAD = 400
MOST_NUMBERS = 2000
OF_A_BLOCK = 200


class EdgeDirectories:
    """`document` is the newest, as JSON; `changed` are told each one that differs. `run` must be running."""

    def __init__(
        self,
        office: Office,
        settings: Callable[[], OfficeSettings],
        bus: EventBus,
        clock: Clock,
        *,
        country: str,
        language: str,
        time_zone: str,
    ) -> None:
        self.document = b""
        self.changed: list[Callable[[bytes], None]] = []
        self._office = office
        self._settings = settings
        self._bus = bus
        self._clock = clock
        self._country = country
        self._language = language
        self._time_zone = time_zone
        self._wake = asyncio.Event()
        office.on_change(self._wake.set)

    async def run(self) -> None:
        """For ever."""
        with self._bus.subscribe("settings", limit=10) as changes:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow_settings(changes))
                while True:
                    await self.refresh()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(AGAIN_S):
                            await self._wake.wait()
                    await self._quiet()

    async def refresh(self) -> None:
        """Make it now; tell it when it is another one."""
        schedule = office_schedule(self._office.all(SCHEDULE))
        await public_holidays.needed((), [schedule] if schedule is not None else [])
        made = msgspec.json.encode(self._build(schedule))
        if made == self.document:
            return
        self.document = made
        for tell in self.changed:
            tell(made)

    async def _follow_settings(self, changes: Subscription) -> None:
        async for _ in changes:
            self._wake.set()

    async def _quiet(self) -> None:
        """Until nothing changes for a moment; not for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S):
                while self._wake.is_set():
                    self._wake.clear()
                    await asyncio.sleep(QUIET_S)
        self._wake.clear()

    def _build(self, schedule: Schedule | None) -> EdgeDirectory:
        settings = self._settings()
        zone = (schedule.time_zone if schedule is not None else None) or settings.time_zone or self._time_zone
        today = self._clock.now().date()
        return EdgeDirectory(
            office_name=settings.office_name,
            language=self._language,
            country=self._country,
            time_zone=zone,
            opening=_opening(schedule),
            closed_on=closed_days(schedule, today) if schedule is not None else (),
            fallback_number=settings.fallback_number,
            extensions=tuple(self._extensions()),
            numbers=tuple(self._numbers())[:MOST_NUMBERS],
        )

    def _extensions(self) -> Iterator[EdgeExtension]:
        boxes: dict[str, Mailbox] = {each.number: each for each in self._office.all(MAILBOX)}
        extensions: Sequence[Extension] = self._office.all(EXTENSION)
        for each in sorted(extensions, key=lambda one: (len(one.number), one.number)):
            if not each.enabled:
                continue
            box = boxes.get(each.mailbox) if each.mailbox is not None else None
            yield EdgeExtension(
                number=each.number,
                name=each.name,
                department=each.department,
                forward_to=each.forward_to,
                mailbox=box is not None,
                email=box.emails[0] if box is not None and box.emails else None,
            )

    def _numbers(self) -> Iterator[EdgeNumber]:
        """A block is told number by number."""
        records: Sequence[InboundNumber] = self._office.all(INBOUND_NUMBER)
        for each in sorted(records, key=lambda one: one.number):
            first, last = int(each.number), int(each.last or each.number)
            for value in range(first, min(last, first + OF_A_BLOCK - 1) + 1):
                number = f"+{value}"
                yield EdgeNumber(number=number, name=each.name, destination=destination_of(each, number))


def office_schedule(schedules: Sequence[Schedule]) -> Schedule | None:
    """The one called "office", or the only one."""
    named = next((each for each in schedules if each.id == OFFICE), None)
    return named or (schedules[0] if len(schedules) == 1 else None)


def closed_days(schedule: Schedule, today: date) -> tuple[str, ...]:
    """The holidays of about a year from yesterday on; the office's own days go before the public ones."""
    days = (today + timedelta(days=ahead) for ahead in range(-1, DAYS_AHEAD))
    return tuple(day.isoformat() for day in days if _is_holiday(schedule, day))


def _is_holiday(schedule: Schedule, day: date) -> bool:
    for each in schedule.special_days:
        if within(each.days, day):
            return each.holiday
    if schedule.holiday_country is None:
        return False
    try:
        return bool(public_holidays.public_holiday(day, schedule.holiday_country, schedule.holiday_region))
    except LookupError:
        return False


def _opening(schedule: Schedule | None) -> tuple[EdgeHours, ...] | None:
    """None where nobody has set hours; a schedule without hours is open day and night."""
    if schedule is None:
        return None
    if not schedule.hours:
        return tuple(EdgeHours(day=day, from_="00:00", to="00:00") for day in range(7))
    return tuple(
        EdgeHours(day=day, from_=each.start, to=each.end)
        for day, name in enumerate(DAYS)
        for each in schedule.hours
        if name in each.days
    )
