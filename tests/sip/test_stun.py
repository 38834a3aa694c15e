"""STUN against RFC 5769's vectors, and against itself for every address."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import given
from hypothesis import strategies as st

from pbx.sip import stun
from pbx.sip.effects import Transmit
from pbx.sip.endpoint import Endpoint
from pbx.sip.hop import Hop

# RFC 5769 2.2 and 2.3: the same transaction, seen from 192.0.2.1 and from 2001:db8:1234:5678:11:2233:4455:6677.
TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")
IPV4 = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220"
    "002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
IPV6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220"
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004c8fb0b4c"
)
addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


def test_the_vectors_of_rfc_5769_are_read() -> None:
    assert stun.mapped_address(IPV4, TRANSACTION) == ("192.0.2.1", 32853)
    assert stun.mapped_address(IPV6, TRANSACTION) == ("2001:db8:1234:5678:11:2233:4455:6677", 32853)
    assert stun.mapped_address(IPV4, bytes(12)) is None, "the answer to somebody else's question"


@given(addresses, st.integers(0, 65535), st.binary(min_size=12, max_size=12))
def test_what_is_asked_is_answered(address: IPv4Address | IPv6Address, port: int, transaction: bytes) -> None:
    answered = stun.answer(stun.binding_request(transaction), str(address), port)
    assert answered is not None
    assert stun.mapped_address(answered, transaction) == (str(address), port)


def test_an_attribute_that_must_be_understood_is_refused_by_name() -> None:
    request = bytes.fromhex("000100082112a442") + TRANSACTION + bytes.fromhex("0003000400000006")
    refused = stun.answer(request, "192.0.2.1", 5060)
    assert refused is not None
    assert refused[:2] == bytes.fromhex("0111")
    assert bytes.fromhex("000a00020003") in refused
    assert stun.answer(stun.binding_request(TRANSACTION)[:-1], "192.0.2.1", 5060) is None
    assert stun.answer(IPV4, "192.0.2.1", 5060) is None, "an answer is not answered"


@given(st.binary(max_size=100).map(lambda tail: b"\0\1" + tail))
def test_rubbish_is_dropped(data: bytes) -> None:
    stun.answer(data, "192.0.2.1", 5060)
    assert stun.mapped_address(data, bytes(12)) is None


def test_the_sip_port_answers_keep_alives() -> None:
    counters: dict[str, int] = {}
    endpoint = Endpoint(new_branch=str, new_tag=str, counters=counters)
    hop = Hop("UDP", "198.51.100.7", 40001)
    (effect,) = endpoint.receive(stun.binding_request(TRANSACTION), hop, 0.0)
    assert isinstance(effect, Transmit)
    assert effect.hop == hop
    assert stun.mapped_address(effect.data, TRANSACTION) == ("198.51.100.7", 40001)
    assert counters == {"keepalive": 1}
