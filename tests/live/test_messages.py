"""Text messages between phones: kept while the other one is away, delivered when it registers, to all its phones."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.raw import Answer, Peer

pytestmark = pytest.mark.timeout(60)

TEXT = "Mittag um 12? ☕"
PLAIN = ("Content-Type: text/plain;charset=UTF-8",)


def write(node: Node, sender: str, to: str, text: str, *, password: str | None = None) -> Answer:
    with Peer(node.sip_port) as peer:
        secret = node.password(sender) if password is None else password
        return peer.request("MESSAGE", sender, secret, to=to, headers=PLAIN, body=text.encode())


async def delivered(node: Node, count: int) -> None:
    deadline = time.monotonic() + 5
    while True:
        items = (await node.get("messages"))["items"]
        if len([each for each in items if each["delivered_at"]]) >= count:
            return
        assert time.monotonic() < deadline, items
        await asyncio.sleep(0.05)


async def test_a_message_to_a_phone_that_is_away_arrives_when_it_registers(
    node: Node, phone: PhoneMaker
) -> None:
    answer = await asyncio.to_thread(write, node, "101", "102", TEXT)
    assert answer.status == 202
    (message,) = (await node.get("messages?waiting=true"))["items"]
    assert (message["from_extension"], message["text"], message["delivered_at"]) == ("101", TEXT, None)
    node.kill()
    await node.start()
    desk, mobile = phone(node, "102"), phone(node, "102")
    async with phones(desk):
        await desk.registered()
        await delivered(node, 1)
        async with phones(mobile):
            await mobile.registered()
            await node.send("POST", "messages", {"to_extension": "102", "text": "to both"})
            await delivered(node, 2)
            await asyncio.sleep(0.3)
    assert desk.log.count(TEXT) == 1
    assert '"Phone 101" <sip:101@' in desk.log
    assert (desk.log.count("to both"), mobile.log.count("to both"), mobile.log.count(TEXT)) == (1, 1, 0)


async def test_who_may_write_to_whom(node: Node) -> None:
    for sender, to, password, status in (
        ("101", "999", None, 404),
        ("101", "102", "wrong-password", 403),
    ):
        answer = await asyncio.to_thread(write, node, sender, to, "hello", password=password)
        assert answer.status == status
    assert (await node.get("messages"))["total"] == 0
