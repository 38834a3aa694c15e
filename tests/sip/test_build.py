"""New messages: responses (RFC 3261 8.2.6) and requests."""

from __future__ import annotations

import pytest

from pbx.sip.build import request_of, response_to
from pbx.sip.parser import parse
from tests.sip.samples import from_phone, text


def test_a_response_copies_what_it_must_in_order() -> None:
    request = from_phone(
        "INVITE", extra="Via: SIP/2.0/UDP b.test\r\nRecord-Route: <sip:p.test;lr>\r\nSubject: x\r\n"
    )
    response = response_to(request, 180, to_tag="t")
    for name in ("Via", "From", "Call-ID", "CSeq", "Record-Route"):
        assert response.headers.all(name) == request.headers.all(name)
    assert response.to_tag == "t"
    assert "Subject" not in response.headers
    assert parse(response.encode()) == response


def test_a_response_can_be_changed_without_changing_its_request() -> None:
    request = from_phone("INVITE")
    response_to(request, 200, to_tag="t").headers.add("Via", "SIP/2.0/UDP x")
    assert len(request.headers.all("Via")) == 1
    assert request.to_tag is None


@pytest.mark.parametrize(
    ("to", "tags"),
    [
        ("<sip:102@a>", 1),
        ("<sip:102@a>;tag=x", 1),
        ("<sip:102@a> ; TAG = x", 1),
        ("sip:102@a", 1),
        ("<sip:102@a;tag=x>", 2),  # that one is the URI's
        ('";tag=" <sip:102@a>', 2),  # and that one a joke
    ],
)
def test_a_to_tag_is_added_exactly_once(to: str, tags: int) -> None:
    data = text("OPTIONS").replace(b"To: <sip:102@192.0.2.1>", f"To: {to}".encode())
    response = response_to(parse(data), 200, to_tag="ours")  # type: ignore[arg-type]  # a request, as written above
    value = response.headers.get("To") or ""
    assert value.lower().replace(" ", "").count("tag=") == tags
    assert response.to_tag == ("x" if "> ; TAG" in to or to.endswith(">;tag=x") else "ours")


def test_100_has_no_tag_but_the_timestamp() -> None:
    response = response_to(from_phone("INVITE", extra="Timestamp: 54\r\n"), 100, to_tag="t")
    assert response.to_tag is None
    assert response.headers.get("Timestamp") == "54"
    assert response_to(from_phone("INVITE", extra="Timestamp: 54\r\n"), 180).headers.get("Timestamp") is None


@pytest.mark.parametrize(("status", "reason"), [(486, "Busy Here"), (299, "OK"), (499, "Request Failure")])
def test_every_status_has_a_reason(status: int, reason: str) -> None:
    assert response_to(from_phone("INVITE"), status).reason == reason
    assert response_to(from_phone("INVITE"), status, "Own").reason == "Own"


def test_a_request_from_nothing_is_whole_once_it_has_a_via() -> None:
    request = request_of(
        "OPTIONS", "sip:b@c", from_="<sip:a@c>;tag=1", to="<sip:b@c>", call_id="i", cseq=7,
        headers=(("Accept", "application/sdp"), ("Accept", "text/plain")), body=b"x",
    )  # fmt: skip
    request.headers.prepend("Via", "SIP/2.0/UDP a;branch=z9hG4bK1")
    assert parse(request.encode()) == request
    assert request.cseq == (7, "OPTIONS")
    assert request.headers.all("Accept") == ["application/sdp", "text/plain"]
