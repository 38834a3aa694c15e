"""Webhooks: what a receiver gets and can check, what happens when it is not there, and that nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import pbx
from pbx.api import webhook_feed
from pbx.model.kinds import WEBHOOK
from pbx.model.records_changed import RecordsChanged
from pbx.model.webhook import Webhook, WebhookDelivery
from pbx.store import webhook_deliveries
from tests.api.conftest import START, Node, StartNode, registration, soon

KEY = "0123456789abcdef-secret"


class Receiver:
    """Takes what is posted; answers what `answers` says, then 200."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    @property
    def events(self) -> list[Any]:
        import json

        return [json.loads(body)["event"] for _, body in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    one = Receiver()
    app = web.Application()
    app.router.add_post("/hook", one.take)
    async with TestServer(app, host="127.0.0.1") as server:
        yield one, str(server.make_url("/hook"))


async def hook(node: Node, url: str, **more: object) -> None:
    record = {"id": "crm", "name": "CRM", "url": url, "topics": ["registrations"], "signing_key": KEY}
    await node.json("POST", "/api/v1/webhooks", 201, json=record | more)
    await soon(lambda: len(_clients(node)) == 1)


def _clients(node: Node) -> set[object]:
    return set(_service(node).hub._clients)


def _service(node: Node) -> Any:
    return next(
        cell.cell_contents
        for route in node.server.app.router.routes()
        if route.name == "getStatus"
        for cell in route.handler.__closure__ or ()
        if hasattr(cell.cell_contents, "hub")
    )


def change(node: Node, *numbers: str) -> None:
    """So many phones are registered now."""
    node.registrations[:] = [registration(each) for each in numbers]
    node.deps.bus.publish("registration", RecordsChanged())


def _from_the_guide() -> Callable[[str, str, bytes, float], bool]:
    """The function that the guide tells receivers to use."""
    code = (Path(pbx.__file__).parent / "docs" / "guide" / "api.md").read_text().split("```python\n")[1]
    names: dict[str, Any] = {}
    exec(code.split("```")[0], names)
    return names["is_genuine"]  # type: ignore[no-any-return]


verify = _from_the_guide()


def test_what_is_no_signature_is_refused() -> None:
    for header in ("", "t=", "t=1", "v1=x", "t=x,v1=y", "nonsense"):
        assert not verify(KEY, header, b"", 1.0)


async def deliveries(node: Node, query: str = "") -> list[dict[str, Any]]:
    return (await node.json("GET", f"/api/v1/webhook-deliveries{query}"))["items"]  # type: ignore[no-any-return]


async def test_an_event_arrives_signed_as_the_live_screen_gets_it(
    node: Node, receiver: tuple[Receiver, str]
) -> None:
    taken, url = receiver
    await hook(node, url)
    change(node, "101")
    await soon(lambda: len(taken.got) == 1)
    headers, body = taken.got[0]
    (event,) = taken.events
    assert (event["type"], event["item"]["extension"]) == ("registration", "101")
    assert verify(KEY, headers["X-Bellwire-Signature"], body, START.timestamp())
    assert not verify("another key than that", headers["X-Bellwire-Signature"], body, START.timestamp())
    assert not verify(KEY, headers["X-Bellwire-Signature"], body + b" ", START.timestamp())
    assert not verify(KEY, headers["X-Bellwire-Signature"], body, START.timestamp() + 301)
    await asyncio.sleep(0.05)
    (row,) = await deliveries(node, "?webhook=crm")
    assert (row["state"], row["status"], row["attempts"]) == ("sent", 200, 1)
    assert row["id"] == headers["X-Bellwire-Id"]
    assert "signing_key" not in await node.json("GET", "/api/v1/webhooks/crm")


async def test_what_is_not_taken_is_sent_again_before_what_came_later(
    node: Node, receiver: tuple[Receiver, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_feed, "PAUSES_S", (0, 0))
    taken, url = receiver
    taken.answers = [500, 503]
    await hook(node, url)
    change(node, "101")
    await soon(lambda: len(taken.got) >= 1)
    change(node, "101", "102")
    await soon(lambda: len(taken.got) == 4)
    assert [event["id"] for event in taken.events] == ["r101", "r101", "r101", "r102"]
    await asyncio.sleep(0.05)
    assert [(each["state"], each["attempts"]) for each in await deliveries(node)] == [
        ("sent", 1),
        ("sent", 3),
    ]


async def test_a_refusal_is_final(node: Node, receiver: tuple[Receiver, str]) -> None:
    taken, url = receiver
    taken.answers = [404]
    await hook(node, url)
    change(node, "101")
    await soon(lambda: len(taken.got) == 1)
    await asyncio.sleep(0.05)
    (row,) = await deliveries(node, "?state=failed")
    assert (row["status"], row["error"]) == (404, "It answered 404.")


async def test_nobody_there_is_tried_again_later_and_survives_a_restart(
    start_node: StartNode, receiver: tuple[Receiver, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_feed, "PAUSES_S", (2,))
    node = await start_node()
    await hook(node, "http://127.0.0.1:9/")
    change(node, "101")
    waiting: list[dict[str, Any]] = []
    for _ in range(100):
        waiting = await deliveries(node, "?state=waiting")
        if waiting and waiting[0]["attempts"]:
            break
        await asyncio.sleep(0.02)
    assert waiting[0]["error"].startswith("It cannot be reached")
    assert waiting[0]["next_at"] > waiting[0]["at"]
    taken, url = receiver
    kept = await node.deps.deliveries.next("crm")
    assert kept is not None
    await node.server.close()
    record = Webhook(id="crm", name="CRM", url=url)
    await node.deps.records.replace(WEBHOOK, "crm", WEBHOOK.with_secret(record, None))
    await start_node(records=node.deps.records, deliveries=node.deps.deliveries)
    await soon(lambda: len(taken.got) == 1, within_s=12)
    assert taken.got[0][0]["X-Bellwire-Id"] == kept.id


async def test_a_test_says_how_it_went(node: Node, receiver: tuple[Receiver, str]) -> None:
    taken, url = receiver
    await hook(node, url)
    await node.json("PATCH", "/api/v1/webhooks/crm", json={"enabled": False})
    assert (await node.json("POST", "/api/v1/webhooks/crm/test"))["state"] == "sent"
    assert taken.events == [{"type": "test"}]
    taken.answers = [500]
    failed = await node.json("POST", "/api/v1/webhooks/crm/test")
    assert (failed["state"], failed["status"]) == ("failed", 500)
    await node.json("POST", "/api/v1/webhooks/nobody/test", 404)


async def test_addresses_where_clouds_keep_their_keys_are_not_asked(node: Node) -> None:
    await hook(node, "http://169.254.169.254/latest")
    failed = await node.json("POST", "/api/v1/webhooks/crm/test")
    assert failed["error"] == "Its address may not be asked."


async def test_a_dead_receiver_keeps_a_bounded_heap(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_deliveries, "MOST_WAITING", 5)
    monkeypatch.setattr(webhook_deliveries, "MOST_KEPT", 3)
    for number in range(20):
        delivery = WebhookDelivery(id=f"{number:04d}", webhook="crm", topic="call", at=START)
        await node.deps.deliveries.put(delivery)
    rows = await deliveries(node)
    assert [each["id"] for each in rows if each["state"] == "waiting"] == [
        f"{n:04d}" for n in range(19, 14, -1)
    ]
    assert [each["id"] for each in rows if each["state"] == "failed"] == ["0014", "0013", "0012"]


async def test_a_receiver_that_hangs_holds_up_no_request(node: Node, receiver: tuple[Receiver, str]) -> None:
    started = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        started.set()
        await asyncio.sleep(30)
        return web.Response()

    app = web.Application()
    app.router.add_post("/", hang)
    async with TestServer(app, host="127.0.0.1") as server:
        await hook(node, str(server.make_url("/")))
        change(node, "101")
        await asyncio.wait_for(started.wait(), 10)
        change(node, "101", "102")
        assert (await node.json("GET", "/api/v1/registrations"))["total"] == 2
        await node.json("DELETE", "/api/v1/webhooks/crm", 204)
        await soon(lambda: not _clients(node), within_s=10)
        async with asyncio.timeout(10):
            while {each["state"] for each in await deliveries(node)} != {"failed"}:
                await asyncio.sleep(0.02)


async def test_new_topics_are_in_the_snapshot(node: Node) -> None:
    headers = {"Authorization": f"Bearer {node.token}"}
    async with node.browser().ws_connect(
        "/api/v1/events?topics=queues,trunks,recordings,flows,health,settings", headers=headers
    ) as socket:
        first = await socket.receive_json()
        assert first["settings"][0]["office_name"] == ""
        assert first["health"][0]["name"] == "database"
        assert [first[topic] for topic in ("queues", "trunks", "recordings", "flows")] == [[], [], [], []]
        assert first["calls"] is None
        await node.json("PATCH", "/api/v1/settings", json={"office_name": "Ring"})
        told = await socket.receive_json()
        assert (told["type"], told["id"], told["item"]["office_name"]) == ("settings", "office", "Ring")
