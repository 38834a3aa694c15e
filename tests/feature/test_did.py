"""Blocks of numbers, and where the last digits lead."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pbx.feature.did import destination_of, number_of
from pbx.feature.office_check import check_record
from pbx.model.inbound_number import InboundNumber
from pbx.model.kinds import INBOUND_NUMBER


def did(number: str, destination: str, **more: Any) -> InboundNumber:
    return InboundNumber(number=number, name="N", destination=destination, **more)


BLOCK = did("+4930901820000", "2XX", last="+4930901820099")
LARGE = did("+4930901820000", "1XXX", last="+4930901829999")
ONE = did("+4930901820042", "500")


@pytest.mark.parametrize(
    ("called", "leads_to"),
    [
        ("+4930901820000", "200"),
        ("+4930901820017", "217"),
        ("+4930901820099", "299"),
        ("+4930901820042", "500"),
        ("+4930901820100", "1100"),
        ("+4930901829999", "19999"[:1] + "999"),
        ("+4930901830000", None),
        ("+49309018200171", None),
        ("+493090182001", None),
        ("17", None),
    ],
)
def test_the_smallest_that_holds_the_number_decides(called: str, leads_to: str | None) -> None:
    found = number_of([LARGE, BLOCK, ONE], called, "p")
    assert (destination_of(found, called) if found else None) == leads_to


def test_a_number_of_another_trunk_is_none() -> None:
    number = did("+4930901820042", "500", trunk="other")
    assert number_of([number], number.number, "p") is None
    assert number_of([number], number.number, "other") is number


@pytest.mark.parametrize(
    ("last", "destination", "field"),
    [
        ("+4930901820000", "2XX", "last"),
        ("+4930901819999", "2XX", "last"),
        ("+49309018200999", "2XX", "last"),
        ("+4930901820099", "X" * 14, "destination"),
    ],
)
def test_a_block_that_contradicts_itself_is_refused(last: str, destination: str, field: str) -> None:
    record = did("+4930901820000", destination, last=last)
    assert [each.path for each in check_record({}, INBOUND_NUMBER, record)] == [f"$.{field}"]
    assert list(check_record({}, INBOUND_NUMBER, BLOCK)) == []


def test_only_digits_codes_and_places_are_a_destination() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"number": "+4930901820", "name": "N", "destination": "2xY"}, InboundNumber)
