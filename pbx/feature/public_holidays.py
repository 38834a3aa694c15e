"""Public holidays by country. The package `holidays` is loaded when a flow asks for the first time: 20 MB, 0.3 s."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.model.flow import Flow
    from pbx.model.schedule import Schedule

__all__ = ["load", "loaded", "needed", "public_holiday", "ready", "supports"]


def loaded() -> bool:
    return "holidays.countries" in sys.modules


def load() -> None:
    """In a thread, so that no call waits for it."""
    import holidays.countries  # noqa: F401


async def ready() -> None:
    """Load them, beside what goes on, unless they are."""
    if not loaded():
        await asyncio.to_thread(load)


async def needed(flows: Iterable[Flow], schedules: Iterable[Schedule] = ()) -> None:
    """Load them when one of these asks about them."""
    if any(each.holiday_country for each in schedules) or any(
        node.parameters.get("holiday_country") for flow in flows for node in flow.nodes.values()
    ):
        await ready()


def supports(country: str, region: str = "") -> bool:
    """Whether the holidays of this country, and of this part of it, are known."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=True)
    return country in known and (not region or region in known[country])


def public_holiday(day: date, country: str, region: str = "") -> str:
    """Its name, in English where there is one; "" for an ordinary day. Raises `LookupError` for an unknown country."""
    return _of_year(country, region, day.year).get(day, "")


@lru_cache(maxsize=64)
def _of_year(country: str, region: str, year: int) -> Mapping[date, str]:
    import holidays

    try:
        found = holidays.country_holidays(country, subdiv=region or None, years=year, language="en_US")
    except NotImplementedError as error:
        raise LookupError(f"the public holidays of {country} {region} are not known") from error
    return dict(found)
