"""An extension gets a number that the edge buys, and is not deleted without a word about it.

The node's real API asks the edge's real operations, which buy at a simulated Twilio.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from edge.api.dispatch import Dispatch
from edge.clock import SystemClock
from edge.events import Events
from edge.numbers.api import operations
from edge.numbers.numbers import Numbers
from edge.numbers.wanted import Place
from edge.offices import Offices
from edge.store import open_store
from edge.twilio.client import TwilioClient
from tests.api.conftest import Node, StartNode
from tests.api.edge_door import Door
from tests.fakes.twilio import FakeTwilio

ONE, TWO = "+12025550111", "+12025550112"
ANN = {"number": "201", "name": "Ann Lee", "department": "Sales", "forward_to": "+12025550199"}


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        fake.sell(ONE, TWO, "+14155550113")
        yield fake


@pytest.fixture
async def door(tmp_path: Path, twilio: FakeTwilio) -> AsyncIterator[Door]:
    store = await open_store(tmp_path / "edge.sqlite3")
    clock = SystemClock()
    offices = Offices(store, clock)
    await offices.ensure_local()
    client = TwilioClient(twilio.account_sid, twilio.auth_token, twilio.url)
    place = Place("https://edge.example.com")
    numbers = Numbers(store, clock, offices=offices, events=Events(), twilio=client, place=place)
    yield Door(Dispatch(operations(numbers), clock))
    await client.close()
    await store.close()


@pytest.fixture
async def node(start_node: StartNode, door: Door) -> Node:
    started = await start_node(edge=door)
    await started.json("POST", "/api/v1/extensions", 201, json=ANN)
    return started


async def buy(node: Node, status: int = 201, key: str = "", **wish: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    path = "/api/v1/extensions/201/outside-number"
    return await node.json("POST", path, status, json=wish, headers=headers)


async def inbound(node: Node) -> list[tuple[str, str]]:
    found = await node.json("GET", "/api/v1/inbound-numbers")
    return [(each["number"], each["destination"]) for each in found["items"]]


def owned(twilio: FakeTwilio) -> list[str]:
    return [one.number for one in twilio.numbers.values()]


async def test_number_is_bought_and_leads_to_the_extension(node: Node, twilio: FakeTwilio) -> None:
    made = await buy(node, area_code="202")
    assert (made["number"], made["destination"], made["name"]) == (ONE, "201", "Ann Lee")
    assert await inbound(node) == [(ONE, "201")]
    [kept] = twilio.numbers.values()
    assert (kept.number, kept.name) == (ONE, "Ann Lee (201)")
    assert kept.settings["voice_url"] == "https://edge.example.com/twilio/voice"
    listed = await node.json("GET", "/api/v1/numbers")
    assert [(each["number"], each["extension"]) for each in listed["items"]] == [(ONE, "201")]


async def test_repeated_request_buys_nothing_twice(node: Node, twilio: FakeTwilio) -> None:
    twilio.faults.lose_answer(path="IncomingPhoneNumbers")
    first = await buy(node, key="a-key", area_code="202")
    assert await buy(node, key="a-key", area_code="202") == first
    assert owned(twilio) == [ONE]
    await buy(node, key="another", area_code="202")
    assert owned(twilio) == [ONE, TWO]


async def test_number_that_nothing_leads_from_is_taken_first(node: Node, twilio: FakeTwilio) -> None:
    """What is left when the node dies between the purchase and its own record."""
    await buy(node, area_code="202")
    async with node.ask("DELETE", "/api/v1/inbound-numbers/%2B12025550111") as answer:
        assert answer.status == 204
    assert (await buy(node, area_code="415"))["number"] == "+14155550113"
    assert (await buy(node))["number"] == ONE
    assert sorted(owned(twilio)) == [ONE, "+14155550113"]


async def test_refusals_are_the_edges_own(node: Node, twilio: FakeTwilio) -> None:
    problem = await buy(node, 422, area_code="999")
    assert problem["detail"] == "Twilio has no such number for sale."
    await buy(node, 422, area_code="9")
    await node.json("POST", "/api/v1/extensions/999/outside-number", 404, json={})
    assert await inbound(node) == []


async def test_buying_needs_its_own_right(node: Node) -> None:
    async with node.browser().post(
        "/api/v1/extensions/201/outside-number",
        json={},
        headers=await node.bearer("extensions:write", "office:write"),
    ) as answer:
        assert answer.status == 403


async def test_delete_asks_about_the_number(node: Node, twilio: FakeTwilio) -> None:
    await buy(node, area_code="202")
    problem = await node.json("DELETE", "/api/v1/extensions/201", 409)
    assert problem["type"].endswith("outside-number")
    assert f"{ONE} was bought for extension 201" in problem["detail"]
    assert owned(twilio) == [ONE]
    await node.json("DELETE", "/api/v1/extensions/201?outside_number=keep", 204)
    assert owned(twilio) == [ONE]
    assert await inbound(node) == [(ONE, "201")]


async def test_delete_releases_when_told(node: Node, twilio: FakeTwilio) -> None:
    await buy(node, area_code="202")
    twilio.faults.fail_next(503, path="IncomingPhoneNumbers", method="DELETE")
    await node.json("DELETE", "/api/v1/extensions/201?outside_number=release", 503)
    assert (await node.json("GET", "/api/v1/extensions/201"))["name"] == "Ann Lee"
    await node.json("DELETE", "/api/v1/extensions/201?outside_number=release", 204)
    assert (owned(twilio), await inbound(node)) == ([], [])
    await node.json("GET", "/api/v1/extensions/201", 404)


async def test_release_needs_the_right_for_numbers(node: Node, twilio: FakeTwilio) -> None:
    await buy(node, area_code="202")
    async with node.browser().delete(
        "/api/v1/extensions/201?outside_number=release", headers=await node.bearer("extensions:write")
    ) as answer:
        assert answer.status == 403
    assert owned(twilio) == [ONE]


async def test_extension_in_use_keeps_its_number(node: Node, twilio: FakeTwilio) -> None:
    await buy(node, area_code="202")
    group = {"number": "600", "name": "All", "members": ["201"]}
    await node.json("POST", "/api/v1/ring-groups", 201, json=group)
    await node.json("DELETE", "/api/v1/extensions/201?outside_number=release", 409)
    assert owned(twilio) == [ONE]


async def test_edge_out_of_reach_is_not_taken_for_no_number(node: Node, door: Door) -> None:
    door.away = True
    problem = await node.json("DELETE", "/api/v1/extensions/201", 409)
    assert "outside_number=keep" in problem["detail"]
    await node.json("DELETE", "/api/v1/extensions/201?outside_number=keep", 204)


async def test_office_without_an_edge_deletes_as_ever(start_node: StartNode) -> None:
    bare = await start_node()
    await bare.json("POST", "/api/v1/extensions", 201, json=ANN)
    await bare.json("DELETE", "/api/v1/extensions/201", 204)


async def test_department_and_forwarding_come_back(node: Node) -> None:
    found = await node.json("GET", "/api/v1/extensions/201")
    assert (found["department"], found["forward_to"]) == ("Sales", "+12025550199")
    await node.json("PATCH", "/api/v1/extensions/201", 422, json={"forward_to": "0202"})
