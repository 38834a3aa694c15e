"""A flow that is called, watched, tried, tested and rolled back in the site, against a real node with real phones."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.live.baresip import Account, Phone, phones
from tests.live.node import Node, running
from tests.site.script import BUILT, play
from tests.site.test_first_day import _setup_url

pytestmark = pytest.mark.timeout(300)

FLOW: dict[str, Any] = {
    "number": "500",
    "name": "Main menu",
    "entry": "start",
    "nodes": {
        "start": {"type": "inbound_number", "x": 0, "y": 60},
        "menu": {
            "type": "menu",
            "name": "Welcome",
            "parameters": {
                "say": {"text": "Press one."},
                "choices": [{"keys": "1", "name": "Bob"}],
                "timeout_s": 20,
                "tries": 1,
            },
            "x": 280,
            "y": 0,
        },
        "bob": {"type": "extension", "name": "Bob", "parameters": {"extension": "102"}, "x": 620, "y": 0},
    },
    "wires": {
        "start": {"next": "menu"},
        "menu": {"1": "bob", "timeout": "", "invalid": ""},
        "bob": {"no_answer": "", "busy": "", "unreachable": ""},
    },
}


async def test_a_call_moves_through_the_canvas_and_a_made_up_one_becomes_a_test(tmp_path: Path) -> None:
    options = ("--site-dir", str(BUILT))
    async with running(Node(tmp_path / "node", extensions=("101", "102"), options=options)) as node:
        await node.send("POST", "flows", FLOW)
        await node.send("POST", "flows/500/publish", {"comment": "Begin"})
        alice, bob = (
            Phone(
                Account(number, password=node.password(number), registrar=node.address),
                tmp_path / number,
                tone_hz=hz,
            )
            for number, hz in (("101", 440.0), ("102", 880.0))
        )

        async def dial() -> None:
            await alice.dial("500")
            await alice.wait_for("CALL_ESTABLISHED")

        async def press() -> None:
            await alice.send_digits("1")
            await bob.wait_for("CALL_INCOMING")
            await bob.accept()

        async def hang_up() -> None:
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")

        async with AsyncExitStack() as stack:
            await stack.enter_async_context(phones(alice, bob))
            await alice.registered()
            await bob.registered()
            await play(
                "flow_walk.mjs",
                await _setup_url(node),
                cues={"dial": dial, "press": press, "hang up": hang_up},
                timeout_s=270,
            )
        revisions = (await node.get("flows/500/revisions"))["items"]
        assert [each["rolled_back_to"] for each in revisions] == [1, None, None]
        (test,) = (await node.get("flows/500"))["tests"]
        assert test["expect"]["path"] == ["start:next", "menu:1", "bob"]
        assert test["script"]["keys"] == ["1"]
