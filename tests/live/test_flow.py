"""A phone dials a published flow, presses its way through, and the history knows the way it took."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_talk import registered

pytestmark = pytest.mark.timeout(180)

FLOW: dict[str, Any] = {
    "number": "500",
    "name": "Main menu",
    "entry": "menu",
    "nodes": {
        "menu": {
            "type": "menu",
            "parameters": {"say": {"text": "Press one."}, "choices": [{"keys": "1"}], "timeout_s": 20},
        },
        "bob": {"type": "extension", "parameters": {"extension": "102"}},
    },
    "wires": {
        "menu": {"1": "bob", "timeout": "", "invalid": ""},
        "bob": {"no_answer": "", "busy": "", "unreachable": ""},
    },
}


async def test_a_published_flow_is_walked_and_the_history_knows_how(
    tmp_path: Path, phone: PhoneMaker
) -> None:
    async with running(Node(tmp_path / "node", extensions=("101", "102"))) as node:
        alice, bob = phone(node, "101", tone_hz=440.0), phone(node, "102", tone_hz=880.0)
        async with phones(alice, bob):
            await registered(alice, bob)
            await node.send("POST", "flows", FLOW)
            made = await node.send("POST", "flows/500/publish", {"comment": "live test"})
            assert made["revision"] == 1
            await alice.dial("500")
            await alice.wait_for("CALL_ESTABLISHED")
            (call,) = (await node.get("calls"))["items"]
            assert (call["flow"]["flow"], call["flow"]["node"]) == ("500", "menu")
            await asyncio.sleep(1)
            await alice.send_digits("1")
            await bob.wait_for("CALL_INCOMING")
            await bob.accept()
            await asyncio.sleep(2)
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
            (brief,) = await node.cdrs()
            cdr = await node.get(f"cdrs/{brief['id']}")
    assert cdr["flow"] == "500"
    path = [each for each in cdr["events"] if each["type"] in ("flow", "node_entered", "node_left")]
    assert [(each["type"], each.get("node"), each.get("exit")) for each in path] == [
        ("flow", None, None),
        ("node_entered", "menu", None),
        ("node_left", "menu", "1"),
        ("node_entered", "bob", None),
    ]
    assert path[0]["revision"] == 1


async def test_a_draft_is_called_once_and_the_history_says_that_it_was_a_test(
    tmp_path: Path, phone: PhoneMaker
) -> None:
    async with running(Node(tmp_path / "node", extensions=("101", "102"))) as node:
        alice = phone(node, "101", tone_hz=440.0)
        async with phones(alice):
            await registered(alice)
            await node.send("POST", "flows", FLOW)
            ticket = await node.send("POST", "flows/500/test-calls", {"draft": True})
            await alice.dial(ticket["dial"])
            await alice.wait_for("CALL_ESTABLISHED")
            (call,) = (await node.get("calls"))["items"]
            at = call["flow"]
            assert (at["flow"], at["node"], at["revision"], at["test"]) == ("500", "menu", 0, ticket["dial"])
            assert call["dialled"] == "500"
            await alice.hangup()
            await alice.wait_for("CALL_CLOSED")
            await alice.dial(ticket["dial"])
            await alice.wait_for("CALL_CLOSED")
            first, again = await node.cdrs()
            counted = await node.get("flows/500/traffic")
    assert (first["flow"], first["test"], first["dialled"]) == ("500", True, "500")
    assert (again["flow"], again["test"], again["sip_status"]) == (None, False, 404)
    assert counted["calls"] == 0


async def test_an_import_beside_the_node_publishes_and_the_next_call_finds_it(
    tmp_path: Path, phone: PhoneMaker
) -> None:
    async with running(Node(tmp_path / "node", extensions=("101",))) as node:
        alice = phone(node, "101", tone_hz=440.0)
        over = {
            "number": "501",
            "name": "Closed",
            "entry": "over",
            "nodes": {"over": {"type": "hang_up", "parameters": {"reason": "declined"}}},
        }
        document = tmp_path / "flows.json"
        document.write_text(json.dumps({"flows": [over]}))
        async with phones(alice):
            await registered(alice)
            printed = await asyncio.to_thread(node.cli, "import", str(document))
            assert "published 1 flow: 501" in printed.stdout
            for _ in range(50):
                if (await node.get("flow-states"))["items"]:
                    break
                await asyncio.sleep(0.1)
            await asyncio.sleep(1.5)  # the node looks for changes of others once a second
            await alice.dial("501")
            await alice.wait_for("CALL_CLOSED")
            (cdr,) = await node.cdrs()
    assert (cdr["flow"], cdr["sip_status"]) == ("501", 603)
