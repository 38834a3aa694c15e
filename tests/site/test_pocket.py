"""The phone in the pocket: a page that is closed is woken by Web Push, and takes the call; nothing rings after its end.

Chromium's own push service cannot be reached from here. The page's subscription is therefore one of the test's: what
the node sends is encrypted for real, decrypted by the test, and delivered to the service worker by DevTools.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from tests.fakes.push.browser import FakeBrowser
from tests.live.baresip import Account, Phone, phones
from tests.live.node import Node, running
from tests.site.script import BUILT, play

pytestmark = pytest.mark.timeout(300)

PASSWORD = "correct horse battery"
PAGE_HZ = 700.0
"""What the page's microphone hears."""
DESK_HZ = 880.0


async def serve_pushes(browser: FakeBrowser, stack: AsyncExitStack) -> str:
    """Where the script reads what the node has sent, in clear, and tells the key that the page subscribed with."""

    async def pushes(_: web.Request) -> web.Response:
        return web.json_response([said for _, said in browser.pushes])

    async def key(request: web.Request) -> web.Response:
        browser.vapid_key = await request.text()
        return web.Response()

    app = web.Application()
    app.router.add_get("/pushes", pushes)
    app.router.add_post("/pushes", key)
    runner = web.AppRunner(app)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}/pushes"


async def test_a_closed_page_is_woken_answers_declines_and_never_rings_for_a_call_that_is_over(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(FakeBrowser())
        options = ("--site-dir", str(BUILT), "--push-webpush-hosts", f"127.0.0.1:{service.port}")
        node = await stack.enter_async_context(running(Node(tmp_path / "node", options=options)))
        user = {"username": "anna", "password": PASSWORD, "role": "user", "extension": "101"}
        await node.send("POST", "users", user)
        # A machine that does other things too is slower than any phone.
        await node.send("PATCH", "extensions/101", {"wake_timeout_s": 60, "ring_timeout_s": 60})
        await node.send("PATCH", "extensions/103", {"name": "Carla Weiß"})
        carla = Phone(
            Account("103", password=node.password("103"), registrar=node.address),
            tmp_path / "103",
            tone_hz=DESK_HZ,
        )
        await stack.enter_async_context(phones(carla))
        await carla.registered()

        async def told() -> None:
            """The device, and the key that it has subscribed with, are known."""
            (phone,) = (await node.get("push-phones"))["items"]
            assert (phone["extension"], phone["service"], phone["told_by"]) == ("101", "webpush", "app")
            (row,) = [
                each for each in (await node.get("registrations"))["items"] if each["extension"] == "101"
            ]
            assert phone["instance"].strip("<>").startswith("urn:uuid:")
            assert row["extension"] == "101"

        async def woke() -> None:
            (phone,) = (await node.get("push-phones"))["items"]
            assert (phone["pushes"], phone["woke"]) == (1, 1)

        async def carla_talks() -> None:
            await carla.wait_for("CALL_ESTABLISHED", timeout_s=60)

        async def carla_is_left() -> None:
            await carla.wait_for("CALL_CLOSED")

        async def carla_is_declined() -> None:
            closed = await carla.wait_for("CALL_CLOSED", timeout_s=30)
            assert "486" in str(closed), closed

        async def silence() -> None:
            """Nobody has answered but once, and nothing goes on."""
            assert (await node.get("calls"))["items"] == []
            answered = [each["answered_by"] for each in await node.cdrs() if each["answered_by"]]
            assert answered == ["101"]

        cues = {
            "the device is known": told,
            "it woke": woke,
            "carla calls": lambda: carla.dial("101"),
            "carla talks": carla_talks,
            "carla hangs up": carla.hangup,
            "carla is left": carla_is_left,
            "carla is declined": carla_is_declined,
            "nothing rings": silence,
        }
        pushes = await serve_pushes(service, stack)
        await play("pocket.mjs", node.url, pushes, service.subscription(), cues=cues, timeout_s=280)
        heard = carla.heard()
    assert heard.between(0.5, 2.0).dominant_hz() == pytest.approx(PAGE_HZ, abs=3)
    kinds = [said["kind"] for _, said in service.pushes if said is not None]
    assert kinds[0] == "incoming"
    assert kinds.count("incoming") == 4
    assert "cancel" in kinds
