"""A telephone number as people type it: E.164, or a plain sentence why it cannot be texted. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

__all__ = ["Number", "NumberFaultError", "find_numbers", "read_number"]

MOST_LETTERS = 60
_ROUNDED = re.compile(r"^\d[.,]\d+E\+?\d+$", re.IGNORECASE)
_FLOAT = re.compile(r"^\d{7,15}\.0+$")
_TRUNK = re.compile(r"^\s*(?:tel:|sms:)", re.IGNORECASE)
_ANYTHING = re.compile(r"[^\d+]")


class NumberFaultError(ValueError):
    """Why these letters are no number that a text can go to."""


@dataclass(frozen=True, slots=True)
class Number:
    """`e164` is what Twilio wants; `region` is the ISO country."""

    e164: str
    region: str


def read_number(text: str, country: str) -> Number:
    """Raises `NumberFaultError`. `country` is what a number without + belongs to."""
    import phonenumbers

    text = _TRUNK.sub("", text).strip().lstrip("'’`").strip()
    if _ROUNDED.match(text):
        raise NumberFaultError(
            "the spreadsheet rounded it; give the column the format Text and type it again"
        )
    if _FLOAT.match(text):
        text = text.partition(".")[0]
    if not any(c.isdigit() for c in text):
        raise NumberFaultError("there is no number" if not text else "it is no telephone number")
    if len(text) > MOST_LETTERS:
        raise NumberFaultError("it is too long for a telephone number")
    try:
        parsed = phonenumbers.parse(_international(text, country), country)
    except phonenumbers.NumberParseException:
        raise NumberFaultError("it is no telephone number") from None
    return _checked(parsed, text, country)


def _international(text: str, country: str) -> str:
    """00 is what + is called where people dial it; the North American plan has no number that begins with 00."""
    bare = text.lstrip("( ")
    if bare.startswith("00") and country in ("US", "CA"):
        return "+" + bare[2:]
    return text


def _checked(parsed: PhoneNumber, text: str, country: str) -> Number:
    import phonenumbers
    from phonenumbers import PhoneNumberType as Kind

    if parsed.extension:
        raise NumberFaultError("it has an extension; a text cannot be put through")
    if not phonenumbers.is_valid_number(parsed):
        raise NumberFaultError(_why_invalid(parsed, text, country))
    refused = {
        Kind.FIXED_LINE: "it is a landline",
        Kind.TOLL_FREE: "it is a toll-free number, not a person's",
        Kind.PREMIUM_RATE: "it is a premium-rate number",
        Kind.SHARED_COST: "it is a shared-cost number",
        Kind.PAGER: "it is a pager",
        Kind.UAN: "it is a company's service number",
        Kind.VOICEMAIL: "it is a voicemail number",
    }.get(phonenumbers.number_type(parsed))
    if refused is not None:
        raise NumberFaultError(refused)
    region = phonenumbers.region_code_for_number(parsed) or "ZZ"
    return Number(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), region)


def _why_invalid(parsed: PhoneNumber, text: str, country: str) -> str:
    """Too short, too long, or of another country; the last with what it may have meant."""
    import phonenumbers

    digits = _ANYTHING.sub("", text)
    if not digits.startswith("+"):
        try:
            other = phonenumbers.parse("+" + digits, None)
        except phonenumbers.NumberParseException:
            other = None
        if other is not None and phonenumbers.is_valid_number(other):
            meant = phonenumbers.format_number(other, phonenumbers.PhoneNumberFormat.E164)
            return f"it is no number in {country}; if {meant} is meant, write it with the +"
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if reason == phonenumbers.ValidationResult.TOO_SHORT:
        return "it is too short"
    if reason == phonenumbers.ValidationResult.TOO_LONG:
        return "it is too long"
    if reason == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        return "its area code is missing"
    return "no such number is given out"


def find_numbers(text: str, country: str) -> list[tuple[int, int, str]]:
    """Where numbers stand in words: start, end and letters of each."""
    import phonenumbers

    found = phonenumbers.PhoneNumberMatcher(text, country, leniency=phonenumbers.Leniency.POSSIBLE)
    return [(match.start, match.end, match.raw_string) for match in found]
