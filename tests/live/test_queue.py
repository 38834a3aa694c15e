"""A queue with three agents on real phones: codes, fairness, wrap-up, a transfer, a restart, a call back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_codes import code
from tests.live.test_talk import assert_heard, registered

pytestmark = pytest.mark.timeout(180)


def queue(**more: Any) -> dict[str, Any]:
    return {
        "number": "700",
        "name": "Help",
        "agents": [{"extension": each} for each in ("102", "103", "104")],
        "strategy": "longest_idle",
        "name_prefix": "Help: ",
        "wrap_up_s": 0,
        **more,
    }


async def status(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = await node.get("queue-statuses/700")
    return found


async def agents_are(node: Node, *wanted: str) -> None:
    """Wait until the agents are so."""
    for _ in range(50):
        now = [each["state"] for each in (await status(node))["agents"]]
        if now == list(wanted):
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(f"the agents are {now}, not {wanted}\n{node.log[-2000:]}")


async def until(node: Node, **wanted: Any) -> dict[str, Any]:
    """The status of the queue once it is so."""
    for _ in range(100):
        now = await status(node)
        if all(now[name] == value for name, value in wanted.items()):
            return now
        await asyncio.sleep(0.1)
    raise TimeoutError(f"the queue is {now}, not {wanted}\n{node.log[-2000:]}")


async def test_three_agents_take_turns(tmp_path: Path, phone: PhoneMaker) -> None:
    async with running(Node(tmp_path / "node", extensions=("101", "102", "103", "104", "105"))) as node:
        await node.send("POST", "queues", queue())
        alice, eve = phone(node, "101", tone_hz=440.0), phone(node, "105", tone_hz=550.0)
        agents = [phone(node, each, tone_hz=880.0) for each in ("102", "103", "104")]
        bob, carol, dave = agents
        async with phones(alice, eve, *agents):
            await registered(alice, eve, *agents)
            for each in agents:
                await code(each, "*46")
            await agents_are(node, "free", "free", "free")

            await alice.dial("700")
            await alice.wait_for("CALL_ESTABLISHED")
            await bob.wait_for("CALL_INCOMING")
            await agents_are(node, "ringing", "free", "free")
            await bob.accept()
            await asyncio.sleep(2.5)
            assert "Help: Phone 101" in bob.log

            await eve.dial("700")
            await carol.wait_for("CALL_INCOMING")
            await carol.accept()
            await until(node, answered=2)
            await agents_are(node, "talking", "talking", "free")
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
            assert_heard(alice, 880.0, seconds=2)

            await code(dave, "*48700")
            await carol.command("transfer", "101")
            await alice.wait_for("CALL_INCOMING")
            await alice.accept()
            await carol.wait_for("CALL_CLOSED")
            await agents_are(node, "free", "free", "paused")
            await eve.hangup()
            await alice.wait_for("CALL_CLOSED")
            await node.no_calls()

            await asyncio.sleep(0.6)  # what agents do is stored a moment later
            node.kill()
            await node.start()
            await agents_are(node, "free", "free", "paused")
            before = await status(node)
            assert (before["answered"], before["abandoned"]) == (2, 0)
            await alice.dial("700")
            await bob.wait_for("CALL_INCOMING")  # free for longer than carol, also after the restart
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
            after = await until(node, abandoned=1)
            assert after["service_level"] == pytest.approx(2 / 3, abs=0.001)
            await node.send("PUT", "queue-statuses/700/agents/104", {"logged_in": True, "paused": False})
            await agents_are(node, "free", "free", "free")
        cdr = next(each for each in await node.cdrs() if each["dialled"] == "700")
    story = [each["type"] for each in cdr["events"]]
    assert [each for each in story if each.startswith("queue")] == [
        "queue_joined",
        "queue_rang",
        "queue_left",
    ]
    assert cdr["answered_by"] == "102"


async def test_a_call_back_keeps_the_place_in_the_line_over_a_restart(node: Node, phone: PhoneMaker) -> None:
    await node.send("POST", "queues", queue(agents=[{"extension": "102"}], call_back_key="1"))
    alice, bob = phone(node, "101", tone_hz=440.0), phone(node, "102", tone_hz=880.0)
    async with phones(alice, bob):
        await registered(alice, bob)
        await code(bob, "*45")
        await node.send("PATCH", "extensions/102", {"do_not_disturb": True})
        await asyncio.sleep(0.3)
        await alice.dial("700")
        await alice.wait_for("CALL_ESTABLISHED")
        await until(node, waiting=1)
        await alice.send_digits("1")
        await alice.wait_for("CALL_CLOSED")
        await until(node, waiting=0, call_backs=1)
        await asyncio.sleep(0.6)
        node.kill()
        await node.start()
        await until(node, call_backs=1)
        await node.send("PATCH", "extensions/102", {"do_not_disturb": False})
        await bob.wait_for("CALL_INCOMING")
        await bob.accept()
        await alice.wait_for("CALL_INCOMING")
        await alice.accept()
        await alice.wait_for("CALL_ESTABLISHED")
        await asyncio.sleep(2.5)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        await until(node, call_backs=0, answered=1)
        back = (await node.cdrs(at_least=3))[-1]
    assert (back["from_number"], back["dialled"], back["answered_by"]) == ("101", "700", "102")
    assert_heard(alice, 880.0, seconds=2)
    assert_heard(bob, 440.0, seconds=2)
