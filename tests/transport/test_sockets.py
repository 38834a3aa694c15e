"""Real sockets on the loopback: binding, UDP with ICMP, TCP with its limits, and a whole call over each."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

import pytest

from pbx.core.clock import SystemClock
from pbx.core.errors import StartupError
from pbx.model.leg_event import Answered, Ended, Refused
from pbx.model.party import DialTarget, Party
from pbx.sip.endpoint import Endpoint
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.transport.agent import Agent
from pbx.transport.driver import Driver
from pbx.transport.guard import Guard, Offence
from pbx.transport.sip_leg import SipLeg
from pbx.transport.sockets import SipSockets
from pbx.transport.stream import StreamLimits

OPTIONS = (
    b"OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK-1\r\n"
    b"From: <sip:a@b>;tag=1\r\nTo: <sip:x@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)
OFFER = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"


class Recorder:
    """Stands above the sockets and keeps what they say."""

    def __init__(self) -> None:
        self.datagrams: asyncio.Queue[tuple[bytes, Hop]] = asyncio.Queue()
        self.messages: asyncio.Queue[tuple[Any, Hop]] = asyncio.Queue()
        self.malformed: list[ParseError] = []
        self.refused: asyncio.Queue[Hop] = asyncio.Queue()

    def received(self, data: bytes, hop: Hop) -> None:
        self.datagrams.put_nowait((data, hop))

    def waited(self, seconds: float) -> None: ...

    def received_message(self, message: Any, hop: Hop, raw: bytes = b"") -> None:
        self.messages.put_nowait((message, hop))

    def received_malformed(self, error: ParseError, hop: Hop) -> None:
        self.malformed.append(error)

    def undeliverable(self, hop: Hop) -> None:
        self.refused.put_nowait(hop)


@asynccontextmanager
async def listening(
    host: str = "127.0.0.1", **limits: Any
) -> AsyncIterator[tuple[SipSockets, Recorder, Guard]]:
    guard = Guard()
    sockets = SipSockets(host, 0, guard=guard, limits=StreamLimits(**limits))
    sockets.bind()
    recorder = Recorder()
    await sockets.start(recorder)
    try:
        yield sockets, recorder, guard
    finally:
        await sockets.close()


async def soon(queue: asyncio.Queue[Any]) -> Any:
    async with asyncio.timeout(3):
        return await queue.get()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_port_in_use_names_the_setting_and_leaves_nothing_bound() -> None:
    first = SipSockets("127.0.0.1", 0)
    first.bind()
    second = SipSockets("127.0.0.1", first.port)
    with pytest.raises(StartupError) as error:
        second.bind()
    assert "--sip-port" in str(error.value)
    assert str(first.port) in str(error.value)
    await first.close()
    second.bind()
    await second.close()


async def test_a_port_taken_for_tcp_only_is_in_use_too() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        sockets = SipSockets("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(StartupError):
            sockets.bind()
        assert sockets.udp.port == 0


async def test_an_address_of_another_machine_cannot_be_bound() -> None:
    with pytest.raises(StartupError) as error:
        SipSockets("192.0.2.1", 0).bind()
    assert "--host" in str(error.value)


async def test_datagrams_go_both_ways_with_their_source() -> None:
    async with listening() as (one, heard, _), listening() as (two, other, _):
        assert one.send(b"hello", Hop("UDP", "127.0.0.1", two.port))
        data, hop = await soon(other.datagrams)
        assert (data, hop) == (b"hello", Hop("UDP", "127.0.0.1", one.port))
        assert two.send(b"back", hop)
        assert (await soon(heard.datagrams))[0] == b"back"


async def test_both_families_are_served_on_the_wildcard() -> None:
    async with listening("::") as (both, heard, _):
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with socket.socket(family, socket.SOCK_DGRAM) as phone:
                phone.bind((host, 0))
                phone.sendto(b"hi", (host, both.port))
                _, hop = await soon(heard.datagrams)
                assert (hop.remote_host, hop.remote_port) == (host, phone.getsockname()[1])
                assert both.send(b"there", hop)
                phone.settimeout(2)
                assert phone.recv(100) == b"there"


async def test_icmp_names_the_destination_that_refused() -> None:
    async with listening() as (sockets, heard, _):
        gone = Hop("UDP", "127.0.0.1", free_port())
        assert sockets.send(b"anybody?", gone)
        assert await soon(heard.refused) == gone
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.bind(("127.0.0.1", 0))
            phone.settimeout(2)
            sockets.send(b"again", gone)
            assert sockets.send(b"you", Hop("UDP", "127.0.0.1", phone.getsockname()[1]))
            assert phone.recv(100) == b"you"  # an old error does not stop the next datagram


async def test_a_host_name_is_never_looked_up_by_a_send() -> None:
    async with listening() as (sockets, _, _):
        assert not sockets.send(b"x", Hop("UDP", "localhost", 9))
        assert not sockets.send(b"x", Hop("TCP", "localhost", 9))
        assert not sockets.send(b"x", Hop("UDP", "::1", 9))  # no IPv6 socket is bound
        assert not sockets.send(b"x", Hop("TLS", "127.0.0.1", 9))


async def test_a_stream_in_pieces_is_one_message_and_a_ping_gets_a_pong() -> None:
    async with listening() as (sockets, heard, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", sockets.port)
        for byte in OPTIONS:
            writer.write(bytes([byte]))
            await writer.drain()
        message, hop = await soon(heard.messages)
        assert message.method == "OPTIONS"
        assert hop.connection
        writer.write(b"\r\n\r\n")
        assert await reader.readexactly(2) == b"\r\n"
        assert sockets.send(b"answer", hop)
        assert await reader.readexactly(6) == b"answer"
        writer.close()


async def test_a_connection_is_reused_and_opened_again_when_it_is_gone() -> None:
    async with listening() as (one, _, _), listening() as (two, other, _):
        to_two = Hop("TCP", "127.0.0.1", two.port)
        one.send(OPTIONS, to_two)
        one.send(OPTIONS, to_two)
        _, first = await soon(other.messages)
        _, second = await soon(other.messages)
        assert first == second
        assert len(one.tcp) == len(two.tcp) == 1
        two.send(OPTIONS, first)
        await one.tcp.close()
        assert (await soon(other.refused)).connection == first.connection


async def test_a_refused_connection_is_told() -> None:
    async with listening() as (sockets, heard, _):
        gone = Hop("TCP", "127.0.0.1", free_port())
        assert sockets.send(OPTIONS, gone)
        assert await soon(heard.refused) == gone


async def test_a_connection_without_a_complete_message_is_cut() -> None:
    async with listening(message_s=0.3) as (sockets, _, guard):
        silent, _ = await asyncio.open_connection("127.0.0.1", sockets.port)
        slow, writer = await asyncio.open_connection("127.0.0.1", sockets.port)
        writer.write(OPTIONS + OPTIONS[:40])
        for reader in (silent, slow):
            async with asyncio.timeout(4):
                with suppress(ConnectionError):
                    assert await reader.read() == b""
        assert guard.totals[Offence.SLOW_STREAM] == 2


async def test_an_idle_connection_that_has_spoken_stays() -> None:
    async with listening(message_s=0.3) as (sockets, heard, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", sockets.port)
        writer.write(OPTIONS)
        _, hop = await soon(heard.messages)
        await asyncio.sleep(1.5)
        assert sockets.tcp.is_open(hop.connection)
        assert sockets.send(b"x", hop)
        assert await reader.readexactly(1) == b"x"
        writer.close()


@pytest.mark.parametrize(
    ("data", "offence"),
    [
        (b"OPTIONS sip:x SIP/2.0\r\nX: " + b"x" * 70_000, Offence.OVERLONG_STREAM),
        (OPTIONS.replace(b"Content-Length: 0", b"Content-Length: 999999"), Offence.OVERLONG_STREAM),
        (OPTIONS.replace(b"Content-Length: 0\r\n", b""), Offence.MALFORMED),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", Offence.MALFORMED),
    ],
)
async def test_an_endless_or_broken_stream_is_cut_and_counted(data: bytes, offence: Offence) -> None:
    async with listening() as (sockets, heard, guard):
        reader, writer = await asyncio.open_connection("127.0.0.1", sockets.port)
        writer.write(data)
        async with asyncio.timeout(3):
            with suppress(ConnectionError):
                await reader.read()
        assert guard.of("127.0.0.1") == {offence: 1}
        assert len(heard.malformed) == 1
        writer.close()


async def test_a_peer_that_does_not_read_is_cut() -> None:
    async with listening(max_backlog=10_000) as (sockets, heard, guard):
        reader, writer = await asyncio.open_connection("127.0.0.1", sockets.port)
        writer.write(OPTIONS)
        _, hop = await soon(heard.messages)
        for _ in range(2000):
            if not sockets.send(b"x" * 10_000, hop):
                break
        assert guard.totals[Offence.NOT_READING] == 1
        assert (await soon(heard.refused)).connection == hop.connection
        writer.close()
        del reader


async def test_too_many_connections_of_one_source_are_refused() -> None:
    async with listening(max_per_source=3) as (sockets, _, guard):
        open_ones = [await asyncio.open_connection("127.0.0.1", sockets.port) for _ in range(5)]
        await asyncio.sleep(0.2)
        assert len(sockets.tcp) == 3
        assert guard.totals[Offence.TOO_MANY_CONNECTIONS] == 2
        for _, writer in open_ones:
            writer.close()
        await asyncio.sleep(0.2)
        assert len(sockets.tcp) == 0
        assert not sockets.tcp._per_source


# -- whole calls -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def node() -> AsyncIterator[tuple[Agent, SipSockets, asyncio.Queue[SipLeg]]]:
    serial = count()
    sockets = SipSockets("127.0.0.1", 0)
    sockets.bind()
    clock = SystemClock()
    endpoint = Endpoint(
        new_branch=lambda: f"{sockets.port}-{next(serial)}", new_tag=lambda: f"t{next(serial)}", counters={}
    )
    agent = Agent(
        driver=Driver(endpoint, sockets, clock=clock),
        clock=clock,
        local_address=lambda host: "127.0.0.1",
        local_port=sockets.port,
    )
    incoming: asyncio.Queue[SipLeg] = asyncio.Queue()
    agent.on_invite = incoming.put_nowait
    await sockets.start(agent.driver)
    try:
        yield agent, sockets, incoming
    finally:
        await agent.close()
        await sockets.close()


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
async def test_a_call_over_real_sockets(transport: str) -> None:
    async with node() as (alice, _, _), node() as (bob, there, phones):
        uri = f"sip:b@127.0.0.1:{there.port}" + (";transport=tcp" if transport == "TCP" else "")
        leg = alice.dial(DialTarget(uri, uri), offer=OFFER, caller=Party("101"), call="c")
        other = await soon(phones)
        assert other.hop.transport == transport
        async with asyncio.TaskGroup() as group:
            group.create_task(other.answer(OFFER))
            assert await leg.receive() == Answered(OFFER)
        assert await other.alive()
        assert await leg.reoffer(OFFER) == OFFER
        await other.end()
        assert isinstance(await leg.receive(), Ended)
        await asyncio.sleep(0.05)
        assert len(alice) == len(bob) == 0


async def test_a_call_to_a_closed_port_is_503_at_once() -> None:
    async with node() as (alice, _, _):
        for transport in ("udp", "tcp"):
            uri = f"sip:b@127.0.0.1:{free_port()};transport={transport}"
            leg = alice.dial(DialTarget(uri, uri), offer=OFFER, caller=Party("101"), call="c")
            async with asyncio.timeout(2):
                assert await leg.receive() == Refused(503, "Service Unavailable")


async def test_a_large_invite_reaches_a_phone_without_tcp() -> None:
    async with node() as (alice, _, _), node() as (_, there, phones):
        await there.tcp.close()
        uri = f"sip:b@127.0.0.1:{there.port}"
        leg = alice.dial(
            DialTarget(uri, uri), offer=OFFER + b"a=" + b"x" * 2000 + b"\r\n", caller=Party("1"), call="c"
        )
        other = await soon(phones)
        assert other.hop.transport == "UDP"
        await other.reject(486)
        assert isinstance(await leg.receive(), Refused)
