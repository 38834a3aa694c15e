"""Finding SDP and digits in whatever a peer sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.model.leg_event import InfoDigit
from pbx.sip.headers import Headers
from pbx.sip.message import Request
from pbx.transport.bodies import digit_of, is_understood, sdp_of

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"


def request(kind: str, body: bytes, **more: str) -> Request:
    headers = Headers()
    if kind:
        headers.set("Content-Type", kind)
    for name, value in more.items():
        headers.set(name.replace("_", "-"), value)
    return Request("INVITE", "sip:x@y", headers, body)


@pytest.mark.parametrize("kind", ["application/sdp", "Application/SDP;charset=utf-8", ""])
def test_sdp_is_found_by_its_type_or_its_first_line(kind: str) -> None:
    assert sdp_of(request(kind, SDP)) == SDP


def test_sdp_is_found_among_other_parts() -> None:
    body = (
        b"--b\r\nContent-Type: application/isup\r\n\r\n\x00\x01\r\n"
        b"--b\r\nContent-Disposition: session\r\nContent-Type: application/sdp\r\n\r\n"
        + SDP
        + b"\r\n--b--\r\n"
    )
    assert sdp_of(request('multipart/mixed; boundary="b"', body)) == SDP
    assert sdp_of(request("multipart/mixed;boundary=other", body)) is None
    assert sdp_of(request("multipart/mixed", body)) is None


def test_sdp_is_found_in_parts_of_parts() -> None:
    """RFC 5621 5.1; not for ever."""

    def within(body: bytes, boundary: str) -> bytes:
        return b"--%b\r\n%b\r\n--%b--\r\n" % (boundary.encode(), body, boundary.encode())

    body = within(b"Content-Type: application/sdp\r\n\r\n" + SDP, "x0")
    for depth in range(5):
        found = sdp_of(request(f"multipart/mixed;boundary=x{depth}", body))
        assert found == (SDP if depth < 3 else None), depth
        body = within(
            b'content-type: multipart/alternative; boundary="x%d"\r\n\r\n' % depth + body, f"x{depth + 1}"
        )


def test_other_bodies_are_no_sdp() -> None:
    assert sdp_of(request("text/plain", b"v=0\r\n")) is None
    assert sdp_of(request("application/sdp", b"")) is None
    assert not is_understood(request("text/plain", b"hello"))
    assert is_understood(request("text/plain", b"hello", Content_Disposition="render ; handling=OPTIONAL"))
    assert not is_understood(request("application/sdp", SDP, Content_Encoding="gzip"))


@pytest.mark.parametrize(
    ("kind", "body", "digit"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160", InfoDigit("5", 160)),
        ("application/dtmf-relay", b"Signal= *\nDuration= 99999\n", InfoDigit("*", 10_000)),
        ("application/dtmf-relay", b"signal=d\r\n", InfoDigit("D", 160)),
        ("application/dtmf-relay", b"Signal=11\r\nDuration=80\r\n", InfoDigit("#", 80)),
        ("application/dtmf-relay", b"Signal=12\r\n", None),
        ("application/dtmf-relay", b"Duration=80\r\n", None),
        ("application/dtmf", b"7", InfoDigit("7")),
        ("application/dtmf", b"77", None),
        ("text/plain", b"7", None),
    ],
)
def test_digits_in_info(kind: str, body: bytes, digit: InfoDigit | None) -> None:
    assert digit_of(request(kind, body)) == digit


@given(
    st.sampled_from(["application/dtmf-relay", "application/dtmf", "multipart/mixed;boundary=b"]), st.binary()
)
def test_no_body_makes_it_fail(kind: str, body: bytes) -> None:
    sdp_of(request(kind, body))
    digit_of(request(kind, body))
