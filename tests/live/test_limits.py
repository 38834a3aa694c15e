"""An office that reaches its limits: a real phone, a carrier that is a second node, a mail server and a webhook."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiosmtpd.controller import Controller

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.ports import free_port
from tests.live.test_talk import registered
from tests.live.test_trunk import ACCOUNT, ELSEWHERE, trunk, trunk_state
from tests.notify.test_notices import Mailbox

HELP = "1990"
"""Stands in for 911, which no extension of the carrier can have."""
KEY = "a-key-of-sixteen-letters"
pytestmark = pytest.mark.timeout(150)


@asynccontextmanager
async def webhook() -> AsyncIterator[tuple[list[dict[str, Any]], str]]:
    came: list[dict[str, Any]] = []

    async def handle(request: web.Request) -> web.Response:
        assert request.headers["X-Bellwire-Signature"].startswith("t=")
        came.append(json.loads(await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    yield came, str(server.make_url("/hook"))
    await server.close()


@asynccontextmanager
async def mailbox() -> AsyncIterator[tuple[Mailbox, int]]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    await asyncio.to_thread(controller.start)
    yield box, controller.port
    await asyncio.to_thread(controller.stop)


@pytest.fixture
async def carrier(tmp_path: Path) -> AsyncIterator[Node]:
    async with running(Node(tmp_path / "carrier", extensions=(ACCOUNT, ELSEWHERE, HELP))) as node:
        yield node


async def connect(node: Node, carrier: Node) -> None:
    await node.send("POST", "trunks", trunk(carrier))
    await trunk_state(node, "up")
    await node.send(
        "POST",
        "outbound-routes",
        {"id": "all", "name": "All", "patterns": ["0."], "trunks": ["carrier"], "strip_digits": 1},
    )


async def told(came: list[Any], count: int) -> None:
    async with asyncio.timeout(10):
        while len(came) < count:
            await asyncio.sleep(0.05)


async def test_a_limit_is_reached_told_and_kept_and_help_is_called_all_the_same(
    tmp_path: Path, carrier: Node, phone: PhoneMaker
) -> None:
    async with webhook() as (hooked, url), mailbox() as (box, port):
        options = ("--smtp-host", "127.0.0.1", "--smtp-port", str(port), "--smtp-security", "none")
        office = Node(tmp_path / "node", options=(*options, "--emergency-numbers", f"911,{HELP}"))
        async with running(office) as node:
            await connect(node, carrier)
            await node.send("PATCH", "extensions/101", {"location": "2nd floor, room 214"})
            await node.send(
                "POST",
                "limits",
                {
                    "id": "new",
                    "name": "New",
                    "counts": "extension",
                    "extensions": ["101"],
                    "calls_per_day": 1,
                },
            )
            boss = {"id": "boss", "name": "Boss", "address": "boss@office.example"}
            await node.send("POST", "notice-targets", boss)
            hook = {"id": "hook", "name": "Hook", "address": url, "signing_key": KEY}
            assert "signing_key" not in await node.send("POST", "notice-targets", hook)
            alice = phone(node, "101", tone_hz=440.0)
            outside, help_ = phone(carrier, ELSEWHERE, tone_hz=880.0), phone(carrier, HELP, tone_hz=660.0)
            async with phones(alice, outside, help_):
                await registered(alice, outside, help_)
                await Pair(alice, outside).talk(f"0{ELSEWHERE}")
                await alice.hangup()
                await asyncio.gather(alice.wait_for("CALL_CLOSED"), outside.wait_for("CALL_CLOSED"))
                await refused(alice)
                await told(hooked, 1)
                await told(box.mails, 1)
                await node.stop()
                await node.start()
                await registered(alice)
                await trunk_state(node, "up")
                await refused(alice)
                await Pair(alice, help_).talk(HELP)
                await told(
                    hooked, 3
                )  # the limit again, since the node has forgotten whom it told, and the call
                await alice.hangup()
            used = await node.get("usage")
            notices = (await node.get("notices"))["items"]
            await told(box.mails, 3)
    figures = {each["key"]: (each["calls_now"], each["calls_day"]) for each in used["items"]}
    assert figures == {"": (0, 1), "101": (0, 1), "carrier": (0, 1)}
    assert [each["id"] for each in used["limits"]] == ["new", "office", "each-extension"]
    assert [each["kind"] for each in notices] == ["emergency", "limit", "limit"]
    assert notices[0]["facts"]["location"] == "2nd floor, room 214"
    assert {each["target"] for each in notices[2]["deliveries"]} == {"boss", "hook"}
    assert [each["facts"]["number"] for each in hooked] == [ELSEWHERE, ELSEWHERE, HELP]
    assert "room 214" in box.mails[2][1].get_content()
    causes = [each["cause"] for each in await carrier.cdrs(at_least=2)]
    assert len(causes) == 2, "what a limit refuses never reaches the carrier"


async def refused(alice: Any) -> None:
    """She hears the information tone, and then 403."""
    await alice.dial(f"0{ELSEWHERE}")
    closed = await alice.wait_for("CALL_CLOSED", timeout_s=25)
    assert "403" in closed.param
    sound = alice.heard()
    assert sound.seconds >= 3
    assert max(sound.level_dbfs(hz) for hz in (950, 1400, 1800)) > -40


@pytest.mark.slow
async def test_a_call_is_ended_when_it_has_lasted_long_enough(
    node: Node, carrier: Node, phone: PhoneMaker
) -> None:
    await connect(node, carrier)
    await node.send(
        "POST",
        "limits",
        {"id": "short", "name": "Short", "counts": "trunk", "minutes_per_call": 1, "warn_s": 55},
    )
    alice, outside = phone(node, "101", tone_hz=440.0), phone(carrier, ELSEWHERE, tone_hz=880.0)
    async with phones(alice, outside):
        await registered(alice, outside)
        await Pair(alice, outside).talk(f"0{ELSEWHERE}")
        await asyncio.gather(
            alice.wait_for("CALL_CLOSED", timeout_s=70), outside.wait_for("CALL_CLOSED", timeout_s=70)
        )
        (cdr,) = await node.cdrs()
        beeped = alice.heard().between(4.0, 7.0)
        assert beeped.level_dbfs(1400) > -45
        assert outside.heard().gaps(440.0) == []
    assert (cdr["disposition"], cdr["cause"], cdr["hung_up_by"]) == ("answered", "limit", "node")
    assert cdr["talk_s"] == pytest.approx(60, abs=2)
    assert [each["type"] for each in cdr["events"] if each["type"].startswith("limit")] == [
        "limit_near",
        "limited",
    ]
