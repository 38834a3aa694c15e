"""What is shown of a message holds none of its secrets, and every other byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.sip.digest import authorize
from pbx.sip.redact import redacted

HEAD = b"REGISTER sip:x SIP/2.0\r\nCall-ID: 1\r\n"
SECRETS = [
    (b'Authorization: Digest username="101", response="%s", uri="sip:x"\r\n', b"0123456789abcdef" * 2),
    (b'authorization:Digest username="101",response="%s"\r\n', b"0123456789abcdef" * 2),
    (b'Proxy-Authorization : Digest uri="sip:x",\r\n response = "%s"\r\n', b"0123456789abcdef" * 2),
    (b"PROXY-AUTHORIZATION: Digest response=%s, nc=1\r\n", b"0123456789abcdef" * 2),
    (b'Authorization: Digest response="%s\r\n', b"0123456789abcdef"),
    (b"Authorization: Basic %s\r\n", b"YTpiYzpk"),
    (b"Authorization: Bearer %s\r\n", b"eyJhbGciOi.JIUzI1NiIs.InR5cCI6"),
    (b'Authentication-Info: rspauth="%s", qop=auth\r\n', b"0123456789abcdef"),
    (
        b"\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s|2^20|1:4 FEC=x\r\n",
        b"WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
    ),
    (b"\r\nA=CRYPTO:2 AES_CM_128_HMAC_SHA1_32 INLINE:%s\r\n", b"NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj"),
    (b"\r\na=ice-pwd:%s\r\n", b"asd88fgpdd777uzjYhagZg"),
    (b"\r\nk=base64:%s\r\n", b"bm90IHRoaXMgb25l"),
    (b"Contact: <sip:a@b;pn-provider=fcm;pn-prid=%s;pn-param=p>;expires=60\r\n", b"fEcT:APA91b_0-9&x:remote"),
    (b"m: <sip:a@b;PN-PRID = %s>\r\n", b"0a1b2c3d"),
    (b"Contact: <sip:a@b>;pn-prid=%s\r\n", b"0a1b2c3d"),
]


@pytest.mark.parametrize(("field", "secret"), SECRETS)
def test_secrets_are_crossed_out_in_place(field: bytes, secret: bytes) -> None:
    message = HEAD + field % secret + b"Max-Forwards: 70\r\n\r\nbody"
    shown = redacted(message)
    assert secret not in shown
    assert shown == message.replace(secret, b"x" * len(secret))


@pytest.mark.parametrize(
    "body", [b"Signal=%s\r\nDuration=160\r\n", b"signal = %s \nduration=99\n", b"%s", b"%s\r\n"]
)
@pytest.mark.parametrize("key", [b"5", b"#", b"11", b"D"])
def test_a_key_by_info_is_nobodys_to_read(body: bytes, key: bytes) -> None:
    head = b"INFO sip:101@x SIP/2.0\r\nCSeq: 5 INFO\r\nAuthorization: Basic YTpiYzpk\r\n\r\n"
    shown = redacted(head + body % key)
    assert shown == head.replace(b"YTpiYzpk", b"xxxxxxxx") + body % (b"x" * len(key))
    other = b"OPTIONS" + head[4:]
    assert redacted(other + body % key).endswith(body % key)


def test_two_keys_in_one_line_are_both_crossed_out() -> None:
    shown = redacted(b"a=crypto:1 X inline:AAAA|2^20;inline:BBBB|2^20\r\n")
    assert shown == b"a=crypto:1 X inline:xxxx|2^20;inline:xxxx|2^20\r\n"


def test_what_is_no_secret_stays() -> None:
    message = (
        HEAD + b'WWW-Authenticate: Digest realm="r", nonce="n"\r\nSubject: response="yes" inline:no\r\n'
        b"X-Response: response=1\r\n\r\na=ice-ufrag:abcd\r\na=fingerprint:sha-256 AB:CD\r\n"
    )
    assert redacted(message) == message


@given(st.text(min_size=1, max_size=20), st.text(max_size=20), st.integers(1, 99))
def test_no_answer_of_ours_can_be_read(username: str, realm: str, count: int) -> None:
    quoted = realm.replace("\\", "").replace('"', "")
    value = authorize(
        [f'Digest realm="{quoted}", nonce="n", qop="auth"'],
        method="A", uri="sip:x", username=username, password="p", cnonce="c", count=count,
    )  # fmt: skip
    if value is None or any(each in value for each in "\r\n"):
        return
    answer = value.rpartition('response="')[2][:32].encode()
    message = HEAD + b"Authorization: " + value.encode() + b"\r\n\r\n"
    assert answer not in redacted(message)
    assert len(redacted(message)) == len(message)


@given(st.binary(max_size=300))
def test_anything_keeps_its_length(data: bytes) -> None:
    for each in (
        data,
        b"INFO " + data,
        b"Authorization: Digest " + data,
        b"a=crypto:" + data,
        b"Authorization: " + data,
    ):
        assert len(redacted(each)) == len(each)
