"""The phone in the site: two people in two browsers at a real node, and a desk phone."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.live.baresip import Account, Phone, phones
from tests.live.node import Node, running
from tests.site.script import BUILT, play

pytestmark = pytest.mark.timeout(300)

PASSWORD = "correct horse battery"
PEOPLE = (("101", "Anna Meier", "Sales"), ("102", "Ben Okafor", "Support"), ("103", "Carla Weiß", ""))


async def test_two_pages_and_a_desk_phone_call_hold_transfer_and_note(tmp_path: Path) -> None:
    options = ("--site-dir", str(BUILT), "--options-interval-s", "5")
    async with running(Node(tmp_path / "node", options=options)) as node, AsyncExitStack() as stack:
        await furnish(node)
        carla = Phone(
            Account("103", password=node.password("103"), registrar=node.address),
            tmp_path / "103",
            tone_hz=880.0,
        )
        await stack.enter_async_context(phones(carla))
        await carla.registered()

        async def carla_rings() -> None:
            await carla.wait_for("CALL_INCOMING")
            await carla.accept()

        async def carla_calls_anna() -> None:
            await carla.dial("101")

        async def noted() -> None:
            calls = (await node.get("cdrs"))["items"]
            found = [await node.get(f"cdrs/{each['id']}/notes") for each in calls]
            assert "Wants the blue one." in [note["text"] for each in found for note in each["items"]]

        cues = {
            "carla answers": carla_rings,
            "carla calls anna": carla_calls_anna,
            "carla hangs up": carla.hangup,
            "the note is kept": noted,
        }
        await play("phone.mjs", node.url, cues=cues, timeout_s=270)


async def furnish(node: Node) -> None:
    """Names, users, and a speed dial."""
    for number, name, department in PEOPLE:
        change: dict[str, Any] = {"name": name, "department": department}
        await node.send("PATCH", f"extensions/{number}", change)
    for username, extension in (("anna", "101"), ("ben", "102")):
        user = {"username": username, "password": PASSWORD, "role": "user", "extension": extension}
        await node.send("POST", "users", user)
    taxi = {"id": "taxi", "name": "Taxi", "code": "7", "destination": "103"}
    await node.send("POST", "speed-dials", taxi)
