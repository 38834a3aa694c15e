"""Templates, segments and the estimate."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.campaigns.cost import estimate
from edge.campaigns.segments import BASIC, EXTENDED, count_segments
from edge.campaigns.sender import SenderKind, kind_of
from edge.campaigns.template import Template, TemplateError


def test_fields_are_filled_and_may_have_a_stand_in() -> None:
    template = Template.read("Hello {First Name|there}, {{1}} at {time}.")
    assert template.fields == {"first_name", "time"}
    assert template.render({"first_name": "Ann", "time": "3"}) == "Hello Ann, {1} at 3."
    assert template.render({}) == "Hello there, {1} at ."
    assert template.lacking({"first_name": ""}) == ["time"]
    assert template.unknown(("name", "time")) == ["first_name"]


@pytest.mark.parametrize("text", ["Hello {name", "Hello name}", "Hello {}", "a {b {c} d"])
def test_broken_braces_are_said(text: str) -> None:
    with pytest.raises(TemplateError):
        Template.read(text)


def test_a_value_with_braces_is_not_read_again() -> None:
    assert Template.read("{name}").render({"name": "{phone}"}) == "{phone}"


@given(st.text(max_size=80))
def test_escaped_text_comes_back(text: str) -> None:
    assert Template.read(text.replace("{", "{{").replace("}", "}}")).render({}) == text.strip()


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("ж" * 70, "UCS-2", 70, 1),
        ("ж" * 71, "UCS-2", 71, 2),
        ("ж" * 134, "UCS-2", 134, 2),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("ж" * 66 + "😀" + "ж" * 66, "UCS-2", 134, 3),
        ("It’s", "UCS-2", 4, 1),
    ],
)
def test_segments_are_counted_as_the_networks_do(text: str, encoding: str, units: int, segments: int) -> None:
    counted = count_segments(text)
    assert (counted.encoding, counted.units, counted.segments) == (encoding, units, segments)


def test_the_letters_that_cost_are_named() -> None:
    assert count_segments("It’s “so” ’").costly == ("’", "“", "”")
    assert count_segments("[€]").costly == ()


def test_the_alphabet_is_that_of_the_standard() -> None:
    assert len(BASIC) == 127
    assert len(EXTENDED) == 10
    assert not BASIC & EXTENDED


@given(st.text(max_size=400))
def test_segments_hold_the_text_and_no_fewer_would(text: str) -> None:
    counted = count_segments(text)
    alone, joined = (160, 153) if counted.encoding == "GSM-7" else (70, 67)
    assert (counted.segments <= 1) == (counted.units <= alone)
    if counted.segments > 1:
        assert counted.segments * joined >= counted.units
        assert (counted.segments - 1) * joined < counted.units + counted.segments


def test_the_estimate_leaves_out_what_has_no_price_and_says_so() -> None:
    found = estimate([("US", 2), ("US", 1), ("GB", 4)], {"US": Decimal("0.01")})
    assert (found.messages, found.segments, found.amount) == (3, 7, Decimal("0.03"))
    assert found.unpriced == (("GB", 4),)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+18885550100", SenderKind.TOLL_FREE),
        ("+12125550100", SenderKind.LOCAL),
        ("72345", SenderKind.SHORT_CODE),
        ("+447911123456", SenderKind.OTHER),
    ],
)
def test_the_kind_of_a_sender(number: str, kind: SenderKind) -> None:
    assert kind_of(number) is kind
