from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.feature.number_class import UNKNOWN, class_of


@pytest.mark.parametrize(
    ("dialled", "country", "region", "premium"),
    [
        ("2025550123", "US", "US", False),
        ("01131201234567", "US", "NL", False),
        ("442071838750", "US", "GB", False),  # providers take it so
        ("0044207183875012345", "US", "GB", False),  # of another country's habit, with digits too many
        ("0447400123456", "US", "GB", False),  # not Illinois with digits too many
        ("+18765551234", "US", "JM", False),  # +1, and not cheap
        ("9005551234", "US", "US", True),
        ("+190055512349999", "US", "US", True),  # providers cut the rest off
        ("09001234567", "DE", "DE", True),
        ("004470 1234 5678", "DE", "GB", True),  # follows a person, costs as a premium number
        ("3200", "FR", "FR", True),
        ("11833", "DE", "DE", False),
        ("101", "US", "US", False),
        ("+8821612345678", "US", "001", False),
        ("+979123456789", "US", "001", True),
        ("99999999999999", "US", UNKNOWN, False),
        ("+", "US", UNKNOWN, False),
        ("+5312345678901", "DE", UNKNOWN, False),
    ],
)
def test_a_number_is_read_as_a_provider_reads_it(
    dialled: str, country: str, region: str, premium: bool
) -> None:
    found = class_of(dialled, country)
    assert (found.region, found.premium) == (region, premium)


@pytest.mark.parametrize(("number", "country"), [("112", "DE"), ("110", "DE"), ("911", "US"), ("999", "GB")])
def test_a_country_s_own_emergency_numbers_are_known(number: str, country: str) -> None:
    assert class_of(number, country).emergency


PREMIUM = [
    phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if (example := phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.PREMIUM_RATE))
]


@given(st.sampled_from(PREMIUM), st.sampled_from(["US", "DE", "GB", "AU"]), st.text("0123456789", max_size=4))
def test_a_premium_number_of_any_country_stays_one_however_it_is_written(
    number: str, country: str, more: str
) -> None:
    international = {"US": "011", "AU": "0011"}.get(country, "00")
    assert class_of(number, country).premium
    assert class_of(international + number[1:], country).premium
    longer = class_of(number + more, country)
    assert longer.premium or longer.region == UNKNOWN or longer.number.startswith(number)


@given(st.text("+0123456789*# ", max_size=30), st.sampled_from(["US", "DE"]))
def test_anything_is_of_some_class(dialled: str, country: str) -> None:
    found = class_of(dialled, country)
    assert found.region in {UNKNOWN, "001", *phonenumbers.SUPPORTED_REGIONS}
