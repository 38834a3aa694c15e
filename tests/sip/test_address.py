"""Addresses in headers: names, brackets, parameters, lists (RFC 3261 20.10, 25.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.sip.address import NameAddr
from pbx.sip.errors import ParseError
from pbx.sip.fields import quote
from tests.sip.strategies import addresses, free_text, params, sip_uris


@given(addresses())
def test_what_is_written_is_read_back(text: str) -> None:
    address = NameAddr.parse(text)
    assert NameAddr.parse(str(address)) == address


@given(free_text.map(str.strip), sip_uris(), params)
def test_any_display_name_survives(display: str, uri: str, values: dict[str, str]) -> None:
    address = NameAddr(display, uri, values)
    assert NameAddr.parse(str(address)) == address


@given(st.lists(addresses(), min_size=1, max_size=4))
def test_a_list_is_its_members(texts: list[str]) -> None:
    assert NameAddr.parse_list(", ".join(texts)) == [NameAddr.parse(text) for text in texts]


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_parse_error(text: str) -> None:
    for parse in (NameAddr.parse, NameAddr.parse_list):
        try:
            found = parse(text)
        except ParseError:
            continue
        assert found


@pytest.mark.parametrize(
    ("text", "display", "uri", "params"),
    [
        ("sip:a@b", "", "sip:a@b", {}),
        ("sip:a@b;tag=1", "", "sip:a@b", {"tag": "1"}),
        ("<sip:a@b;lr>;tag=1", "", "sip:a@b;lr", {"tag": "1"}),
        ("<sip:a@b;tag=x>", "", "sip:a@b;tag=x", {}),
        ('"A, <B>; \\"C\\\\" <sip:a@b>', 'A, <B>; "C\\', "sip:a@b", {}),
        ("Anna Bell <sip:a@b>", "Anna Bell", "sip:a@b", {}),
        ("Jürgen Groß <sip:a@b>", "Jürgen Groß", "sip:a@b", {}),
        ("<sip:a@b> ; q=0.5;+sip.instance=\"<urn:uuid:1>\"", "", "sip:a@b",
         {"q": "0.5", "+sip.instance": "<urn:uuid:1>"}),
        ("<sip:a@[2001:db8::1]:5060>;TAG=x", "", "sip:a@[2001:db8::1]:5060", {"tag": "x"}),
        ("<tel:+1555>", "", "tel:+1555", {}),
        ("*", "", "*", {}),
    ],
)  # fmt: skip
def test_the_parts_of_an_address(text: str, display: str, uri: str, params: dict[str, str]) -> None:
    address = NameAddr.parse(text)
    assert (address.display, address.uri, dict(address.params)) == (display, uri, params)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "<>",
        "<sip:a@b",
        "sip:a@b>",
        '"open <sip:a@b>',
        '"A" sip:a@b',
        "A, B <sip:a@b>",
        "sip:a@b?x=y",
        "<sip:a@b> junk",
        "<sip:a@b>;=x",
        "<sip:a@b>;tag=1;tag=2",
        "<sip:a b@c>",
        "<sip:a@b>, <sip:c@d>",
    ],
)
def test_what_is_no_single_address_is_refused(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        NameAddr.parse(text)
    assert caught.value.status == 400


def test_a_comma_in_a_name_or_in_brackets_separates_nothing() -> None:
    found = NameAddr.parse_list('"Bell, A" <sip:a@b;x=1>;q=1 ,<sip:c,d@e>,sip:f@g;q=0.1')
    assert [each.uri for each in found] == ["sip:a@b;x=1", "sip:c,d@e", "sip:f@g"]


def test_a_quoted_text_cannot_leave_its_header() -> None:
    assert quote('a\r\nVia: x"\\') == '"a  Via: x\\"\\\\"'
