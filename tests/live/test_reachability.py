"""Real phones that are asked whether they are there, and one that dies without a word."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_talk import registered

pytestmark = pytest.mark.timeout(90)


@pytest.mark.parametrize("transport", ["udp", "tls"])
async def test_registered_means_can_be_rung(tmp_path: Path, phone: PhoneMaker, transport: str) -> None:
    async with running(Node(tmp_path / "node", options=("--options-interval-s", "2"))) as node:
        alice = phone(node, "101", transport=transport)
        async with phones(alice):
            await registered(alice)
            await _until(node, reachable=True)
            (item,) = (await node.get("registrations"))["items"]
            assert 0 < item["round_trip_ms"] < 3000
            assert item["notice"] == ""
            await alice.kill()
            await _until(node, reachable=False)
            (item,) = (await node.get("registrations"))["items"]
            assert "does not answer" in item["notice"]


async def _until(node: Node, *, reachable: bool) -> None:
    async with asyncio.timeout(30):
        while [each["reachable"] for each in (await node.get("registrations"))["items"]] != [reachable]:
            await asyncio.sleep(0.1)
