"""Outside numbers as people, phones and providers write them, and the one way this program does (E.164).

`phonenumbers` knows the plans of all countries; it is imported when the first outside number is looked at.
"""

from __future__ import annotations

from functools import lru_cache

from pbx.model.trunk import NumberFormat

__all__ = ["is_outside", "to_e164", "written"]


@lru_cache(maxsize=4096)
def to_e164(text: str, country: str, *, plus_left_out: bool = False) -> str | None:
    """`text` as somebody in `country` means it: "+" and digits; None when it cannot be an outside number.

    Providers send numbers with and without "+", so digits that are only right with one in front are taken so; where the
    provider is known to leave it out, also digits that would be right without.
    """
    import phonenumbers

    digits = text.strip()
    candidates = [digits, f"+{digits.lstrip('+')}"]
    for candidate in reversed(candidates) if plus_left_out else candidates:
        try:
            parsed = phonenumbers.parse(candidate, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed) and phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return None


@lru_cache(maxsize=4096)
def written(dialled: str, form: NumberFormat, country: str) -> str:
    """`dialled` as a provider wants to see it; what is no outside number (a short code) stays as it is."""
    number = None if form == "as_dialled" else to_e164(dialled, country)
    if number is None:
        return dialled
    if form == "e164_plus":
        return number
    if form == "e164":
        return number.removeprefix("+")
    import phonenumbers

    parsed = phonenumbers.parse(number)
    text = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    if parsed.country_code != phonenumbers.country_code_for_region(country):
        text = phonenumbers.format_out_of_country_calling_number(parsed, country)
    return "".join(each for each in text if each.isdigit())


def is_outside(number: str) -> bool:
    """Whether it is written as an E.164 number."""
    return number.startswith("+")
