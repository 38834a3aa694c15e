"""What the edge answers is passed on as it came; who may ask, and what is written down, is the node's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession, WSServerHandshakeError

from edge.app import operations
from pbx.api.edge import PREFIX, ROUTES
from pbx.api.edge_door import EdgeReply
from pbx.api.openapi import document
from pbx.app.schema import edge
from pbx.core.errors import UserError
from pbx.model.edge_event import EdgeEvent
from tests.api.conftest import Node, StartNode
from tests.api.test_live import connected

LIST = "/api/v1/conversations"


@dataclass
class Door:
    """An edge that answers what the test says and remembers what it was asked."""

    reply: EdgeReply = field(default_factory=lambda: EdgeReply(status=200, body=b'{"items":[],"total":0}'))
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def request(self, method: str, path: str, **rest: Any) -> EdgeReply:
        self.asked.append({"method": method, "path": path, **rest})
        return self.reply


@pytest.fixture
async def door() -> Door:
    return Door()


@pytest.fixture
async def edged(start_node: StartNode, door: Door) -> Node:
    return await start_node(edge=door)


async def test_a_request_reaches_the_edge_as_it_came(edged: Node, door: Door) -> None:
    assert await edged.json("GET", f"{LIST}?q=a%20b&limit=5") == {"items": [], "total": 0}
    (asked,) = door.asked
    assert (asked["method"], asked["path"], asked["query"]) == ("GET", "/conversations", "q=a%20b&limit=5")
    assert asked["actor"]
    assert (asked["body"], asked["content_type"]) == (b"", "")


async def test_a_number_in_the_path_keeps_its_plus(edged: Node, door: Door) -> None:
    await edged.json("GET", f"{LIST}/%2B15551230001/%2B15551230002")
    assert door.asked[0]["path"] in (
        "/conversations/%2B15551230001/%2B15551230002",
        "/conversations/+15551230001/+15551230002",
    )


async def test_a_refusal_is_the_edges_own(edged: Node, door: Door) -> None:
    problem = {
        "type": "urn:bellwire:problem:opted-out",
        "title": "Opted out",
        "status": 409,
        "detail": "+15551230001 has said STOP.",
        "errors": [{"path": "$.to", "message": "has said STOP"}],
    }
    door.reply = EdgeReply(
        status=409, content_type="application/problem+json", body=msgspec.json.encode(problem)
    )
    assert await edged.json("GET", LIST, 409) == problem


@pytest.mark.parametrize("status", [500, 799])
async def test_an_edge_that_fails_is_a_bad_gateway(edged: Node, door: Door, status: int) -> None:
    door.reply = EdgeReply(status=status, body=b"Traceback")
    problem = await edged.json("GET", LIST, 502)
    assert "Traceback" not in str(problem)


async def test_without_an_edge_it_says_what_to_do(node: Node) -> None:
    problem = await node.json("GET", LIST, 503)
    assert problem["type"] == "urn:bellwire:problem:no-edge"
    assert "PBX_TWILIO_ACCOUNT_SID" in problem["errors"][0]["action"]


async def test_an_edge_that_cannot_be_reached_is_503(start_node: StartNode) -> None:
    class Gone(Door):
        async def request(self, method: str, path: str, **rest: Any) -> EdgeReply:
            raise UserError("no edge can be reached", http_status=503)

    node = await start_node(edge=Gone())
    assert (await node.json("GET", LIST, 503))["detail"] == "no edge can be reached"


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/javascript"])
async def test_what_somebody_sent_is_never_opened_as_a_page(edged: Node, door: Door, kind: str) -> None:
    door.reply = EdgeReply(
        status=200, content_type=kind, body=b"<script>", headers={"Set-Cookie": "pbx_session=x"}
    )
    async with edged.ask("GET", LIST) as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment"
        assert "Set-Cookie" not in answer.headers


async def test_a_picture_is_shown(edged: Node, door: Door) -> None:
    door.reply = EdgeReply(status=200, content_type="image/png", body=b"\x89PNG")
    async with edged.ask("GET", LIST) as answer:
        assert answer.content_type == "image/png"
        assert await answer.read() == b"\x89PNG"


async def test_a_change_is_in_the_audit_log_without_what_was_written(edged: Node, door: Door) -> None:
    body = {"from": "+15551230001", "to": "+15551230002", "text": "Your results are in"}
    door.reply = EdgeReply(status=200, body=b"{}")
    await edged.json("POST", f"{LIST}/reply", json=body)
    assert msgspec.json.decode(door.asked[0]["body"]) == body
    assert door.asked[0]["content_type"] == "application/json"
    door.reply = EdgeReply(status=409, body=b"{}")
    await edged.json("POST", f"{LIST}/reply", 409, json=body)
    entries = (await edged.json("GET", "/api/v1/audit?kind=conversation"))["items"]
    assert [each["after"] for each in entries] == [body | {"text": "(hidden)"}], (
        "what was refused is no change"
    )


async def test_long_lists_are_counted_in_the_audit_log(edged: Node, door: Door) -> None:
    door.reply = EdgeReply(status=200, body=b"{}")
    await edged.json("POST", f"{LIST}/reply", json={"many": [str(each) for each in range(100)]})
    (entry,) = (await edged.json("GET", "/api/v1/audit?kind=conversation"))["items"]
    assert entry["after"] == {"many": "(100 items)"}


def changed(topic: Any, id_: str, document: Any) -> EdgeEvent:
    return EdgeEvent(topic=topic, id=id_, document=msgspec.Raw(msgspec.json.encode(document)))


async def test_what_the_edge_says_is_live(edged: Node) -> None:
    async with connected(edged) as page:
        first = await page.next()
        assert "conversations" not in first
        edged.deps.bus.publish("edge", changed("conversations", "C1", {"id": "C1", "unread": 2}))
        edged.deps.bus.publish("edge", changed("campaigns", "K1", None))
        assert await page.next() == {
            "type": "conversation",
            "seq": first["seq"] + 1,
            "id": "C1",
            "item": {"id": "C1", "unread": 2},
        }
        assert await page.next() == {"type": "campaign", "seq": first["seq"] + 2, "id": "K1", "item": None}


async def test_live_texts_need_the_right_to_read_texts(edged: Node) -> None:
    only_events = await edged.bearer("events:read")
    browser: ClientSession = edged.browser()
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.ws_connect("/api/v1/events?topics=conversations", headers=only_events)
    assert refused.value.status == 403
    async with browser.ws_connect("/api/v1/events", headers=only_events) as socket:
        assert (await socket.receive_json())["type"] == "snapshot"
        edged.deps.bus.publish("edge", changed("conversations", "C1", {"id": "C1"}))
        edged.deps.bus.publish("edge", changed("edge", "E1", {"id": "E1"}))
        assert (await socket.receive_json())["type"] == "edge"


def test_schemas_of_both_sides_keep_apart() -> None:
    """A name that the node has for something else gets another one, wherever it is named."""
    reference = {"$ref": "#/components/schemas/Extension"}
    edge = {
        "paths": {
            "/conversations": {
                "get": {
                    "summary": "List conversations",
                    "responses": {
                        "200": {
                            "description": "OK",
                            "content": {
                                "application/json": {"schema": {"type": "array", "items": reference}}
                            },
                        },
                        "409": {"description": "Conflict", "content": {}},
                    },
                }
            }
        },
        "components": {
            "schemas": {"Extension": {"type": "object", "properties": {"of": reference}}, "Unused": {}}
        },
    }
    whole = document(edge)
    operation = whole["paths"][LIST]["get"]
    assert operation["summary"] == "List conversations"
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema["items"] == {"$ref": "#/components/schemas/EdgeExtension"}
    schemas = whole["components"]["schemas"]
    assert schemas["EdgeExtension"]["properties"]["of"] == {"$ref": "#/components/schemas/EdgeExtension"}
    assert "number" in schemas["Extension"]["properties"]
    assert "Unused" not in schemas
    assert "Problem" in str(operation["responses"]["409"])


def _offered() -> dict[tuple[str, str], Any]:
    paths: dict[str, dict[str, Any]] = edge()["paths"]  # type: ignore[assignment]  # an OpenAPI document
    return {(method.upper(), path): each for path, item in paths.items() for method, each in item.items()}


ROWS = {(row.method, row.path.removeprefix(PREFIX)): row for row in ROUTES}


def test_the_node_passes_on_all_that_the_edge_offers_and_nothing_else() -> None:
    """Of each operation: its name, who may ask, what it answers with, and what it takes."""
    offered = _offered()
    assert ROWS.keys() == offered.keys()
    for place, row in ROWS.items():
        said = offered[place]
        assert (row.name, row.scope.value) == (said["operationId"], said["x-scope"]), place
        assert [str(row.status)] == [each for each in said["responses"] if each < "400"], place
        taken = said.get("requestBody", {}).get("content", {})
        assert set(taken) <= set(row.request_types), place
        assert bool(taken) == bool(row.request_types), place


def test_the_node_takes_as_large_bodies_as_the_edge() -> None:
    rows = {row.name: row.most_bytes for row in ROUTES if row.request_types}
    offered = asyncio.run(operations())
    assert rows == {each.name: each.most_bytes for each in offered if each.request or each.upload_types}
