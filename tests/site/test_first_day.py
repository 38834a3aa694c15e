"""The site against a real node with real phones, in a real browser."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.live.baresip import Account, Phone, phones
from tests.live.node import Node, running
from tests.site.script import BUILT, play

pytestmark = pytest.mark.timeout(300)


async def test_set_up_log_in_phones_a_live_call_and_its_history(tmp_path: Path) -> None:
    async with running(Node(tmp_path / "node", options=("--site-dir", str(BUILT)))) as node:
        alice, bob = (_phone(node, number, hz, tmp_path) for number, hz in (("101", 440.0), ("102", 880.0)))

        async def register() -> None:
            await stack.enter_async_context(phones(alice, bob))
            await alice.registered()
            await bob.registered()

        async def dial() -> None:
            await alice.dial("102")
            await bob.wait_for("CALL_INCOMING")

        async def stop() -> None:
            await node.stop()

        async with AsyncExitStack() as stack:
            await play(
                "first_day.mjs",
                await _setup_url(node),
                cues={
                    "register": register,
                    "dial": dial,
                    "answer": bob.accept,
                    "hold": alice.hold,
                    "resume": alice.resume,
                    "hang up": alice.hangup,
                    "stop the node": stop,
                    "start the node": node.start,
                },
            )


def _phone(node: Node, number: str, tone_hz: float, folder: Path) -> Phone:
    account = Account(number, password=node.password(number), registrar=node.address)
    return Phone(account, folder / number, tone_hz=tone_hz)


async def _setup_url(node: Node) -> str:
    """The one-time link, which the node prints once it is ready."""
    async with asyncio.timeout(30):
        while not (found := re.search(r"http\S+/setup#token=\S+", node.log)):
            await asyncio.sleep(0.05)
    return found.group()
