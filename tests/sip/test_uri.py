"""SIP URIs: reading, writing, and what counts as the same (RFC 3261 19.1.4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.sip.errors import ParseError
from pbx.sip.uri import SipUri, tel_number
from tests.sip.strategies import sip_uris


def parsed(text: str) -> SipUri | None:
    """The URI, None when it is refused. Whatever else is raised is a bug."""
    try:
        return SipUri.parse(text)
    except ParseError:
        return None


EQUAL = [  # RFC 3261 19.1.4's own examples
    ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
    ("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
     "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"),
    ("sip:alice@atlanta.com?subject=project%20x&priority=urgent",
     "sip:alice@atlanta.com?priority=urgent&subject=project%20x"),
]  # fmt: skip
DIFFERENT = [
    ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
    ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
    ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
    ("sip:biloxi.com", "sip:bob@biloxi.com"),
    ("sip:bob@biloxi.com", "sip:bob:secret@biloxi.com"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;maddr=192.0.2.1"),
    ("sip:bob@biloxi.com;user=ip", "sip:bob@biloxi.com;user=phone"),
]


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_the_rfcs_equal_uris_match(left: str, right: str) -> None:
    assert SipUri.parse(left).matches(SipUri.parse(right))
    assert SipUri.parse(right).matches(SipUri.parse(left))


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_the_rfcs_different_uris_do_not_match(left: str, right: str) -> None:
    assert not SipUri.parse(left).matches(SipUri.parse(right))
    assert not SipUri.parse(right).matches(SipUri.parse(left))


@given(sip_uris(), sip_uris())
def test_matching_is_symmetric(left: str, right: str) -> None:
    one, other = SipUri.parse(left), SipUri.parse(right)
    assert one.matches(other) == other.matches(one)
    assert one.matches(one)


@given(sip_uris())
def test_what_is_written_is_read_back(text: str) -> None:
    uri = SipUri.parse(text)
    assert SipUri.parse(str(uri)) == uri


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_text_is_a_uri_or_a_parse_error(user: str, rest: str) -> None:
    for text in (user, f"sip:{user}@example.com", f"sip:h;{rest}", f"sip:u@{rest}", f"sip:h?{rest}"):
        uri = parsed(text)
        if uri is not None:
            assert SipUri.parse(str(uri)).matches(uri)


def test_the_parts_of_a_uri() -> None:
    uri = SipUri.parse("sips:al%69ce:p%20w@Example.COM:5061;transport=tcp;lr?Subject=x&a=b")
    assert (uri.scheme, uri.user, uri.password) == ("sips", "alice", "p%20w")
    assert (uri.host, uri.port) == ("example.com", 5061)
    assert dict(uri.params) == {"transport": "tcp", "lr": ""}
    assert uri.headers == "Subject=x&a=b"


def test_ipv6_keeps_its_brackets() -> None:
    uri = SipUri.parse("sip:101@[2001:DB8::1]:5070")
    assert (uri.host, uri.port) == ("[2001:db8::1]", 5070)
    assert str(uri) == "sip:101@[2001:db8::1]:5070"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 400),
        ("alice", 400),
        ("sip:", 400),
        ("sip:@example.com", 400),
        ("sip:a@b@example.com", 400),
        ("sip:a@example.com?To=sip:b@c", 400),
        ("sip:a@example.com:", 400),
        ("sip:a@example.com:65536", 400),
        ("sip:a@exa mple.com", 400),
        ("sip:a@-example.com", 400),
        ("sip:a@example.com;", 400),
        ("sip:a@example.com;x=", 400),
        ("sip:a%4@example.com", 400),
        ("http://example.com", 416),
        ("tel:+15551234", 416),
    ],
)
def test_what_is_no_sip_uri_gets_its_status(text: str, status: int) -> None:
    with pytest.raises(ParseError) as caught:
        SipUri.parse(text)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("tel:+1-201-555-0123", "+12015550123"),
        ("TEL:863-1234;phone-context=+1-914-555", "8631234"),
        ("tel:(02)7.5*#", "0275*#"),
        ("tel:", None),
        ("tel:hello", None),
        ("sip:102@example.com", None),
    ],
)
def test_the_number_of_a_tel_uri(text: str, number: str | None) -> None:
    assert tel_number(text) == number
