"""What the numbers bring to an edge."""

from __future__ import annotations

from edge.area import Area
from edge.clock import Clock
from edge.config import EdgeConfig
from edge.events import Events
from edge.numbers.api import operations
from edge.numbers.numbers import Numbers
from edge.numbers.wanted import Place
from edge.offices import Offices
from edge.store import Store
from edge.twilio.client import TwilioClient

__all__ = ["numbers_area"]


def numbers_area(
    config: EdgeConfig,
    store: Store,
    clock: Clock,
    *,
    offices: Offices,
    events: Events,
    twilio: TwilioClient | None,
) -> Area:
    place = Place(config.base, config.fallback_url.rstrip("/"))
    numbers = Numbers(store, clock, offices=offices, events=events, twilio=twilio, place=place)
    return Area(operations=operations(numbers), work={"numbers": numbers.watch})
