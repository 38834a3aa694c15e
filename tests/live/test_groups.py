"""Groups, do not disturb and forwarding, with real phones."""

from __future__ import annotations

import asyncio

import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.test_talk import assert_heard, registered

pytestmark = pytest.mark.timeout(120)


async def test_a_group_rings_all_and_the_first_answer_wins(node: Node, phone: PhoneMaker) -> None:
    group = {"number": "600", "name": "Sales", "members": ["102", "103"], "name_prefix": "Sales: "}
    await node.send("POST", "ring-groups", group)
    alice, bob, carol = (
        phone(node, "101", tone_hz=440.0),
        phone(node, "102", tone_hz=880.0),
        phone(node, "103"),
    )
    async with phones(alice, bob, carol):
        await registered(alice, bob, carol)
        await alice.dial("600")
        await asyncio.gather(bob.wait_for("CALL_INCOMING"), carol.wait_for("CALL_INCOMING"))
        await bob.accept()
        await carol.wait_for("CALL_CLOSED")
        await asyncio.sleep(2.5)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
    assert (cdr["dialled"], cdr["answered_by"], cdr["disposition"]) == ("600", "102", "answered")
    assert "Sales: Phone 101" in bob.log
    assert_heard(alice, 880.0, seconds=2)


async def test_members_are_rung_one_by_one_and_then_the_overflow(node: Node, phone: PhoneMaker) -> None:
    group = {
        "number": "600",
        "name": "Desk",
        "members": ["102", "103"],
        "strategy": "in_order",
        "member_timeout_s": 5,
        "ring_timeout_s": 8,
        "overflow": "*43",
    }
    await node.send("POST", "ring-groups", group)
    alice, bob, carol = phone(node, "101", tone_hz=440.0), phone(node, "102"), phone(node, "103")
    async with phones(alice, bob, carol):
        await registered(alice, bob, carol)
        await alice.dial("600")
        await bob.wait_for("CALL_INCOMING")
        await bob.wait_for("CALL_CLOSED", timeout_s=10)
        await carol.wait_for("CALL_INCOMING", timeout_s=5)
        await carol.wait_for("CALL_CLOSED", timeout_s=10)
        await alice.wait_for("CALL_ESTABLISHED", timeout_s=5)
        await asyncio.sleep(1)
        await alice.hangup()
        (cdr,) = await node.cdrs()
    routed = [each["kind"] for each in cdr["events"] if each["type"] == "routed"]
    assert routed == ["ring_group", "forward", "feature"]


async def test_forwarding_and_do_not_disturb(node: Node, phone: PhoneMaker) -> None:
    alice, bob, carol = (
        phone(node, "101", tone_hz=440.0),
        phone(node, "102"),
        phone(node, "103", tone_hz=660.0),
    )
    async with phones(alice, bob, carol):
        await registered(alice, bob, carol)
        await node.send("PATCH", "extensions/102", {"forward": {"always": "103"}})
        await asyncio.sleep(0.3)
        await Pair(alice, carol).talk("102")
        await alice.hangup()
        await carol.wait_for("CALL_CLOSED")

        await node.send("PATCH", "extensions/102", {"forward": None, "do_not_disturb": True})
        await asyncio.sleep(0.3)
        await alice.dial("102")
        await alice.wait_for("CALL_CLOSED", match=lambda event: "486" in event.param)

        await node.send("PATCH", "extensions/102", {"forward": {"busy": "103"}})
        await node.send("PATCH", "extensions/103", {"forward": {"always": "102"}})
        await asyncio.sleep(0.3)  # a change counts for calls a moment after it is stored
        await alice.dial("102")
        await alice.wait_for("CALL_CLOSED", match=lambda event: "482" in event.param)
        cdrs = await node.cdrs(at_least=3)
    assert cdrs[0]["answered_by"] == "103"


async def test_whose_turn_it_is_survives_a_restart(node: Node, phone: PhoneMaker) -> None:
    group = {
        "number": "600",
        "name": "Desk",
        "members": ["102", "103"],
        "strategy": "round_robin",
        "skip_busy": False,
    }
    await node.send("POST", "ring-groups", group)
    alice, bob, carol = phone(node, "101", tone_hz=440.0), phone(node, "102"), phone(node, "103")
    async with phones(alice, bob, carol):
        await registered(alice, bob, carol)
        for first, other in ((bob, carol), (carol, bob)):
            await alice.dial("600")
            await first.wait_for("CALL_INCOMING")
            await first.accept()
            await alice.wait_for("CALL_ESTABLISHED")
            assert not any(event.type == "CALL_INCOMING" for event in other.events[other._seen :])
            await alice.hangup()
            await first.wait_for("CALL_CLOSED")
            await node.no_calls()
            if first is bob:
                await node.stored("ring_groups", lambda turns: turns and turns.get("600/next") == 1)
                node.kill()
                await node.start()


async def test_without_call_waiting_a_second_caller_hears_busy(node: Node, phone: PhoneMaker) -> None:
    alice, bob, carol = phone(node, "101", tone_hz=440.0), phone(node, "102"), phone(node, "103")
    async with phones(alice, bob, carol):
        await registered(alice, bob, carol)
        await Pair(alice, bob).talk("102")
        await carol.dial("102")
        await bob.wait_for("CALL_INCOMING")
        await carol.hangup()
        await carol.wait_for("CALL_CLOSED")
        await node.send("PATCH", "extensions/102", {"call_waiting": False})
        await asyncio.sleep(0.3)
        await carol.dial("102")
        await carol.wait_for("CALL_CLOSED")
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        cdrs = await node.cdrs(at_least=3)
        await node.no_calls()
    assert [cdr["disposition"] for cdr in cdrs] == ["answered", "cancelled", "busy"]
