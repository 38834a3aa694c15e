"""The queues by API: records, how they are doing, and what agents are to do."""

from __future__ import annotations

from unittest.mock import Mock

from pbx.feature.queue.queues import Queues
from pbx.feature.queue.waiting import Announcement
from pbx.model.queue import Queue, QueueAgent
from tests.api.conftest import Node, StartNode
from tests.fakes.clock import LoopClock


async def test_a_queue_is_a_record_whose_agents_exist(node: Node) -> None:
    body = {"number": "700", "name": "Help", "agents": [{"extension": "101"}]}
    problem = await node.json("POST", "/api/v1/queues", 422, json=body)
    assert problem["errors"][0]["path"] == "$.agents[0].extension"
    await node.json("POST", "/api/v1/extensions", 201, json={"number": "101", "name": "Alice"})
    made = await node.json("POST", "/api/v1/queues", 201, json=body)
    assert (made["strategy"], made["agents"][0]["penalty"]) == ("longest_idle", 0)
    await node.json("DELETE", "/api/v1/extensions/101", 409)


async def test_there_is_no_status_of_a_queue_that_is_not(node: Node) -> None:
    assert (await node.json("GET", "/api/v1/queue-statuses")) == {"items": [], "total": 0}
    await node.json("GET", "/api/v1/queue-statuses/700", 404)
    await node.json("PUT", "/api/v1/queue-statuses/700/agents/101", 404, json={"logged_in": True})


async def _nothing(announcement: Announcement) -> None:
    return None


async def test_an_agent_is_logged_in_and_paused(start_node: StartNode) -> None:
    record = Queue(number="700", name="Help", agents=(QueueAgent(extension="101"),))
    queues = Queues(
        lambda: [record],
        lambda _: [Mock()],
        busy=lambda _: False,
        redirect=lambda _: (),
        clock=LoopClock(),
        announcer=_nothing,
    )
    node = await start_node(queues=queues)
    assert (await node.json("GET", "/api/v1/queue-statuses/700"))["agents"][0]["state"] == "logged_out"
    duty = "/api/v1/queue-statuses/700/agents/101"
    assert (await node.json("PUT", duty, json={"logged_in": True}))["state"] == "free"
    assert (await node.json("PUT", duty, json={"logged_in": True, "paused": True}))["state"] == "paused"
    assert (await node.json("PUT", duty, json={"logged_in": False}))["state"] == "logged_out"
    await node.json("PUT", "/api/v1/queue-statuses/700/agents/102", 404, json={"logged_in": True})
    await node.json("PUT", duty, 422, json={"logged_in": "yes"})
    (listed,) = (await node.json("GET", "/api/v1/queue-statuses"))["items"]
    assert (listed["waiting"], listed["service_level"], listed["agents"][0]["paused"]) == (0, None, False)
