"""What the endpoint does around the machines: bad input, keep-alives, sizes, matching."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.sip.effects import DeliverRequest, Effect, Transmit
from pbx.sip.errors import ParseError
from pbx.sip.framer import KeepAlive, StreamFramer
from pbx.sip.hop import Hop
from pbx.sip.message import Response
from pbx.sip.outgoing import TooLargeForUdp
from tests.sip.samples import TCP, UDP, answer, every, lines, make_endpoint, only, our_request, sent, text


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (text("OPTIONS").replace(b"SIP/2.0\r\n", b"SIP/7.0\r\n", 1), 505),
        (text("OPTIONS", uri="soap.beep://192.0.2.103:3002"), 416),
        (text("OPTIONS", cseq_method="INVITE"), 400),
        (text("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: 9"), 400),
    ],
    ids=["version", "scheme", "CSeq method", "short body"],
)
def test_a_malformed_request_is_answered_without_a_transaction(data: bytes, status: int) -> None:
    endpoint = make_endpoint()
    effects = endpoint.receive(data, UDP, 0.0)
    assert lines(effects) == [str(status)]
    assert endpoint.live == 0
    assert endpoint.counters[f"refused_{status}"] == 1


def test_a_malformed_request_gets_the_same_tag_each_time_it_comes() -> None:
    endpoint = make_endpoint()
    data = text("INVITE", uri="soap.beep://192.0.2.103:3002")
    first, again = (only(Transmit, endpoint.receive(data, UDP, at)).data for at in (0.0, 0.5))
    assert first == again
    assert b";tag=" in first.split(b"To:")[1]


@pytest.mark.parametrize("name", [b"From", b"To", b"Call-ID"])
def test_a_request_without_its_dialog_is_told_so(name: bytes) -> None:
    data = b"\r\n".join(line for line in text("OPTIONS").split(b"\r\n") if not line.startswith(name + b":"))
    (answered,) = (
        effect for effect in make_endpoint().receive(data, UDP, 0.0) if isinstance(effect, Transmit)
    )
    assert answered.data.startswith(b"SIP/2.0 400 Missing " + name)


@pytest.mark.parametrize("name", [b"Via", b"CSeq"])
def test_without_the_headers_an_answer_needs_there_is_silence(name: bytes) -> None:
    endpoint = make_endpoint()
    data = b"\r\n".join(line for line in text("OPTIONS").split(b"\r\n") if not line.startswith(name + b":"))
    assert endpoint.receive(data, UDP, 0.0) == []
    assert endpoint.counters == {"malformed": 1}


def test_an_ack_is_never_answered() -> None:
    endpoint = make_endpoint()
    for data in (
        text("ACK", uri="soap.beep://192.0.2.103:3002"),
        text("ACK").replace(b"SIP/2.0\r\n", b"SIP/7.0\r\n", 1),
        text("ACK", cseq_method="INVITE"),
        text("ACK", to_tag="unknown"),
    ):
        assert endpoint.receive(data, UDP, 0.0) == []
    assert sum(endpoint.counters.values()) == 4


def test_the_ack_of_a_challenge_is_not_read_and_that_of_an_answer_is() -> None:
    endpoint = make_endpoint()
    endpoint.challenge = lambda _request, _hop: (("WWW-Authenticate", "Digest"),)
    invite, ack = text("INVITE", branch="z9hG4bKasked"), text("ACK", branch="z9hG4bKasked", to_tag="any")
    assert lines(endpoint.receive(invite, UDP, 0.0)) == ["401"]
    for nonsense in (ack, ack, b"ACK " + ack.partition(b"\r\n")[2]):
        assert endpoint.receive(nonsense, UDP, 0.1) == []
    assert endpoint.counters["stray_ack"] == 3
    endpoint.challenge = lambda _request, _hop: ()
    (delivered,) = every(DeliverRequest, endpoint.receive(text("INVITE", branch="z9hG4bKtaken"), UDP, 0.2))
    endpoint.respond(delivered.transaction, answer(delivered.request, 486), 0.3)
    ack = text("ACK", branch="z9hG4bKtaken", to_tag="ours")
    endpoint.receive(ack, UDP, 0.4)
    assert endpoint.counters["stray_ack"] == 3


def test_a_malformed_response_is_dropped() -> None:
    endpoint = make_endpoint()
    _, effects = endpoint.request(our_request("OPTIONS"), UDP, 0.0)
    good = answer(sent(effects)[0], 200).encode()
    for data in (
        good.replace(b"CSeq: 1 OPTIONS", b"CSeq: one"),
        good.replace(b"SIP/2.0 200", b"SIP/2.0 999"),
        good.replace(b"Via:", b"X-Via:"),
    ):
        assert endpoint.receive(data, UDP, 0.0) == []
    assert endpoint.live == 1


def test_a_response_to_nothing_is_dropped() -> None:
    endpoint = make_endpoint()
    request = our_request("OPTIONS")
    assert endpoint.receive(answer(request, 200).encode(), UDP, 0.0) == []
    assert sum(endpoint.counters.values()) == 1


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "empty"),
        (b"\r\n", "keepalive"),
        (b"\r\n\r\n", "keepalive"),
        (b"\0\0\0\0", "stun"),
        (bytes.fromhex("010100002112a442") + bytes(12), "stun"),
        (b"jaK", "malformed"),
        (bytes(range(128, 140)), "malformed"),
    ],
)
def test_keepalives_and_other_protocols_are_counted_and_dropped(data: bytes, name: str) -> None:
    endpoint = make_endpoint()
    assert endpoint.receive(data, UDP, 0.0) == []
    assert endpoint.counters == {name: 1}


def test_a_double_line_end_on_a_stream_gets_a_single_one() -> None:
    endpoint = make_endpoint()
    (ping,) = StreamFramer().feed(b"\r\n\r\n")
    assert isinstance(ping, KeepAlive)
    assert endpoint.receive_message(ping, TCP, 0.0) == [Transmit(b"\r\n", TCP)]


def test_a_message_from_a_framer_is_the_same_as_a_datagram() -> None:
    endpoint = make_endpoint()
    (message,) = StreamFramer().feed(text("OPTIONS", transport="TCP"))
    delivered = only(DeliverRequest, endpoint.receive_message(message, TCP, 0.0))
    (effect, *_) = endpoint.respond(delivered.transaction, answer(delivered.request, 200), 0.0)
    assert effect.hop == TCP, "the response takes the connection the request came on"  # type: ignore[union-attr]


def test_a_request_too_large_for_udp_is_left_to_the_driver_and_nothing_has_begun() -> None:
    endpoint = make_endpoint()
    request = our_request("INVITE", body=bytes(1300))
    with pytest.raises(TooLargeForUdp):
        endpoint.request(request, UDP, 0.0)
    assert endpoint.live == 0
    _, effects = endpoint.request(request, Hop("TCP", "192.0.2.7", 5062, "192.0.2.1", 5060), 0.0)
    vias = sent(effects)[0].headers.all("Via")
    assert len(vias) == 1
    assert vias[0].startswith("SIP/2.0/TCP ")


def test_when_tcp_was_refused_a_large_request_goes_over_udp() -> None:
    endpoint = make_endpoint()
    _, effects = endpoint.request(our_request("INVITE", body=bytes(1300)), UDP, 0.0, oversize=True)
    assert lines(effects) == ["INVITE"]


def test_1300_bytes_fit() -> None:
    endpoint = make_endpoint()
    bare = len(only(Transmit, endpoint.request(our_request("MESSAGE"), UDP, 0.0)[1]).data)
    body = bytes(1300 - bare - len("1200") + len("0"))
    data = only(Transmit, endpoint.request(our_request("MESSAGE", body=body), UDP, 0.0)[1]).data
    assert len(data) == 1300
    with pytest.raises(TooLargeForUdp):
        endpoint.request(our_request("MESSAGE", body=body + b"!"), UDP, 0.0)


def test_an_ipv6_via_has_brackets() -> None:
    endpoint = make_endpoint()
    _, effects = endpoint.request(
        our_request("OPTIONS"), Hop("UDP", "2001:db8::7", 5060, "2001:db8::1", 5060), 0.0
    )
    assert sent(effects)[0].headers.get("Via") == "SIP/2.0/UDP [2001:db8::1]:5060;rport;branch=z9hG4bKours1"


def test_a_request_built_anew_may_be_sent_again_with_a_new_branch() -> None:
    """As after a 401: the same record with one header more."""
    endpoint = make_endpoint()
    request = our_request("REGISTER")
    keys = [endpoint.request(request, UDP, 0.0)[0] for _ in range(2)]
    assert keys[0] != keys[1]
    assert len(request.headers.all("Via")) == 1


def test_live_counts_transactions() -> None:
    endpoint = make_endpoint()
    assert endpoint.live == 0
    endpoint.receive(text("INVITE"), UDP, 0.0)
    endpoint.receive(text("CANCEL"), UDP, 0.0)
    endpoint.request(our_request("OPTIONS"), UDP, 0.0)
    assert endpoint.live == 3


def test_answers_to_unknown_transactions_are_counted() -> None:
    endpoint = make_endpoint()
    assert endpoint.respond(("server", "nothing"), answer(our_request("OPTIONS"), 200), 0.0) == []
    assert endpoint.cancel(("client", "nothing"), 0.0) == []
    assert endpoint.timer((("client", "nothing"), "F"), 0.0) == []
    assert endpoint.counters == {"late_response": 1}


def test_a_hop_without_our_address_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="Via"):
        make_endpoint().request(our_request("OPTIONS"), Hop("UDP", "192.0.2.7", 5060), 0.0)


@given(st.binary(max_size=200))
def test_no_datagram_makes_it_raise(data: bytes) -> None:
    make_endpoint().receive(data, UDP, 0.0)


@given(st.integers(0, 2**32), st.sampled_from(["INVITE", "ACK", "CANCEL", "OPTIONS", "BYE"]))
def test_no_damaged_message_makes_it_raise_or_answers_an_ack(seed: int, method: str) -> None:
    dice = random.Random(seed)
    data = bytearray(text(method, extra="Session-Expires: 1800\r\nSupported: timer\r\n", body=b"v=0\r\n"))
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(data))
        choice = dice.randrange(3)
        if choice == 0:
            data[at] = dice.randrange(256)
        elif choice == 1:
            del data[at : at + dice.randrange(1, 40)]
        else:
            data[at:at] = data[at : at + dice.randrange(1, 40)]
    endpoint = make_endpoint()
    effects = endpoint.receive(bytes(data), UDP, 0.0)
    if data.startswith(b"ACK "):
        assert not every(Transmit, effects)
    assert all(effect.data.startswith(b"SIP/2.0 ") for effect in every(Transmit, effects))


def test_a_view_that_fails_late_is_answered_like_a_parse_error() -> None:
    """Stream framers and tests may hand over messages whose headers nobody has looked at."""
    endpoint = make_endpoint()
    request = our_request("OPTIONS")
    request.headers.set("Via", "SIP/2.0/TCP 192.0.2.7:5062;branch=z9hG4bKx")
    request.headers.set("From", "<sip:no-end")
    effects = endpoint.receive_message(request, TCP, 0.0)
    assert lines_without_check(effects) == [b"SIP/2.0 400"]
    response = Response(200, "OK", request.headers)
    response.headers.set("CSeq", "?")
    assert endpoint.receive_message(response, TCP, 0.0) == []


def test_a_framer_error_can_be_answered() -> None:
    endpoint = make_endpoint()
    data = text("OPTIONS", transport="TCP").replace(b"Content-Length: 0\r\n", b"")
    with pytest.raises(ParseError) as caught:
        StreamFramer().feed(data)
    assert lines(endpoint.malformed(caught.value, TCP)) == ["400"]


def lines_without_check(effects: list[Effect]) -> list[bytes]:
    return [effect.data[:11] for effect in effects if isinstance(effect, Transmit)]
