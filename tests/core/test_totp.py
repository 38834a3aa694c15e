"""Codes against the vectors of RFC 4226 (appendix D) and RFC 6238 (appendix B, the last six digits)."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.core.totp import code_at, matching_step, new_secret, uri

SECRET = base64.b32encode(b"12345678901234567890").decode()
HOTP = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


@pytest.mark.parametrize(("step", "code"), list(enumerate(HOTP)))
def test_counter_vectors(step: int, code: str) -> None:
    assert code_at(SECRET, step) == code


@pytest.mark.parametrize(
    ("now_s", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_time_vectors(now_s: int, code: str) -> None:
    assert matching_step(SECRET, code, now_s) == now_s // 30


def test_a_clock_may_be_one_step_off_and_no_more() -> None:
    code = code_at(SECRET, 100)
    found = [matching_step(SECRET, code, step * 30 + 29.9) for step in (98, 99, 100, 101, 102)]
    assert found == [None, 100, 100, 100, None]


def test_a_step_that_was_used_is_used_up_and_so_are_those_before() -> None:
    now_s = 3000.0
    assert matching_step(SECRET, code_at(SECRET, 100), now_s, after=99) == 100
    assert matching_step(SECRET, code_at(SECRET, 100), now_s, after=100) is None
    assert matching_step(SECRET, code_at(SECRET, 99), now_s, after=100) is None


@pytest.mark.parametrize(
    "code", ["", "28708", "2870820", "28708x", "\uff12\uff18\uff17\uff10\uff18\uff12", "-87082", "287.82"]
)
def test_what_is_no_code_is_refused(code: str) -> None:
    assert matching_step(SECRET, code, 59) is None


def test_blanks_are_forgiven() -> None:
    assert matching_step(SECRET, " 287 082 ", 59) == 1


@given(st.integers(min_value=0, max_value=2**40))
def test_every_step_has_six_digits(step: int) -> None:
    code = code_at(SECRET, step)
    assert len(code) == 6
    assert code.isdigit()


def test_the_uri_carries_what_an_app_needs() -> None:
    secret = new_secret()
    assert len(base64.b32decode(secret)) == 20
    parts = urlsplit(uri(secret, "alice@x", "Bellwire Bern & Söhne"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Bellwire Bern & Söhne:alice@x"
    query = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert query["secret"] == secret
    assert (query["issuer"], query["digits"], query["period"]) == ("Bellwire Bern & Söhne", "6", "30")
