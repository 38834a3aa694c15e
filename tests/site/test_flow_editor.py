"""The flow editor against a real node: a template is mended, published and called."""

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


async def test_a_flow_from_a_template_is_mended_published_and_called(tmp_path: Path) -> None:
    node = Node(tmp_path / "node", extensions=("101", "102"), options=("--site-dir", str(BUILT)))
    async with running(node), AsyncExitStack() as stack:
        alice, bob = (_phone(node, number, tmp_path) for number in ("101", "102"))

        async def call() -> None:
            await stack.enter_async_context(phones(alice, bob))
            await alice.registered()
            await bob.registered()
            await bob.dial("500")
            await bob.wait_for("CALL_ESTABLISHED")
            await asyncio.sleep(1)
            await bob.send_digits("0")
            await alice.wait_for("CALL_INCOMING")
            await bob.hangup()

        async def rename() -> None:
            await node.send("PATCH", "flows/500", {"name": "By somebody else"})

        await play(
            "flow_editor.mjs",
            await _setup_url(node),
            cues={"call it": call, "somebody else renames it": rename},
        )


def _phone(node: Node, number: str, folder: Path) -> Phone:
    return Phone(Account(number, password=node.password(number), registrar=node.address), folder / number)


async def _setup_url(node: Node) -> str:
    """The one-time link, which the node prints once it is ready."""
    async with asyncio.timeout(30):
        while not (found := re.search(r"http\S+/setup#token=\S+", node.log)):
            await asyncio.sleep(0.05)
    return found.group()
