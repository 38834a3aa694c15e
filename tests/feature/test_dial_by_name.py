"""Dial by name: who is meant by digits that stand for letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.feature.dial_by_name import matching, on_keys

OFFICE = {
    "101": "Alice Example",
    "102": "Bob Müller",
    "103": "Anna-Lena Schmidt",
    "104": "Ken Anders",
    "105": "Łukasz Straße",
    "106": "Meeting Room 2",
}


def found(digits: str) -> list[str]:
    return [each.number for each in matching(digits, OFFICE)]


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("254", ["101"]),  # ali
        ("392", ["101"]),  # exa
        ("685537", ["102"]),  # muller
        ("6835537", ["102"]),  # mueller
        ("26337", ["104"]),  # anders
        ("266", ["103"]),  # ann
        ("26", ["104", "102", "103"]),  # an, bo: a last name goes before a first name
        ("58527", ["105"]),  # lukas
        ("7872773", ["105"]),  # strasse, as far as the keys of straße say it
        ("536", ["104", "103"]),  # ken, len: a whole word, then any part of a name
        ("63384647", ["106"]),  # meeting r
        ("63384642", []),
        ("9999", []),
        ("", []),
        ("2*", []),
    ],
)
def test_who_is_meant(digits: str, expected: list[str]) -> None:
    assert found(digits) == expected


def test_digits_may_go_on_into_the_next_word() -> None:
    assert found("6338464766") == ["106"]  # meetingroom
    assert found("633846476662") == ["106"]
    assert [each.exact for each in matching("633846476662", OFFICE)] == [True]


def test_a_whole_word_goes_before_the_beginning_of_one() -> None:
    office = {"201": "Zoe Anderson", "202": "Zoe Ander"}
    assert [each.number for each in matching("26337", office)] == ["202", "201"]


def test_the_keys_are_those_of_e_161() -> None:
    assert on_keys("abcdefghijklmnopqrstuvwxyz") == {"22233344455566677778889999"}


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@given(st.lists(names, max_size=6), st.text("0123456789", max_size=6))
def test_everybody_found_has_a_name_that_begins_so(several: list[str], digits: str) -> None:
    office = {str(100 + n): name for n, name in enumerate(several)}
    for match in matching(digits, office):
        words = match.name.replace("-", " ").replace(",", " ").split()
        joined = ["".join(words[start:]) for start in range(len(words))]
        assert any(way.startswith(digits) for each in joined for way in on_keys(each)) or digits == ""


@given(names)
def test_whoever_dials_a_whole_name_finds_it(name: str) -> None:
    for way in on_keys("".join(name.replace("-", " ").replace(",", " ").split())):
        if way:
            assert [each.number for each in matching(way, {"100": name})] == ["100"]
