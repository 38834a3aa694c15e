"""What a campaign will cost, as an estimate: segments times the price that the office entered. Pure.

Twilio's prices and the carriers' fees change, and an account may have its own; nothing here asks for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Estimate", "estimate"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """`unpriced` counts the segments to countries without a price; they are not in `amount`."""

    messages: int
    segments: int
    amount: Decimal
    unpriced: tuple[tuple[str, int], ...]


def estimate(segments: Iterable[tuple[str, int]], prices: Mapping[str, Decimal]) -> Estimate:
    """`segments` has for each person the country and the segments of their text."""
    messages, by_region = 0, Counter[str]()
    for region, count in segments:
        messages += 1
        by_region[region] += count
    amount = sum(
        (prices[region] * count for region, count in by_region.items() if region in prices), Decimal(0)
    )
    unpriced = tuple(sorted((region, count) for region, count in by_region.items() if region not in prices))
    return Estimate(messages, by_region.total(), amount, unpriced)
