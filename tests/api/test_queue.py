"""The queues by API: records, how they are doing, and what agents are to do."""

from __future__ import annotations

from tests.api.conftest import Node

__all__: list[str] = []


async def test_a_queue_is_a_record_whose_agents_exist(node: Node) -> None:
    body = {"number": "700", "name": "Help", "agents": [{"extension": "101"}]}
    problem = await node.json("POST", "/api/v1/queues", 422, json=body)
    assert problem["errors"][0]["path"] == "$.agents[0].extension"
    await node.json("POST", "/api/v1/extensions", 201, json={"number": "101", "name": "Alice"})
    made = await node.json("POST", "/api/v1/queues", 201, json=body)
    assert (made["strategy"], made["agents"][0]["penalty"]) == ("longest_idle", 0)
    await node.json("DELETE", "/api/v1/extensions/101", 409)


async def test_there_is_no_status_of_a_queue_that_is_not(node: Node) -> None:
    assert (await node.json("GET", "/api/v1/queue-statuses", 200)) == {"items": [], "total": 0}
    await node.json("GET", "/api/v1/queue-statuses/700", 404)
    await node.json("PUT", "/api/v1/queue-statuses/700/agents/101", 404, json={"logged_in": True})
