"""Signatures against a second implementation written from Twilio's documentation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from edge.twilio.signature import TwilioSignature
from tests.fakes.twilio.webhooks import signature

URL = "https://edge.example.com/twilio/sms?send=01&x=%2B1"
FORM = {"To": "+12025550100", "From": "+13105550123", "Body": "héllo wörld 👍", "NumMedia": "0"}


def test_signature_of_the_documentation() -> None:
    """The example of https://www.twilio.com/docs/usage/security."""
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, form) == "L/OH5YylLD5NRKLltdqwSvS0BnU="
    assert TwilioSignature("12345").is_valid(url, form, "L/OH5YylLD5NRKLltdqwSvS0BnU=")


@given(st.dictionaries(st.text(min_size=1), st.text()), st.text(min_size=1, max_size=40))
def test_both_implementations_agree(form: dict[str, str], token: str) -> None:
    assert TwilioSignature(token).is_valid(URL, form, signature(token, URL, form))


def test_anything_else_is_refused() -> None:
    right = signature("token", URL, FORM)
    check = TwilioSignature("token")
    assert check.is_valid(URL, FORM, right)
    assert not check.is_valid(URL, FORM, "")
    assert not check.is_valid(URL, FORM, right[:-1])
    assert not check.is_valid(URL, FORM, "é" * len(right))
    assert not check.is_valid(URL, {**FORM, "Body": "other"}, right)
    assert not check.is_valid(URL, {**FORM, "More": ""}, right)
    assert not check.is_valid(URL.replace("send=01", "send=02"), FORM, right)
    assert not check.is_valid(URL.replace("https", "http"), FORM, right)
    assert not TwilioSignature("another").is_valid(URL, FORM, right)


def test_field_may_be_there_twice() -> None:
    form = MultiDict([("Digits", "1"), ("Media", "b"), ("Media", "a")])
    check = TwilioSignature("token")
    assert check.is_valid(URL, form, check.sign(URL, form))
    assert not check.is_valid(URL, dict(form), check.sign(URL, form))
