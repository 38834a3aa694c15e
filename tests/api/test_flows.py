"""Call flows over HTTP: the draft, what is published of it, and made-up calls through it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pbx.model.cdr import Cdr
from pbx.model.flow_event import FlowEntered, NodeEntered, NodeLeft
from tests.api.conftest import Node

FLOW: dict[str, Any] = {
    "number": "500",
    "name": "Main",
    "entry": "who",
    "nodes": {
        "who": {"type": "condition", "parameters": {"condition": "caller.number == '1'"}},
        "over": {"type": "hang_up", "parameters": {"reason": "busy"}},
    },
    "wires": {"who": {"yes": "over", "no": ""}},
}
ONE = "/api/v1/flows/500"


async def test_a_draft_is_checked_published_changed_and_rolled_back(node: Node) -> None:
    await node.json("POST", "/api/v1/flows", 201, json={**FLOW, "wires": {}})
    found = await node.json("GET", f"{ONE}/check")
    assert not found["publishable"]
    refused = await node.json("POST", f"{ONE}/publish", 422, json={"override": True})
    assert {(each["node"], each.get("exit")) for each in refused["faults"]} >= {
        ("who", "yes"),
        ("over", None),
    }
    assert refused["errors"][0]["path"].startswith("$.")
    await node.json("PUT", ONE, json=FLOW)
    made = await node.json("POST", f"{ONE}/publish", json={"comment": "begin"})
    assert (made["revision"], made["author"], made["comment"]) == (1, "test", "begin")
    await node.json("POST", f"{ONE}/publish", 409, json={})
    await node.json(
        "PATCH", ONE, json={"name": "Changed"}, headers={"Content-Type": "application/merge-patch+json"}
    )
    (state,) = (await node.json("GET", "/api/v1/flow-states"))["items"]
    assert (state["live"]["revision"], state["changed"]) == (1, True)
    (change,) = (await node.json("GET", f"{ONE}/diff"))["changes"]
    assert (change["name"], change["old"], change["new"]) == ("name", "Main", "Changed")
    await node.json("POST", f"{ONE}/publish", json={})
    back = await node.json("POST", f"{ONE}/rollback", json={"revision": 1})
    assert (back["revision"], back["rolled_back_to"], back["document"]["name"]) == (3, 1, "Main")
    listed = await node.json("GET", f"{ONE}/revisions?limit=2")
    assert ([each["revision"] for each in listed["items"]], listed["total"]) == ([3, 2], 3)
    assert (await node.json("GET", f"{ONE}/revisions/live"))["revision"] == 3
    assert (await node.json("GET", f"{ONE}/revisions/2"))["document"]["name"] == "Changed"
    await node.json("GET", f"{ONE}/revisions/9", 404)
    await node.json("POST", f"{ONE}/unpublish", 204)
    await node.json("POST", f"{ONE}/unpublish", 404)


async def test_a_real_call_can_be_prepared_into_the_draft_or_what_is_live(node: Node) -> None:
    await node.json("POST", "/api/v1/flows", 201, json={**FLOW, "wires": {}})
    refused = await node.json("POST", f"{ONE}/test-calls", 422, json={})
    assert {each["node"] for each in refused["faults"]} >= {"who", "over"}
    await node.json("PUT", ONE, json=FLOW)
    await node.json("POST", f"{ONE}/test-calls", 404, json={"draft": False})
    made = await node.json("POST", f"{ONE}/test-calls", 201, json={"draft": True})
    assert (made["revision"], made["expires_at"]) == (0, "2026-03-02T09:01:00Z")
    assert made["dial"].startswith("flow-test-")
    await node.json("POST", f"{ONE}/publish", json={})
    live = await node.json("POST", f"{ONE}/test-calls", 201, json={"draft": False})
    assert live["revision"] == 1
    await node.json("POST", "/api/v1/flows/501/test-calls", 404, json={})


async def test_a_made_up_call_walks_the_draft_or_what_is_live(node: Node) -> None:
    await node.json("POST", "/api/v1/flows", 201, json=FLOW)
    walked = await node.json("POST", f"{ONE}/simulate", json={"caller": "1"})
    assert [(each["node"], each["exit"]) for each in walked["path"]] == [("who", "yes"), ("over", "")]
    assert (walked["end"], walked["status"], walked["revision"]) == ("hung_up", 486, 0)
    await node.json("POST", f"{ONE}/simulate?of=live", 404, json={})
    await node.json("POST", f"{ONE}/publish", json={})
    walked = await node.json("POST", f"{ONE}/simulate?of=live", json={"caller": "2"})
    assert ([each["exit"] for each in walked["path"]], walked["revision"]) == (["no"], 1)


async def test_tests_are_run_and_red_ones_refuse(node: Node) -> None:
    test = {"name": "busy", "script": {"caller": "2"}, "expect": {"path": ["who:yes", "over"]}}
    await node.json("POST", "/api/v1/flows", 201, json={**FLOW, "tests": [test]})
    report = await node.json("POST", f"{ONE}/tests")
    assert not report["passed"]
    assert report["items"][0]["differences"] == ["step 1 of the path is who:no, not who:yes"]
    refused = await node.json("POST", f"{ONE}/publish", 422, json={})
    assert refused["faults"][0]["test"] == "busy"
    made = await node.json("POST", f"{ONE}/publish", json={"override": True})
    assert made["overridden"] == ["busy"]


async def test_a_record_that_a_draft_or_a_live_flow_names_is_not_deleted(node: Node) -> None:
    other = {
        "number": "501",
        "name": "Other",
        "entry": "on",
        "nodes": {"on": {"type": "go_to", "parameters": {"flow": "500"}}},
    }
    await node.json("POST", "/api/v1/flows", 201, json=FLOW)
    await node.json("POST", "/api/v1/flows", 201, json=other)
    refused = await node.json("DELETE", ONE, 409)
    assert refused["errors"] == [
        {"path": "$.nodes.on.parameters.flow", "message": "The flow 501 still uses it."}
    ]
    await node.json("POST", f"{ONE}/publish", json={})
    await node.json("POST", "/api/v1/flows/501/publish", json={})
    mended = {**other, "nodes": {"on": {"type": "hang_up"}}}
    await node.json("PUT", "/api/v1/flows/501", json=mended)
    await node.json("DELETE", ONE, 409)
    await node.json("POST", "/api/v1/flows/501/publish", json={})
    await node.json("DELETE", f"{ONE}", 409)  # it is live
    await node.json("DELETE", f"{ONE}?force=true", 204)
    assert [each["flow"] for each in (await node.json("GET", "/api/v1/flow-states"))["items"]] == ["501"]


async def test_an_extension_that_a_flow_rings_is_not_deleted(node: Node) -> None:
    await node.json("POST", "/api/v1/extensions", 201, json={"number": "101", "name": "Alice"})
    rings = {
        **FLOW,
        "entry": "alice",
        "nodes": {"alice": {"type": "extension", "parameters": {"extension": "101"}}},
        "wires": {"alice": {"no_answer": "", "busy": "", "unreachable": ""}},
    }
    await node.json("POST", "/api/v1/flows", 201, json=rings)
    await node.json("POST", f"{ONE}/publish", json={})
    await node.json("PUT", ONE, json=FLOW)
    refused = await node.json("DELETE", "/api/v1/extensions/101", 409)
    assert refused["errors"][0]["path"] == "$.nodes.alice.parameters.extension"
    await node.json("DELETE", "/api/v1/extensions/101?force=true", 204)


async def test_only_the_draft_that_was_seen_is_published(node: Node) -> None:
    async with node.ask("POST", "/api/v1/flows", json=FLOW) as answer:
        seen = {"If-Match": answer.headers["ETag"]}
    await node.json("PUT", ONE, json={**FLOW, "name": "Changed"})
    await node.json("POST", f"{ONE}/publish", 412, json={}, headers=seen)
    async with node.ask("GET", ONE) as answer:
        seen = {"If-Match": answer.headers["ETag"]}
    await node.json("POST", f"{ONE}/publish", json={}, headers=seen)


async def test_a_template_can_be_drawn_and_published(node: Node) -> None:
    listed = await node.json("GET", "/api/v1/flow-templates")
    (menu,) = [each for each in listed["items"] if each["id"] == "main-menu"]
    await node.json("POST", "/api/v1/flows", 201, json=menu["flow"])
    refused = await node.json("POST", f"{ONE}/publish", 422, json={})
    assert [each["parameter"] for each in refused["faults"]] == ["extension"]
    await node.json("POST", "/api/v1/extensions", 201, json={"number": "100", "name": "Reception"})
    made = await node.json("POST", f"{ONE}/publish", json={})
    assert (made["revision"], made["overridden"]) == (1, [])


async def test_a_large_flow_fits_and_other_bodies_stay_small(node: Node) -> None:
    notes = [{"text": "x" * 1900} for _ in range(90)]
    await node.json("POST", "/api/v1/flows", 201, json={**FLOW, "notes": notes})
    await node.json("POST", "/api/v1/ring-groups", 413, json={"name": "x" * 100_000})
    await node.json("POST", "/api/v1/flows", 413, json={**FLOW, "description": "x" * 2_000_000})


async def test_the_node_types_are_listed_with_their_forms_and_exits(node: Node) -> None:
    listed = await node.json("GET", "/api/v1/flow-nodes")
    (condition,) = [each for each in listed["items"] if each["type"] == "condition"]
    assert condition["parameters"]["properties"]["condition"]["x-widget"] == "expression"
    assert [each["name"] for each in condition["exits"]] == ["yes", "no", "failed"]


async def test_calls_are_counted_by_node_and_exit(node: Node) -> None:
    await node.json("GET", f"{ONE}/traffic", 404)
    await node.json("POST", "/api/v1/flows", 201, json=FLOW)
    empty = await node.json("GET", f"{ONE}/traffic")
    assert (empty["calls"], empty["nodes"], empty["since"]) == (0, [], _day(node, 6))
    for days in (0, 6, 7):
        await node.deps.cdrs.put(_call(f"{days}", node.deps.clock.now() - timedelta(days=days)))
    found = await node.json("GET", f"{ONE}/traffic")
    assert (found["calls"], found["median_s"]) == (2, 4.0)
    assert found["nodes"] == [
        {"node": "who", "calls": 2, "median_s": 4.0, "exits": [{"exit": "yes", "calls": 2, "median_s": 4.0}]}
    ]
    counts = [
        (await node.json("GET", f"{ONE}/traffic?{query}"))["calls"]
        for query in ("period=1d", "period=30d", "revision=2", "revision=3")
    ]
    assert counts == [1, 3, 2, 0]
    await node.json("GET", f"{ONE}/traffic?period=8d", 422)


def _day(node: Node, days_ago: int) -> str:
    day = (node.deps.clock.now() - timedelta(days=days_ago)).astimezone(UTC)
    return f"{day:%Y-%m-%d}T00:00:00Z"


def _call(name: str, at: datetime) -> Cdr:
    over = at + timedelta(seconds=4)
    return Cdr(
        id=name,
        from_number="1",
        dialled="500",
        started_at=at,
        ended_at=over,
        flow="500",
        events=(
            FlowEntered(call=name, at=at, flow="500", name="Main", revision=2),
            NodeEntered(call=name, at=at, flow="500", node="who", kind="condition"),
            NodeLeft(call=name, at=over, flow="500", node="who", exit="yes"),
        ),
    )
