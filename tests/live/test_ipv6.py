"""Phones and offices that speak IPv6, and phones of both families in one call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.live.baresip import Account, Pair, Phone, phones
from tests.live.node import Node, running
from tests.live.test_talk import assert_heard, registered
from tests.live.test_trunk import trunk_state

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Node]:
    """A node that listens on both families."""
    async with running(Node(tmp_path / "node", options=("--host", "::"))) as node:
        yield node


def phone(node: Node, number: str, folder: Path, host: str, tone_hz: float, transport: str = "udp") -> Phone:
    registrar = f"[{host}]:{node.sip_port}" if ":" in host else f"{host}:{node.sip_port}"
    account = Account(number, node.password(number), registrar=registrar, transport=transport)
    return Phone(account, folder / number, tone_hz=tone_hz, host=host)


@pytest.mark.parametrize("transport", ["udp", pytest.param("tcp", marks=pytest.mark.slow)])
async def test_a_phone_on_ipv6_talks_with_one_on_ipv4(both: Node, tmp_path: Path, transport: str) -> None:
    alice = phone(both, "101", tmp_path, "::1", 440.0, transport)
    bob = phone(both, "102", tmp_path, "127.0.0.1", 880.0)
    async with phones(alice, bob):
        await registered(alice, bob)
        assert "::1" in str(await both.registrations("101"))
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(2.5)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        assert_heard(alice, 880.0, seconds=2)
        assert_heard(bob, 440.0, seconds=2)
        await Pair(bob, alice).talk("101")
        await bob.hangup()
        await alice.wait_for("CALL_CLOSED")
    assert "IN IP6 ::1" in alice.log
    await both.no_calls()


async def test_an_office_is_reached_over_ipv6(both: Node, tmp_path: Path) -> None:
    there = Node(tmp_path / "there", extensions=("201",), options=("--host", "::"))
    async with running(there):
        for here, other in ((both, there), (there, both)):
            await here.send(
                "POST",
                "trunks",
                {
                    "id": "other",
                    "name": "Other",
                    "kind": "office",
                    "host": "[::1]",
                    "port": other.sip_port,
                    "username": "offices",
                    "password": "what-only-the-two-know",
                    "check_every_s": 5,
                },
            )
            await trunk_state(here, "up")
        await both.send(
            "POST",
            "outbound-routes",
            {"id": "o", "name": "O", "patterns": ["2XX"], "reach": "internal", "trunks": ["other"]},
        )
        alice = phone(both, "101", tmp_path, "127.0.0.1", 440.0)
        bob = phone(there, "201", tmp_path, "::1", 880.0)
        async with phones(alice, bob):
            await registered(alice, bob)
            await Pair(alice, bob).talk("201")
            await asyncio.sleep(2.5)
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
            assert_heard(alice, 880.0, seconds=2)
            assert_heard(bob, 440.0, seconds=2)
