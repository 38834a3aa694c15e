"""Follow-me to a mobile: a second node plays the carrier, and the mobile is one of its phones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_codes import code
from tests.live.test_talk import assert_heard, registered
from tests.live.test_trunk import ACCOUNT, ELSEWHERE, trunk, trunk_state

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def carrier(tmp_path: Path) -> AsyncIterator[Node]:
    async with running(Node(tmp_path / "carrier", extensions=(ACCOUNT, ELSEWHERE))) as node:
        yield node


async def test_the_mobile_gets_the_call_only_when_1_is_pressed(
    node: Node, carrier: Node, phone: PhoneMaker
) -> None:
    await node.send("POST", "trunks", trunk(carrier))
    await trunk_state(node, "up")
    await node.send(
        "POST",
        "outbound-routes",
        {"id": "all", "name": "All", "patterns": ["0."], "trunks": ["carrier"], "strip_digits": 1},
    )
    follow_me = {"strategy": "all", "numbers": [{"number": f"0{ELSEWHERE}", "timeout_s": 30}]}
    await node.send("PATCH", "extensions/102", {"follow_me": follow_me})
    alice, bob = phone(node, "101", tone_hz=440.0), phone(node, "102")
    mobile = phone(carrier, ELSEWHERE, tone_hz=880.0)
    async with phones(alice, bob, mobile):
        await registered(alice, bob, mobile)
        await code(bob, "*85")
        assert (await node.get("extensions/102"))["follow_me"]["enabled"] is True
        await alice.dial("102")
        await asyncio.gather(bob.wait_for("CALL_INCOMING"), mobile.wait_for("CALL_INCOMING"))
        await mobile.accept()
        await mobile.wait_for("CALL_ESTABLISHED")
        await asyncio.sleep(1.0)
        assert not alice.has("CALL_ESTABLISHED"), "nobody talks with somebody who may be a mailbox"
        await mobile.send_digits("1")
        await alice.wait_for("CALL_ESTABLISHED")
        await bob.wait_for("CALL_CLOSED")
        await asyncio.sleep(2.5)
        await alice.hangup()
        await mobile.wait_for("CALL_CLOSED")
        cdr = next(each for each in await node.cdrs(at_least=2) if each["dialled"] == "102")
        assert (cdr["answered_by"], cdr["disposition"]) == (ELSEWHERE, "answered")
        assert "leg_asked" in [each["type"] for each in cdr["events"]]
    assert_heard(alice, 880.0, seconds=2)
    await node.no_calls()
    assert (await node.get("trunk-statuses"))["items"][0]["calls"] == 0
