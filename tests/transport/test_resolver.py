"""RFC 3263 against a real name server: which questions, which order, and how long it holds."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pbx.core.errors import PeerError
from pbx.sip.hop import Hop
from pbx.transport import dns
from pbx.transport.dns import Answer, CaresDns, Srv
from pbx.transport.resolver import AVOID_S, Resolver
from tests.fakes.clock import FakeClock
from tests.fakes.dns import NameServer, Zone, name_server

ADDRESSES = {
    ("one.example", "A"): ["192.0.2.1"],
    ("two.example", "A"): ["192.0.2.2", "192.0.2.22"],
    ("six.example", "AAAA"): ["2001:db8::6"],
    ("plain.example", "A"): ["192.0.2.9"],
}
SRV: Zone = {
    **ADDRESSES,
    ("carrier.example", "A"): ["192.0.2.99"],
    ("_sip._udp.carrier.example", "SRV"): [(20, 0, 5072, "two.example"), (10, 0, 5071, "one.example")],
    ("_sip._tcp.carrier.example", "SRV"): [(10, 0, 5073, "six.example")],
    ("_sips._tcp.carrier.example", "SRV"): [(10, 0, 5061, "one.example")],
}
NAPTR: Zone = {
    **SRV,
    ("carrier.example", "NAPTR"): [
        (50, 50, "s", "SIP+D2U", "_sip._udp.carrier.example"),
        (50, 10, "s", "SIP+D2T", "_sip._tcp.carrier.example"),
        (10, 50, "s", "SIPS+D2T", "_sips._tcp.carrier.example"),
        (1, 1, "u", "E2U+sip", "elsewhere.example"),
        (1, 1, "s", "SIP+D2S", "_sip._sctp.carrier.example"),
    ],
}


@asynccontextmanager
async def resolving(zone: Zone, ttl_s: int = 300) -> AsyncIterator[tuple[Resolver, NameServer, FakeClock]]:
    clock = FakeClock()
    async with name_server(zone, ttl_s=ttl_s) as server:
        cares = CaresDns([server.address])
        yield Resolver(clock, dns=cares), server, clock
        await cares.close()


def places(hops: list[Hop]) -> list[str]:
    return [f"{hop.transport} {hop.remote_host}:{hop.remote_port}" for hop in hops]


UDP = ["UDP 192.0.2.1:5071", "UDP 192.0.2.2:5072", "UDP 192.0.2.22:5072"]
TCP = ["TCP 2001:db8::6:5073"]
TLS = ["TLS 192.0.2.1:5061"]


@pytest.mark.parametrize(
    ("zone", "uri", "expected"),
    [
        (NAPTR, "sip:x@carrier.example", TLS + TCP + UDP),
        (NAPTR, "sips:x@carrier.example", TLS),
        (SRV, "sip:x@carrier.example", UDP + TCP + TLS),
        (SRV, "sips:x@carrier.example", TLS),
        (NAPTR, "sip:x@carrier.example;transport=tcp", TCP),
        (NAPTR, "sip:x@carrier.example;transport=tls", TLS),
        (NAPTR, "sip:x@carrier.example:5080", ["UDP 192.0.2.99:5080"]),
        (NAPTR, "sips:x@carrier.example:5080", ["TLS 192.0.2.99:5080"]),
        (NAPTR, "sip:x@carrier.example:5080;transport=tcp", ["TCP 192.0.2.99:5080"]),
        (SRV, "sip:x@plain.example", ["UDP 192.0.2.9:5060"]),
        (SRV, "sips:x@plain.example", ["TLS 192.0.2.9:5061"]),
        (SRV, "sip:x@Plain.Example.", ["UDP 192.0.2.9:5060"]),
        (SRV, "sip:x@six.example;transport=tcp", ["TCP 2001:db8::6:5060"]),
    ],
)
async def test_the_order_of_rfc_3263(zone: Zone, uri: str, expected: list[str]) -> None:
    async with resolving(zone) as (resolver, _, _):
        found = places(await resolver.hops(uri))
        assert sorted(found) == sorted(expected)
        # Two addresses of one target stand in any order.
        assert [each.replace("2.22:", "2.2:") for each in found] == [
            each.replace("2.22:", "2.2:") for each in expected
        ]


async def test_a_tls_peer_has_to_prove_the_name_that_was_asked_for() -> None:
    async with resolving(SRV) as (resolver, _, _):
        (hop,) = await resolver.hops("sips:x@carrier.example")
        assert hop.server_name == "carrier.example", "RFC 5922 7.1: not the SRV target's"


async def test_weights_share_the_load() -> None:
    shares: Counter[int] = Counter()
    zone: Zone = {
        **ADDRESSES,
        ("_sip._udp.pool.example", "SRV"): [(1, 90, 5001, "one.example"), (1, 10, 5002, "one.example")],
    }
    async with resolving(zone, ttl_s=1) as (resolver, _, clock):
        for _ in range(150):
            first, *rest = await resolver.hops("sip:pool.example;transport=udp")
            assert len(rest) == 1
            shares[first.remote_port] += 1
            clock.advance(5)
    assert 110 <= shares[5001] < 150


async def test_a_service_that_is_switched_off_is_nowhere() -> None:
    zone: Zone = {**ADDRESSES, ("_sip._udp.one.example", "SRV"): [(0, 0, 0, ".")]}
    async with resolving(zone) as (resolver, _, _):
        with pytest.raises(PeerError) as error:
            await resolver.hops("sip:one.example;transport=udp")
        assert error.value.sip_status == 404


class Said:
    """A name server whose answers a test writes itself; c-ares keeps answers by the real clock."""

    def __init__(self) -> None:
        self.asked = 0

    async def naptr(self, name: str) -> Answer:
        return Answer((), 0)

    async def srv(self, name: str) -> Answer:
        self.asked += 1
        found = name == "_sip._udp.carrier.example"
        return Answer((Srv(1, 1, 5071, "one.example"),), 120) if found else Answer((), 0)

    async def addresses(self, name: str) -> Answer:
        return Answer(("192.0.2.1",), 600) if name == "one.example" else Answer((), 0)


URI = "sip:carrier.example;transport=udp"


async def test_an_answer_holds_as_long_as_its_shortest_part_says() -> None:
    said, clock = Said(), FakeClock()
    resolver = Resolver(clock, dns=said)
    assert resolver.known(URI) is None
    hops = await resolver.hops(URI)
    clock.advance(119)
    assert resolver.known(URI) == hops[0]
    await resolver.hops(URI)
    assert said.asked == 1
    clock.advance(2)
    assert resolver.known(URI) is None
    await resolver.hops(URI)
    assert said.asked == 2


async def test_silence_is_told_from_no_such_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "TRY_S", 0.05)
    monkeypatch.setattr(dns, "TRIES", 1)
    async with resolving(SRV) as (resolver, server, _):
        with pytest.raises(PeerError) as error:
            await resolver.hops("sip:nobody.example")
        assert error.value.sip_status == 404
        server.silent = True
        with pytest.raises(PeerError) as error:
            await resolver.hops("sip:somebody.example")
        assert error.value.sip_status == 504


async def test_a_hop_that_failed_is_last_for_a_while() -> None:
    async with resolving(SRV) as (resolver, _, clock):
        first, *rest = await resolver.hops("sip:carrier.example;transport=udp")
        resolver.failed(first)
        assert await resolver.hops("sip:carrier.example;transport=udp") == [*rest, first]
        assert resolver.known("sip:carrier.example;transport=udp") == rest[0]
        clock.advance(AVOID_S + 1)
        assert (await resolver.hops("sip:carrier.example;transport=udp"))[0] == first
        resolver.failed(first)
        resolver.answered(first)
        assert (await resolver.hops("sip:carrier.example;transport=udp"))[0] == first


async def test_nobody_waits_for_the_dns_on_the_loop() -> None:
    async with resolving(SRV) as (resolver, _, _):
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(tick())
        await resolver.hops("sip:carrier.example")
        task.cancel()
        assert ticks > 1
