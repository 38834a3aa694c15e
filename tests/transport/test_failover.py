"""Failover over real sockets and a real name server: the first place is dead, dies, refuses, or says nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

import pytest

from pbx.core.clock import SystemClock
from pbx.model.leg_event import Answered, Refused
from pbx.model.party import DialTarget, Party
from pbx.sip.build import response_to
from pbx.sip.endpoint import Endpoint
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.parser import parse
from pbx.transport import failover
from pbx.transport.agent import Agent
from pbx.transport.dns import CaresDns
from pbx.transport.driver import Driver
from pbx.transport.resolver import Resolver
from pbx.transport.sip_leg import SipLeg
from pbx.transport.sockets import SipSockets
from tests.fakes.dns import name_server

OFFER = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
CARRIER = DialTarget(uri="sip:1@carrier.example", to_uri="sip:1@carrier.example")


class Carrier:
    """One proxy of a carrier: an agent on sockets of its own that answers calls and OPTIONS as told."""

    def __init__(self) -> None:
        self.sockets = SipSockets("127.0.0.1", 0)
        self.sockets.bind()
        words = count()
        driver = Driver(
            Endpoint(new_branch=lambda: f"b{next(words)}", new_tag=lambda: f"t{next(words)}", counters={}),
            self.sockets,
            clock=SystemClock(),
        )
        self.agent = Agent(
            driver=driver,
            clock=SystemClock(),
            local_address=lambda _: "127.0.0.1",
            local_port=self.sockets.port,
            resolver=Resolver(SystemClock(), dns=CaresDns()),
        )
        self.agent.on_invite = self.invited
        self.agent.on_request = self.asked
        self.status = 200
        self.calls = 0
        self.answering: list[asyncio.Task[None]] = []

    def invited(self, leg: SipLeg) -> None:
        self.calls += 1
        self.answering.append(asyncio.create_task(self._answer(leg)))

    async def _answer(self, leg: SipLeg) -> None:
        if self.status == 200:
            await leg.answer(OFFER)
        else:
            await leg.reject(self.status)

    async def asked(self, request: Request, hop: Hop) -> Response:
        return response_to(request, self.status, to_tag="x")

    async def stop(self) -> None:
        await self.agent.close(0.1)
        await self.sockets.close()


@asynccontextmanager
async def two_proxies() -> AsyncIterator[tuple[Carrier, Carrier, Agent]]:
    """The first proxy has priority; the agent knows them by name only."""
    first, second, us = Carrier(), Carrier(), Carrier()
    zone: Any = {
        ("_sip._udp.carrier.example", "SRV"): [
            (10, 0, first.sockets.port, "one.example"),
            (20, 0, second.sockets.port, "one.example"),
        ],
        ("one.example", "A"): ["127.0.0.1"],
        ("carrier.example", "A"): ["127.0.0.1"],
    }
    async with name_server(zone) as server:
        cares = CaresDns([server.address])
        us.agent.resolver = Resolver(SystemClock(), dns=cares)
        for each in (first, second, us):
            await each.sockets.start(each.agent.driver)
        try:
            yield first, second, us.agent
        finally:
            for each in (first, second, us):
                await each.stop()
            await cares.close()


async def call(agent: Agent) -> Any:
    """The outcome of one call."""
    leg = agent.dial(CARRIER, offer=OFFER, caller=Party("101"), call="c")
    async with asyncio.timeout(8):
        while not isinstance(event := await leg.receive(), (Answered, Refused)):
            pass
    await leg.end()
    return event


async def test_the_second_proxy_has_the_call_when_the_first_dies_between_two() -> None:
    async with two_proxies() as (first, second, agent):
        assert isinstance(await call(agent), Answered)
        assert (first.calls, second.calls) == (1, 0)
        await first.stop()
        for _ in range(2):
            assert isinstance(await call(agent), Answered)
        assert second.calls == 2


async def test_503_is_the_proxys_word_and_486_is_the_callees() -> None:
    async with two_proxies() as (first, second, agent):
        first.status = 503
        assert isinstance(await call(agent), Answered)
        assert (first.calls, second.calls) == (1, 1)
        first.status, second.status = 486, 486
        busy = await call(agent)
        assert isinstance(busy, Refused)
        assert busy.status == 486
        assert first.calls + second.calls == 3, "a busy callee is not asked twice"


async def test_a_proxy_that_says_nothing_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failover, "PATIENCE_S", 0.3)
    async with two_proxies() as (first, second, agent):
        await first.stop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:  # takes packets, answers none
            hole.bind(("127.0.0.1", first.sockets.port))
            assert isinstance(await call(agent), Answered)
            assert second.calls == 1
            with suppress(BlockingIOError):
                hole.setblocking(False)
                assert hole.recv(65535).startswith(b"INVITE ")


async def test_requests_outside_dialogs_fail_over_too() -> None:
    async with two_proxies() as (first, second, agent):
        first.status = 503
        request = parse(
            b"OPTIONS sip:carrier.example SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\n"
            b"From: <sip:a@b>;tag=1\r\nTo: <sip:carrier.example>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n"
        )
        assert isinstance(request, Request)
        assert (await agent.ask(request, request.uri)).status == 200
        assert agent.resolver.known("sip:carrier.example") is not None
        second.status = 503
        assert (await agent.ask(request, request.uri)).status == 503
