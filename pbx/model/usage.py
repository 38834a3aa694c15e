"""How much of the limits is used up."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.limit import Limit, Subject

__all__ = ["Usage", "UsageReport"]


class Usage(Record, frozen=True, kw_only=True):
    """Calls to outside numbers of the office, of a trunk or of an extension; running calls count up to now.

    An hour and a day are the last 60 minutes and 24 hours, and up to five minutes more.
    """

    subject: Subject
    key: Annotated[str, Meta(description="The trunk or the extension; empty for the office.")] = ""
    calls_now: int
    calls_hour: int
    calls_day: int
    minutes_hour: float
    minutes_day: float


class UsageReport(Record, frozen=True, kw_only=True):
    """What is used, and the limits in force: the stored ones, and the standard ones that no stored one replaces."""

    items: tuple[Usage, ...]
    limits: tuple[Limit, ...]
