"""An office and its provider: two nodes, one of which plays the carrier."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_talk import assert_heard, registered

ACCOUNT, ELSEWHERE = "4930901820", "2025550123"
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def carrier(tmp_path: Path) -> AsyncIterator[Node]:
    async with running(Node(tmp_path / "carrier", extensions=(ACCOUNT, ELSEWHERE))) as node:
        yield node


def trunk(carrier: Node, **more: Any) -> dict[str, Any]:
    return {
        "id": "carrier",
        "name": "The carrier",
        "host": "127.0.0.1",
        "port": carrier.sip_port,
        "username": ACCOUNT,
        "password": carrier.password(ACCOUNT),
        "number_format": "as_dialled",
        "check_every_s": 5,
        **more,
    }


async def trunk_state(node: Node, wanted: str, *, timeout_s: float = 10.0) -> dict[str, Any]:
    """The status of the trunk once it is in this state."""
    status: dict[str, Any] = {}
    for _ in range(int(timeout_s / 0.1)):
        items = (await node.get("trunk-statuses"))["items"]
        status = items[0] if items else {}
        if status.get("state") == wanted:
            return status
        await asyncio.sleep(0.1)
    raise TimeoutError(f"the trunk is {status}, not {wanted}\n{node.log[-3000:]}")


async def test_calls_go_out_and_come_in_over_a_registered_trunk(
    node: Node, carrier: Node, phone: PhoneMaker
) -> None:
    await node.send("POST", "trunks", trunk(carrier))
    status = await trunk_state(node, "up")
    assert 0 < status["registered_for_s"] <= 600
    assert len(await carrier.registrations(ACCOUNT)) == 1
    await node.send(
        "POST",
        "outbound-routes",
        {"id": "all", "name": "All", "patterns": ["0."], "trunks": ["carrier"], "strip_digits": 1},
    )
    await node.send(
        "POST", "inbound-numbers", {"number": f"+{ACCOUNT}", "name": "Main number", "destination": "102"}
    )
    alice = phone(node, "101", tone_hz=440.0)
    bob = phone(node, "102", tone_hz=600.0)
    outside = phone(carrier, ELSEWHERE, tone_hz=880.0)
    async with phones(alice, bob, outside):
        await registered(alice, bob, outside)
        await Pair(alice, outside).talk(f"0{ELSEWHERE}")
        await asyncio.sleep(2.5)
        await alice.hangup()
        await outside.wait_for("CALL_CLOSED")
        (out,) = await node.cdrs()
        assert (out["from_extension"], out["dialled"], out["disposition"]) == (
            "101",
            f"0{ELSEWHERE}",
            "answered",
        )
        assert (await carrier.cdrs())[0]["from_extension"] == ACCOUNT
        assert_heard(outside, 440.0, seconds=2)

        await Pair(outside, bob).talk(ACCOUNT)
        await asyncio.sleep(2.5)
        await outside.hangup()
        await bob.wait_for("CALL_CLOSED")
        coming = (await node.cdrs(at_least=2))[1]
        assert (coming["from_extension"], coming["from_number"], coming["to_extension"]) == (
            None,
            f"+1{ELSEWHERE}",
            "102",
        )
        assert (coming["dialled"], coming["source"]) == (f"+{ACCOUNT}", "trunk:carrier")
        assert_heard(bob, 880.0, seconds=2)
    await node.no_calls()
    assert (await node.get("trunk-statuses"))["items"][0]["calls"] == 0


async def test_a_wrong_password_is_told_in_plain_words_and_a_right_one_brings_the_trunk_up(
    node: Node, carrier: Node
) -> None:
    await node.send("POST", "trunks", trunk(carrier, password="not-the-one"))
    status = await trunk_state(node, "down")
    assert "password" in status["error"]
    await node.send("PATCH", "trunks/carrier", {"password": carrier.password(ACCOUNT)})
    assert (await trunk_state(node, "up"))["error"] == ""


async def test_the_next_trunk_is_tried_when_the_first_dies(
    node: Node, carrier: Node, phone: PhoneMaker, tmp_path: Path
) -> None:
    async with running(Node(tmp_path / "second", extensions=(ACCOUNT, ELSEWHERE))) as second:
        await node.send("POST", "trunks", trunk(carrier, check_every_s=0))
        await node.send("POST", "trunks", trunk(second, id="second", check_every_s=0))
        for _ in range(100):
            states = [each["state"] for each in (await node.get("trunk-statuses"))["items"]]
            if states == ["up", "up"]:
                break
            await asyncio.sleep(0.1)
        assert states == ["up", "up"]
        await node.send(
            "POST",
            "outbound-routes",
            {
                "id": "all",
                "name": "All",
                "patterns": ["0."],
                "trunks": ["carrier", "second"],
                "strip_digits": 1,
            },
        )
        alice, outside = phone(node, "101", tone_hz=440.0), phone(second, ELSEWHERE, tone_hz=880.0)
        async with phones(alice, outside):
            await registered(alice, outside)
            carrier.kill()
            await Pair(alice, outside).talk(f"0{ELSEWHERE}")
            await asyncio.sleep(2.5)
            await alice.hangup()
            assert_heard(outside, 440.0, seconds=2)
    routed = [each["to"] for each in (await node.cdrs())[0]["events"] if each["type"] == "routed"]
    assert routed == ["carrier", "second"]


async def test_a_trunk_whose_connection_is_lost_registers_again_and_is_reached(
    node: Node, carrier: Node, phone: PhoneMaker
) -> None:
    await node.send("POST", "trunks", trunk(carrier, transport="tcp", check_every_s=0))
    await trunk_state(node, "up")
    await node.send(
        "POST", "inbound-numbers", {"number": f"+{ACCOUNT}", "name": "Main number", "destination": "102"}
    )
    carrier.kill()
    await carrier.start()
    for _ in range(150):
        if "connection is made anew" in node.log:
            break
        await asyncio.sleep(0.1)
    await trunk_state(node, "up")
    outside, bob = phone(carrier, ELSEWHERE), phone(node, "102")
    async with phones(outside, bob):
        await registered(outside, bob)
        await Pair(outside, bob).talk(ACCOUNT)
        await outside.hangup()
        await bob.wait_for("CALL_CLOSED")
