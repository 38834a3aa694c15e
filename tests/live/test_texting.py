"""Texts through a real edge, in the node and apart from it: in over webhooks, out by the office's API and flows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.live.edge_office import CALLER, NUMBER, PUBLIC, Line, edge_office

pytestmark = pytest.mark.timeout(180)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
ONE = f"conversations/%2B{CALLER[1:]}/%2B{NUMBER[1:]}"
FLOW: dict[str, Any] = {
    "number": "500",
    "name": "Missed call",
    "entry": "text",
    "nodes": {
        "text": {"type": "send_text", "parameters": {"text": "We call you back."}},
        "over": {"type": "hang_up", "parameters": {"reason": "declined"}},
    },
    "wires": {"text": {"next": "over", "failed": ""}},
}


async def _sent(line: Line, *, count: int) -> list[str]:
    """What was sent to the caller, once it is so many."""
    async with asyncio.timeout(20):
        while len(line.twilio.sent(CALLER)) < count:
            await asyncio.sleep(0.05)
    return [message.body for message in line.twilio.sent(CALLER)]


async def _until(line: Line, path: str, wanted: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(20):
        while not wanted(found := await line.node.get(path)):
            await asyncio.sleep(0.1)
    return found


async def _upload(line: Line, content: bytes) -> str:
    headers = {"Authorization": f"Bearer {line.node.token}", "Content-Type": "image/png"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{line.node.url}/api/v1/texts/media", data=content) as response,
    ):
        assert response.status == 201, await response.text()
        return str((await response.json())["id"])


@pytest.mark.parametrize("inside", [False, True], ids=["edge elsewhere", "edge inside"])
async def test_texts_come_in_are_answered_and_go_out(tmp_path: Path, inside: bool) -> None:
    async with edge_office(tmp_path, inside=inside) as line:
        number = line.twilio.number(NUMBER)
        assert number is not None
        number.settings["sms_url"] = f"{PUBLIC}/twilio/sms"
        await line.node.send("PUT", "receptionist", {"facts": "Parking: behind the house"})
        await line.twilio.receive_text(
            CALLER, NUMBER, "where can I park?", media=[("image/png", PNG)], times=2
        )
        assert await _sent(line, count=1) == ["Parking: behind the house."]

        found = await _until(line, ONE, lambda one: one["messages"][0]["media"][0]["state"] == "stored")
        assert [each["author"] for each in found["messages"]] == ["them", "ai"]
        reply = {"from": CALLER, "to": NUMBER, "text": "See?", "media": [await _upload(line, PNG)]}
        await line.node.send("POST", "conversations/reply", reply)
        await _sent(line, count=2)
        (address,) = line.twilio.sent(CALLER)[1].media_urls
        async with (
            aiohttp.ClientSession() as session,
            session.get(line.twilio.webhooks.place(address)) as response,
        ):
            assert (response.status, await response.read()) == (200, PNG)
        await _until(line, ONE, lambda one: one["messages"][-1]["state"] == "delivered")

        await line.node.send("POST", "flows", FLOW)
        await line.node.send("POST", "flows/500/publish", {"comment": "live test"})
        await line.leads_to("500")
        await line.twilio.call(CALLER, NUMBER)
        assert (await _sent(line, count=3))[2] == "We call you back."

        await line.twilio.receive_text(CALLER, NUMBER, "STOP")
        await _until(line, ONE, lambda one: one["conversation"]["opted_out"])
        with pytest.raises(RuntimeError, match=r"409 .*opted out"):
            await line.node.send("POST", "sms/send", {"to": CALLER, "text": "Please?"})
        figures = await line.node.get("analytics/sms")
        assert sum(day["received"] for day in figures["days"]) == 2
        assert len(line.twilio.sent(CALLER)) == 3
