"""What a restart and a power cut leave: registrations that were confirmed, and call records that are closed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.raw import Peer

pytestmark = pytest.mark.timeout(180)


async def test_registrations_survive_a_restart(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101", tone_hz=440), phone(node, "102", tone_hz=880)
    async with phones(alice, bob):
        await asyncio.gather(alice.registered(), bob.registered())
        before = await node.registrations("102")
        await node.stop()
        await node.start()
        assert await node.registrations("102") == before
        await Pair(alice, bob).talk("102")
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")


async def test_stopped_node_tells_both_phones_and_closes_the_record(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101", tone_hz=440), phone(node, "102", tone_hz=880)
    async with phones(alice, bob):
        await asyncio.gather(alice.registered(), bob.registered())
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(0.5)
        assert await node.stop() == 0
        await asyncio.gather(
            alice.wait_for("CALL_CLOSED", timeout_s=3), bob.wait_for("CALL_CLOSED", timeout_s=3)
        )
        await node.start()
        (cdr,) = await node.cdrs()
    assert (cdr["disposition"], cdr["cause"]) == ("answered", "shutdown")
    assert not cdr["interrupted"]


async def test_a_call_that_no_journal_has_is_closed_as_interrupted(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101"), phone(node, "102")
    async with phones(alice, bob):
        await asyncio.gather(alice.registered(), bob.registered())
        await Pair(alice, bob).talk("102")
        (open_cdr,) = await node.cdrs(ended=False)
        node.kill()
        (node.data / "calls.journal").unlink()
        await node.start()
        (cdr,) = await node.cdrs()
        assert (await node.get("calls"))["items"] == []
    assert cdr["id"] == open_cdr["id"]
    assert cdr["interrupted"]
    assert cdr["ended_at"] is not None


async def test_confirmed_binding_is_there_after_kill_at_the_moment_of_the_200(tmp_path: Path) -> None:
    numbers = tuple(str(number) for number in range(200, 220))
    async with running(Node(tmp_path / "node", extensions=numbers)) as node:
        for number in numbers[:10]:
            await asyncio.to_thread(_register_then_kill, node, number)
            await node.start()
            assert len(await node.registrations(number)) == 1, f"{number} was told it is registered"
        total = (await node.get("registrations?limit=100"))["total"]
    assert total == 10


def _register_then_kill(node: Node, number: str) -> None:
    with Peer(node.sip_port) as peer:
        answer = peer.register(number, node.password(number))
        node.kill()
    assert answer.status == 200


async def test_admin_of_one_run_is_there_in_the_next(node: Node) -> None:
    token = node.token
    await node.stop()
    await node.start()
    assert node.token == token
    assert (await node.get("extensions"))["total"] == 3
