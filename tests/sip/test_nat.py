"""Where a response goes (RFC 3261 18.2.1, 18.2.2, RFC 3581)."""

from __future__ import annotations

import pytest

from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.nat import fix_via, response_hop
from pbx.sip.parser import parse
from tests.sip.samples import TCP, UDP, text

BEHIND_NAT = Hop("UDP", "203.0.113.9", 31000, "192.0.2.1", 5060)


def request(via: str) -> Request:
    message = parse(
        text("OPTIONS").replace(b"SIP/2.0/UDP 192.0.2.7:5062;rport;branch=z9hG4bKtheirs1", via.encode())
    )
    assert isinstance(message, Request)
    return message


def test_rport_is_filled_in_with_received() -> None:
    message = request("SIP/2.0/UDP 10.0.0.5:5062;rport;branch=z9hG4bKx")
    fix_via(message, BEHIND_NAT)
    assert dict(message.via.params) == {"rport": "31000", "branch": "z9hG4bKx", "received": "203.0.113.9"}
    assert response_hop(message, BEHIND_NAT) == BEHIND_NAT


def test_without_rport_the_answer_goes_to_the_port_of_the_via() -> None:
    message = request("SIP/2.0/UDP 10.0.0.5:5070;branch=z9hG4bKx")
    fix_via(message, BEHIND_NAT)
    assert message.via.params["received"] == "203.0.113.9"
    back = response_hop(message, BEHIND_NAT)
    assert (back.remote_host, back.remote_port) == ("203.0.113.9", 5070)


def test_without_any_port_it_is_the_default_one() -> None:
    message = request("SIP/2.0/UDP phone.invalid;branch=z9hG4bKx")
    assert response_hop(message, BEHIND_NAT).remote_port == 5060


def test_a_true_address_needs_no_received() -> None:
    message = request("SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKx")
    fix_via(message, UDP)
    assert "received" not in message.via.params


@pytest.mark.parametrize(
    "lie", ["received=198.51.100.1;rport=9", "maddr=198.51.100.1", "received=198.51.100.1"]
)
def test_no_parameter_sends_the_answer_to_somebody_else(lie: str) -> None:
    message = request(f"SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKx;{lie}")
    fix_via(message, BEHIND_NAT)
    assert message.via.params["received"] == "203.0.113.9"
    assert response_hop(message, BEHIND_NAT).remote_host == "203.0.113.9"


def test_on_a_stream_the_answer_takes_the_same_connection() -> None:
    message = request("SIP/2.0/TCP 10.0.0.5:5070;branch=z9hG4bKx")
    assert response_hop(message, TCP) == TCP


def test_only_the_top_via_is_touched() -> None:
    message = request("SIP/2.0/UDP 10.0.0.5;rport;branch=z9hG4bKx\r\nVia: SIP/2.0/UDP b.test;rport")
    fix_via(message, BEHIND_NAT)
    assert message.headers.all("Via")[1] == "SIP/2.0/UDP b.test;rport"


def test_an_ipv6_source_is_written_without_brackets() -> None:
    hop = Hop("UDP", "2001:db8::9", 5062, "2001:db8::1", 5060)
    message = request("SIP/2.0/UDP [2001:db8::9]:5062;branch=z9hG4bKx")
    fix_via(message, hop)
    assert "received" not in message.via.params
    behind = request("SIP/2.0/UDP [fd00::5]:5062;rport;branch=z9hG4bKx")
    fix_via(behind, hop)
    assert behind.via.params["received"] == "2001:db8::9"
