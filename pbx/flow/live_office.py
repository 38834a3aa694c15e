"""What nodes may know of the real office."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from pbx.feature.callers import CallerRules
from pbx.feature.office import Office
from pbx.feature.public_holidays import public_holiday
from pbx.flow.node import NodeError
from pbx.model.kinds import EXTENSION, KINDS, OFFICE_FLAG, SCHEDULE
from pbx.model.schedule import Schedule

__all__ = ["LiveOffice"]


class LiveOffice:
    """Implements `pbx.flow.ports.Office`; one for all calls. `busy` says who is in a call, `has_phone` who has one that
    may ring; `time_zone` "" is that of the machine.
    """

    def __init__(
        self,
        office: Office,
        callers: CallerRules,
        *,
        busy: Callable[[str], bool],
        has_phone: Callable[[str], bool],
        time_zone: str = "",
    ) -> None:
        self._office = office
        self._callers = callers
        self._busy = busy
        self._has_phone = has_phone
        self._time_zone = time_zone

    @property
    def time_zone(self) -> str:
        return self._time_zone

    def caller_list(self, number: str) -> Literal["allow", "block", "vip", ""]:
        return self._callers.verdict(number)

    def flag(self, id: str) -> bool:
        found = self._office.get(OFFICE_FLAG, id)
        if found is None:
            raise NodeError(f"there is no switch {id}")
        return bool(found.on)

    def schedule(self, id: str) -> Schedule:
        found = self._office.get(SCHEDULE, id)
        if not isinstance(found, Schedule):
            raise NodeError(f"there is no schedule {id}")
        return found

    def is_holiday(self, at: datetime, country: str, region: str = "") -> str:
        try:
            return public_holiday(at.date(), country, region)
        except LookupError as error:
            raise NodeError(str(error)) from error

    def people(self) -> Mapping[str, str]:
        return {each.number: each.name for each in self._office.all(EXTENSION) if each.enabled}

    def exists(self, number: str) -> bool:
        return any(kind.numbered and self._office.get(kind, number) is not None for kind in KINDS)

    def state_of(self, number: str) -> Literal["free", "busy", "unreachable", ""]:
        found = self._office.get(EXTENSION, number)
        if found is None or not found.enabled:
            return ""
        if self._busy(number):
            return "busy"
        return "free" if self._has_phone(number) else "unreachable"
