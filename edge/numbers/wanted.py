"""What a number should be set to at Twilio, and in words what differs. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from edge.model.numbers import NumberDrift, NumberKind
from edge.twilio.number_client import is_toll_free
from edge.twilio.records import Number, NumberSettings

__all__ = ["Place", "differences", "is_ours", "kind_of", "wanted"]

VOICE = "/twilio/voice"
VOICE_STATUS = "/twilio/voice/status"
SMS = "/twilio/sms"
WORDS = {
    "voice_url": "calls",
    "voice_fallback_url": "calls that the edge does not answer",
    "sms_url": "texts",
    "sms_fallback_url": "texts that the edge does not answer",
    "status_callback": "the ends of calls",
}


@dataclass(frozen=True, slots=True)
class Place:
    """An edge's public address, and that of the one that stands in for it; the latter may be empty."""

    base: str
    fallback: str = ""


def wanted(place: Place, *, name: str = "", trunk_sid: str = "") -> NumberSettings:
    """A number with a trunk gives its calls to that; Twilio then does not look at the addresses for calls."""
    there = place.fallback
    return NumberSettings(
        name=name,
        voice_url=place.base + VOICE,
        voice_fallback_url=there + VOICE if there else "",
        sms_url=place.base + SMS,
        sms_fallback_url=there + SMS if there else "",
        status_callback=place.base + VOICE_STATUS,
        trunk_sid=trunk_sid,
    )


def differences(number: Number, should: NumberSettings) -> tuple[NumberDrift, ...]:
    """What at Twilio is not as it should be. The name is not looked at: it harms nobody."""
    has = number.settings
    found = [
        NumberDrift(what=what, words=_words(subject, getattr(has, what), getattr(should, what)))
        for what, subject in WORDS.items()
        if getattr(has, what) != getattr(should, what)
    ]
    if has.trunk_sid != should.trunk_sid:
        found.append(NumberDrift(what="trunk_sid", words=_trunk(has.trunk_sid, should.trunk_sid)))
    if number.application:
        found.append(NumberDrift(what="application", words="A Twilio application overrides the addresses."))
    found += [
        NumberDrift(what=what, words=f"{what} is not POST: what callers say and press would stand in logs.")
        for what in number.other_methods
    ]
    return tuple(found)


def is_ours(number: Number, should: NumberSettings) -> bool:
    """Whether a number that is found in the account is one that an order with these settings has bought: Twilio sells
    and sets up in one step."""
    return number.settings.voice_url == should.voice_url


def kind_of(e164: str) -> NumberKind:
    """As far as the number itself says: mobile and local numbers look alike in North America."""
    if is_toll_free(e164):
        return "toll_free"
    if e164.startswith("+1"):
        return "local"
    import phonenumbers

    kind = phonenumbers.number_type(phonenumbers.parse(e164))
    if kind == phonenumbers.PhoneNumberType.TOLL_FREE:
        return "toll_free"
    return "mobile" if kind == phonenumbers.PhoneNumberType.MOBILE else "local"


def country_of(e164: str) -> str:
    """ISO 3166-1, or ""."""
    import phonenumbers

    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(e164)) or ""
    except phonenumbers.NumberParseException:
        return ""


def _words(subject: str, has: str, should: str) -> str:
    if not should:
        return f"For {subject}, Twilio asks {has}, and should ask nobody."
    if not has:
        return f"For {subject}, Twilio asks nobody, and should ask {should}."
    return f"For {subject}, Twilio asks {has}, and should ask {should}."


def _trunk(has: str, should: str) -> str:
    if not should:
        return f"Calls go to the SIP trunk {has} and not to the edge."
    return f"Calls should go to the SIP trunk {should}, and go {'to ' + has if has else 'to the edge'}."
