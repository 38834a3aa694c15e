"""The external address: asked for by STUN, kept when nobody answers, and told when it changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pbx.sip import stun
from pbx.transport import external
from pbx.transport.dns import CaresDns
from pbx.transport.external import ExternalAddress


class StunServer(asyncio.DatagramProtocol):
    """Says that everybody comes from `seen`; swallows the first `lose` questions."""

    def __init__(self) -> None:
        self.seen = "203.0.113.7"
        self.lose = 0
        self.port = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, address: Any) -> None:
        if self.lose:
            self.lose -= 1
            return
        answer = stun.answer(data, self.seen, 40000)
        assert answer is not None
        self.transport.sendto(b"\1\1" + bytes(30), address)  # somebody else's, to be passed over
        self.transport.sendto(answer, address)


@asynccontextmanager
async def server() -> AsyncIterator[StunServer]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(StunServer, local_addr=("127.0.0.1", 0))
    try:
        yield protocol
    finally:
        transport.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "TRIES_S", (0.05, 0.1, 0.2))


async def test_the_address_is_found_and_every_change_is_told() -> None:
    changes: list[tuple[str, str]] = []
    async with server() as stun_server:
        found = ExternalAddress(
            configured="auto",
            server=f"localhost:{stun_server.port}",
            dns=CaresDns(),
            changed=lambda before, now: changes.append((before, now)),
        )
        assert found.address == ""
        stun_server.lose = 1
        await found.check()
        await found.check()
        stun_server.seen = "198.51.100.9"
        await found.check()
        assert found.address == "198.51.100.9"
        stun_server.lose = 99
        await found.check()
    assert found.address == "198.51.100.9", "the last one is the best guess"
    assert "does not answer" in found.problem
    assert changes == [("", "203.0.113.7"), ("203.0.113.7", "198.51.100.9")]


@pytest.mark.parametrize(
    ("configured", "stun_server"), [("192.0.2.9", "127.0.0.1:9"), ("auto", "none"), ("", "x")]
)
async def test_nobody_is_asked_for_what_is_known_or_not_wanted(configured: str, stun_server: str) -> None:
    found = ExternalAddress(configured=configured, server=stun_server, dns=CaresDns())
    assert not found.automatic
    async with asyncio.timeout(1):
        await found.follow()
    assert found.address == ("" if configured == "auto" else configured)
