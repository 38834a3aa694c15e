from __future__ import annotations

import pytest

from pbx.feature.numbering import to_e164, written


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("(202) 555-0123", "US", "+12025550123"),
        ("12025550123", "US", "+12025550123"),
        ("+49 30 901820", "US", "+4930901820"),
        ("030 901820", "DE", "+4930901820"),
        ("0049 30 901820", "DE", "+4930901820"),
        ("4930901820", "DE", "+4930901820"),
        ("4930901820", "US", "+4930901820"),
        ("101", "US", None),
        ("911", "US", None),
        ("", "US", None),
        ("anonymous", "US", None),
        ("+999123", "US", None),
    ],
)
def test_numbers_are_understood_as_people_of_the_country_write_them(
    text: str, country: str, number: str | None
) -> None:
    assert to_e164(text, country) == number


def test_numbers_are_written_as_the_provider_wants_them() -> None:
    assert written("(202) 555-0123", "e164_plus", "US") == "+12025550123"
    assert written("(202) 555-0123", "e164", "US") == "12025550123"
    assert written("+12025550123", "national", "US") == "2025550123"
    assert written("+4930901820", "national", "DE") == "030901820"
    assert written("+4930901820", "national", "US") == "0114930901820"
    assert written("011 49 30 901820", "as_dialled", "US") == "011 49 30 901820"
    assert written("911", "e164_plus", "US") == "911"
