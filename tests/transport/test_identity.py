"""Whatever is in a name or a number, the message stays the one that was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.model.party import DialTarget, Party
from pbx.sip.address import NameAddr
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.parser import parse
from pbx.transport.identity import contact, one_line, party_address, quoted, user_part
from pbx.transport.invite_request import Ours, invite_request
from pbx.transport.leg_host import AgentSettings


@given(st.text(), st.text())
def test_a_party_is_always_one_address_at_this_node(number: str, name: str) -> None:
    value = party_address(Party(number, name), "192.0.2.1")
    assert "\r" not in value
    assert "\n" not in value
    address = NameAddr.parse(value)
    assert address.params == {}
    assert address.uri.rpartition("@")[2] in ("192.0.2.1", "anonymous.invalid")


@given(st.text(), st.text(), st.text(), st.text())
def test_no_input_adds_a_header_to_an_invite(number: str, name: str, given_name: str, value: str) -> None:
    ours = Ours("<sip:1@192.0.2.1>", "tag", "call", "192.0.2.1", ())
    request = invite_request(
        DialTarget("sip:2@192.0.2.2", f"sip:{user_part(number)}@x"),
        Party(number, name),
        ours,
        settings=AgentSettings(),
        offer=b"v=0\r\n",
        extra=(("X-" + given_name, value), ("X-Last", "end")),
    )
    request.headers.prepend("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
    again = parse(request.encode())
    assert isinstance(again, Request)
    assert again.call_id == "call"
    assert again.from_tag == "tag"
    assert again.headers.get("X-Last") == "end"
    assert again.body == b"v=0\r\n"
    known = {name.lower() for name, _ in request.headers.items()} | {"content-length"}
    assert {name.lower() for name, _ in again.headers.items()} <= known


def test_quotes_and_backslashes_are_escaped() -> None:
    assert quoted('A "B" \\ C') == '"A \\"B\\" \\\\ C"'
    assert quoted("\r\n") == ""
    assert NameAddr.parse(quoted('A "B" \\ C') + " <sip:x@y>").display == 'A "B" \\ C'


def test_control_characters_become_one_space() -> None:
    assert one_line("a\r\n\tb\x00c\u2028d") == "a b c d"


def test_a_contact_names_its_transport_and_brackets_ipv6() -> None:
    assert contact("101", Hop("UDP", "192.0.2.9", 5060, "192.0.2.1", 5080)) == "<sip:101@192.0.2.1:5080>"
    assert contact("", Hop("TCP", "::1", 5060, "::1", 5060)) == "<sip:[::1]:5060;transport=tcp>"


@pytest.mark.parametrize(
    ("transport", "secure", "written"),
    [
        ("UDP", False, "<sip:101@192.0.2.1:5060>"),
        ("TCP", False, "<sip:101@192.0.2.1:5060;transport=tcp>"),
        ("TLS", False, "<sip:101@192.0.2.1:5060;transport=tls>"),
        ("TLS", True, "<sips:101@192.0.2.1:5060>"),
        ("WSS", True, "<sips:101@192.0.2.1:5060;transport=wss>"),
        ("TCP", True, "<sip:101@192.0.2.1:5060;transport=tcp>"),
    ],
)
def test_a_contact_is_sips_where_the_peer_asked_for_it(transport: str, secure: bool, written: str) -> None:
    hop = Hop(transport, "192.0.2.9", 5060, "192.0.2.1", 5060)
    assert contact("101", hop, secure=secure) == written
