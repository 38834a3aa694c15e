"""What kind of outside number somebody dials: whose country, and whether it costs extra.

A number that no plan knows is read as the worst it could be taken for by a provider: one with digits too many as the
number without them, a long one that fits nowhere as a number of no known country.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import msgspec
from msgspec.structs import replace

__all__ = ["UNKNOWN", "NumberClass", "class_of"]

UNKNOWN = "ZZ"
"""The region of a number that cannot be read; no list of countries holds it."""
LONGEST_LOCAL = 8
"""Digits. What is as short as this and no number of any plan is one of the town, or a service."""
MOST_DIGITS = 15


class NumberClass(msgspec.Struct, frozen=True):
    """`region` is ISO 3166-1, "001" for numbers of no country, or `UNKNOWN`; `number` is E.164 where it is one."""

    number: str
    region: str
    premium: bool = False
    emergency: bool = False


@lru_cache(maxsize=4096)
def class_of(dialled: str, country: str) -> NumberClass:
    """`dialled` as a provider in `country` understands it."""
    digits = "".join(each for each in dialled if each in "+0123456789")
    found = [each for reading in _readings(digits) if (each := _plan(reading, country, cut=False))]
    if found:
        return found[0]
    cut = [each for reading in _readings(digits) if (each := _plan(reading, country, cut=True))]
    if cut:
        worst = max(cut, key=lambda each: each.premium)
        return worst if len({each.region for each in cut}) == 1 else replace(worst, region=UNKNOWN)
    if digits.startswith(("+", "00")) or len(digits) > LONGEST_LOCAL:
        return NumberClass(digits, UNKNOWN)
    return _short(digits, country)


def _plan(reading: str, country: str, *, cut: bool) -> NumberClass | None:
    """A number of some country's plan; `cut`: if need be without its last digits."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(reading, country)
    except phonenumbers.NumberParseException:
        return None
    if cut:
        phonenumbers.truncate_too_long_number(parsed)
    if not phonenumbers.is_valid_number(parsed):
        return None
    return NumberClass(
        phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164),
        phonenumbers.region_code_for_number(parsed) or UNKNOWN,
        premium=_costs_extra(phonenumbers.number_type(parsed)),
    )


def _readings(digits: str) -> Iterator[str]:
    """As it stands, and as providers read it that want no "+", or the zeros of another country."""
    yield digits
    bare = digits.lstrip("+")
    if len(bare) > LONGEST_LOCAL:
        yield f"+{bare}"
        yield f"+{bare.lstrip('0')}"
        if bare.startswith("011"):
            yield f"+{bare[3:]}"


def _costs_extra(kind: int) -> bool:
    """Numbers that follow a person wherever they are cost as much, and are abused as much, as premium ones."""
    from phonenumbers import PhoneNumberType

    return kind in (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.PERSONAL_NUMBER)


def _short(digits: str, country: str) -> NumberClass:
    """A service of the country, or a number of the town or of another office."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return NumberClass(digits, country)
    cost = phonenumbers.expected_cost_for_region(parsed, country)
    return NumberClass(
        digits,
        country,
        premium=cost == phonenumbers.ShortNumberCost.PREMIUM_RATE,
        emergency=phonenumbers.is_emergency_number(digits, country),
    )
