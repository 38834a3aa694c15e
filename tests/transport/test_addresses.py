"""Where we are for a peer, where a peer is for us, and why calls end: resolver, local address, Reason."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from pbx.core.errors import PeerError
from pbx.core.names import system_lookup
from pbx.model.leg_event import LegCause
from pbx.sip.hop import Hop
from pbx.transport import interfaces
from pbx.transport.local_address import CACHE_S, LocalAddress
from pbx.transport.reason import read_reason, reason_headers
from pbx.transport.resolver import FAILED_FRESH_S, Resolver
from tests.fakes.clock import FakeClock


def test_the_route_to_the_peer_chooses_our_address() -> None:
    address = LocalAddress(FakeClock())
    assert address("127.0.0.1") == "127.0.0.1"
    assert address("::1") == "::1"


def test_a_bound_address_is_the_only_one_of_its_family() -> None:
    assert LocalAddress(FakeClock(), bound_host="192.0.2.5")("127.0.0.1") == "192.0.2.5"
    assert LocalAddress(FakeClock(), bound_host="192.0.2.5")("::1") == "::1"


@pytest.mark.parametrize(
    ("peer", "shown"), [("8.8.8.8", "203.0.113.7"), ("127.0.0.1", "127.0.0.1"), ("::1", "::1")]
)
def test_the_external_address_is_shown_outside_private_networks(peer: str, shown: str) -> None:
    assert LocalAddress(FakeClock(), external=lambda: "203.0.113.7")(peer) == shown


def test_an_unresolved_name_gets_the_address_of_the_default_route() -> None:
    assert LocalAddress(FakeClock(), external=lambda: "203.0.113.7")("sip.example.com")


def test_the_answer_is_kept_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    address = LocalAddress(clock)
    routes = iter(["10.0.0.1", "10.0.0.2"])
    monkeypatch.setattr("pbx.transport.local_address.source_address", lambda host: next(routes))
    assert [address("10.9.9.9"), address("10.9.9.9")] == ["10.0.0.1"] * 2
    clock.advance(CACHE_S)
    assert address("10.9.9.9") == "10.0.0.2"


@pytest.mark.parametrize(
    "host", ["10.1.2.3", "192.168.0.1", "127.0.0.1", "100.64.0.1", "fe80::1%eth0", "fd00::1"]
)
def test_private_networks(host: str) -> None:
    assert LocalAddress(FakeClock(), own_networks=list).is_local(host)


@pytest.mark.parametrize("host", ["8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "example.com"])
def test_public_networks(host: str) -> None:
    assert not LocalAddress(FakeClock(), own_networks=list).is_local(host)


@pytest.mark.parametrize(
    ("peer", "shown"),
    [
        ("10.1.2.3", "192.0.2.5"),  # named
        ("192.168.7.7", "192.0.2.5"),  # a network of this machine
        ("127.0.0.1", "192.0.2.5"),
        ("192.168.8.8", "203.0.113.7"),  # private, but beyond a router
        ("8.8.8.8", "203.0.113.7"),
    ],
)
def test_named_networks_replace_the_private_ones(peer: str, shown: str) -> None:
    address = LocalAddress(
        FakeClock(),
        bound_host="192.0.2.5",
        external=lambda: "203.0.113.7",
        local_networks=["10.0.0.0/8"],
        own_networks=lambda: [ip_network("192.168.7.0/24")],
    )
    assert address(peer) == shown


def test_a_new_external_address_is_shown_at_once() -> None:
    external = ["203.0.113.7"]
    address = LocalAddress(FakeClock(), external=lambda: external[0])
    assert address("8.8.8.8") == "203.0.113.7"
    external[0] = "203.0.113.8"
    address.forget()
    assert address("8.8.8.8") == "203.0.113.8"
    assert address.inside() != "203.0.113.8"


def test_the_kernels_routes_are_read() -> None:
    lines = [
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
        "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0",
        "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0",
        "wg0\t0000080A\t00000000\t0000\t0\t0\t100\t0000FFFF\t0\t0\t0",
    ]
    assert list(interfaces._ipv4_networks(lines)) == [ip_network("192.168.1.0/24")]
    lines = [
        "fd000000000000000000000000000000 40 "
        + "0" * 32
        + " 00 "
        + "0" * 32
        + " 00000100 00000001 0 00000001 eth0",
        "0" * 32 + " 00 " + "0" * 32 + " 00 fe80" + "0" * 27 + "1 00000400 00000001 0 00000003 eth0",
        "ff" + "0" * 30 + " 08 " + "0" * 32 + " 00 " + "0" * 32 + " 00000100 00000001 0 00000001 eth0",
    ]
    assert list(interfaces._ipv6_networks(lines)) == [ip_network("fd00::/64")]


@pytest.mark.parametrize(
    ("uri", "hop"),
    [
        ("sip:x@192.0.2.1", Hop("UDP", "192.0.2.1", 5060)),
        ("sip:192.0.2.1:5080;transport=tcp", Hop("TCP", "192.0.2.1", 5080)),
        ("sips:x@192.0.2.1", Hop("TLS", "192.0.2.1", 5061)),
        ("sips:x@192.0.2.1;transport=tcp", Hop("TLS", "192.0.2.1", 5061)),
        ("sips:x@192.0.2.1;transport=ws", Hop("WSS", "192.0.2.1", 443)),
        ("sip:x@[2001:db8::1]:5070;transport=UDP", Hop("UDP", "2001:db8::1", 5070)),
        ("sip:x@example.com;maddr=192.0.2.7", Hop("UDP", "192.0.2.7", 5060)),
        ("sip:x@phone.invalid", None),
        ("tel:+123", None),
        ("nonsense", None),
        ("sip:x@192.0.2.1;transport=sctp", None),
    ],
)
def test_literal_addresses_need_no_look_up(uri: str, hop: Hop | None) -> None:
    assert Resolver(FakeClock()).known(uri) == hop


async def test_names_are_looked_up_once_and_failures_only_briefly_remembered() -> None:
    asked: list[str] = []
    clock = FakeClock()

    async def lookup(host: str) -> list[str]:
        asked.append(host)
        if host == "good.example":
            return ["192.0.2.1", "192.0.2.2"]
        raise OSError

    resolver = Resolver(clock, lookup)
    both = [Hop("TCP", "192.0.2.1", 5070), Hop("TCP", "192.0.2.2", 5070)]
    for _ in range(2):
        assert await resolver.hops("sip:x@good.example:5070;transport=tcp") == both
        with pytest.raises(PeerError) as error:
            await resolver.hops("sip:x@bad.example")
        assert error.value.sip_status == 404
    assert asked == ["good.example", "bad.example"]
    assert resolver.known("sip:y@good.example:5070;transport=TCP") == both[0]
    assert resolver.known("sip:bad.example") is None
    clock.advance(FAILED_FRESH_S + 1)
    with pytest.raises(PeerError):
        await resolver.hops("sip:x@bad.example")
    assert asked[2:] == ["bad.example"]


async def test_a_slow_resolver_is_504_and_other_schemes_are_416(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(host: str) -> list[str]:
        raise TimeoutError

    with pytest.raises(PeerError) as error:
        await Resolver(FakeClock(), never).hops("sip:slow.example")
    assert error.value.sip_status == 504
    with pytest.raises(PeerError) as error:
        await Resolver(FakeClock()).hops("mailto:x@y")
    assert error.value.sip_status == 416


async def test_the_system_knows_localhost() -> None:
    assert set(await system_lookup("localhost")) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (['SIP;cause=200;text="Call completed elsewhere"'], (200, "Call completed elsewhere")),
        (['Q.850 ; cause=17 ; text="User busy"'], (486, "User busy")),
        (["Q.850;cause=99"], (480, "")),
        (["X;cause=3", 'SIP ;text="a";cause=486'], (486, "a")),
        (["SIP;cause=4860", "nonsense"], (0, "")),
        ([], (0, "")),
    ],
)
def test_reasons_are_read(values: list[str], read: tuple[int, str]) -> None:
    assert read_reason(values) == read


def test_reasons_are_written_where_there_is_something_to_say() -> None:
    assert reason_headers(LegCause.NORMAL) == ()
    for cause in LegCause:
        for name, value in reason_headers(cause):
            assert name == "Reason"
            assert read_reason([value])[0]


def test_a_browser_is_told_every_address_once_and_the_likeliest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    routes = {"2001:db8::1": "fd00::2", "192.0.2.1": "10.0.0.1", "10.9.9.9": "10.0.0.1"}
    monkeypatch.setattr("pbx.transport.local_address.source_address", lambda host: routes.get(host, ""))

    def candidates(peer: str, bound: str, external: str = "203.0.113.7") -> tuple[str, ...]:
        return LocalAddress(FakeClock(), bound_host=bound, external=lambda: external).candidates(peer)

    assert candidates("10.9.9.9", "0.0.0.0") == ("10.0.0.1", "203.0.113.7")
    assert candidates("8.8.8.8", "0.0.0.0") == ("203.0.113.7", "10.0.0.1")
    assert candidates("8.8.8.8", "0.0.0.0", external="") == ("127.0.0.1", "10.0.0.1")
    assert candidates("8.8.8.8", "::") == ("203.0.113.7", "10.0.0.1", "fd00::2")
    assert candidates("10.9.9.9", "10.0.0.1", external="") == ("10.0.0.1",)
    assert candidates("10.9.9.9", "0.0.0.0", external="2001:db8::7") == ("10.0.0.1",), "audio is IPv4 only"
