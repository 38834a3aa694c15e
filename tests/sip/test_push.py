"""RFC 8599's Contact parameters, as phones write them."""

from __future__ import annotations

import json

import pytest

from pbx.sip.address import NameAddr
from pbx.sip.push import PushParams, params_of, without_token

APPLE = "a" * 64


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (
            f"pn-provider=apns;pn-param=DEF123GHIJ.org.example.phone.voip;pn-prid={APPLE}",
            ("apns", APPLE, "org.example.phone"),
        ),
        (
            f"pn-provider=apns;pn-param=DEF123GHIJ.org.example.phone;pn-prid={APPLE}",
            ("apns", APPLE, "org.example.phone"),
        ),
        (
            f"pn-provider=apns;pn-param=ABCD1234.org.linphone.phone.voip&remote;pn-prid={'b' * 64}:remote&{APPLE}:voip",
            ("apns", APPLE, "ABCD1234.org.linphone.phone", "b" * 64),
        ),
        (
            "pn-provider=fcm;pn-param=office-phone;pn-prid=cJ1:APA91b-x_y",
            ("fcm", "cJ1:APA91b-x_y", "office-phone"),
        ),
        ("PN-Provider=FCM;pn-prid=abc", ("fcm", "abc", "")),
    ],
)
def test_what_a_contact_says_is_understood(params: str, expected: tuple[str, ...]) -> None:
    assert params_of(NameAddr.parse(f"<sip:101@10.0.0.5;{params}>")) == PushParams(*expected)  # type: ignore[arg-type]


def test_web_push_has_an_address_and_no_keys() -> None:
    found = params_of(
        NameAddr.parse("<sip:101@10.0.0.5;pn-provider=webpush;pn-prid=https%3A//push.example/abc%3Fd>")
    )
    assert found is not None
    assert json.loads(found.token) == {"endpoint": "https://push.example/abc?d"}


@pytest.mark.parametrize(
    "params",
    [
        "",
        "pn-provider=fcm",
        "pn-provider=other;pn-prid=x",
        "pn-prid=x",
        f"pn-provider=fcm;pn-prid={'x' * 1025}",
        f"pn-provider=apns;pn-param=DEF123GHIJ.org.example.phone.remote;pn-prid={APPLE}",
    ],
)
def test_a_contact_that_says_too_little_is_of_a_phone_that_is_not_woken(params: str) -> None:
    assert params_of(NameAddr.parse(f"<sip:101@10.0.0.5{params and ';'}{params}>")) is None


def test_a_token_is_not_logged() -> None:
    shown = without_token("sip:101@10.0.0.5;pn-provider=fcm;pn-prid=secret;x=1")
    assert shown == "sip:101@10.0.0.5;pn-provider=fcm;pn-prid=…;x=1"
