"""Hops: which peer, which transport."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pbx.sip.hop import Hop, host_port

TCP = Hop("TCP", "192.0.2.7", 40000, "192.0.2.1", 5060, connection=3)


@pytest.mark.parametrize(
    ("transport", "reliable"), [("UDP", False), ("TCP", True), ("TLS", True), ("WS", True), ("WSS", True)]
)
def test_only_udp_loses_messages(transport: str, reliable: bool) -> None:
    assert Hop(transport, "192.0.2.7", 5060).reliable is reliable


def test_a_hop_without_a_connection_reaches_the_peer_of_any() -> None:
    assert TCP.reaches_same_peer(replace(TCP, connection=0))
    assert TCP.reaches_same_peer(replace(TCP, local_port=5070))
    assert not TCP.reaches_same_peer(replace(TCP, connection=4))
    assert not TCP.reaches_same_peer(replace(TCP, remote_port=1))
    assert not TCP.reaches_same_peer(replace(TCP, transport="UDP"))


@pytest.mark.parametrize(
    ("host", "port", "text"),
    [
        ("192.0.2.1", 5060, "192.0.2.1:5060"),
        ("2001:db8::1", 5060, "[2001:db8::1]:5060"),
        ("[2001:db8::1]", 0, "[2001:db8::1]"),
        ("pbx.example", 0, "pbx.example"),
    ],
)
def test_host_and_port_as_a_via_writes_them(host: str, port: int, text: str) -> None:
    assert host_port(host, port) == text
