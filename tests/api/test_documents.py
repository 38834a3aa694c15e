"""The office as one document over HTTP: the plan and the application agree, and nothing is shown that is secret."""

from __future__ import annotations

import json
from typing import Any

from tests.api.conftest import Node
from tests.api.test_flows import FLOW

ALICE = {"number": "101", "name": "Alice", "sip_password": "alice-password"}
BOB = {"number": "102", "name": "Bob", "sip_password": "bob-password"}


def section(plan: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in plan["sections"] if each["kind"] == kind)
    return found


async def test_an_export_applies_as_it_is_and_has_no_passwords(node: Node) -> None:
    await node.json("POST", "/api/v1/extensions", 201, json=ALICE)
    await node.json("POST", "/api/v1/flows", 201, json=FLOW)
    await node.json("POST", f"/api/v1/flows/{FLOW['number']}/publish", json={})
    exported = await node.json("GET", "/api/v1/documents")
    assert "alice-password" not in json.dumps(exported)
    plan = await node.json("POST", "/api/v1/documents/plan?prune=true", json=exported)
    assert (plan["changes"], plan["faults"]) == (0, [])
    assert section(plan, "flow")["unchanged"] == [FLOW["number"]]


async def test_plan_and_application_say_the_same_and_only_one_does_it(node: Node) -> None:
    await node.json("POST", "/api/v1/documents/apply", json={"extensions": [ALICE, BOB]})
    wanted = {"extensions": [ALICE | {"name": "Alicia"}], "flows": [FLOW]}
    plan = await node.json("POST", "/api/v1/documents/plan?prune=true", json=wanted)
    assert [each["number"] for each in (await node.json("GET", "/api/v1/extensions"))["items"]] == [
        "101",
        "102",
    ]
    assert await node.json("POST", "/api/v1/documents/apply?prune=true", json=wanted) == plan
    assert section(plan, "extension") == {
        "kind": "extension",
        "create": [],
        "change": [{"key": "101", "fields": ["name"]}],
        "remove": ["102"],
        "unchanged": [],
        "kept": [],
    }
    assert plan["publish"] == [FLOW["number"]]
    assert plan["changes"] == 4
    states = await node.json("GET", "/api/v1/flow-states")
    assert states["items"][0]["live"]["author"] == "import"


async def test_faults_are_a_plan_and_refuse_the_application(node: Node) -> None:
    wanted = {
        "extensions": [ALICE, {"number": "103", "name": "Carol"}, BOB | {"number": "101"}],
        "ring_groups": [{"number": "600", "name": "Sales", "members": ["199"]}],
    }
    plan = await node.json("POST", "/api/v1/documents/plan", json=wanted)
    problem = await node.json("POST", "/api/v1/documents/apply", 422, json=wanted)
    paths = [each["path"] for each in plan["faults"]]
    assert paths == ["$.extensions[2].number", "$.extensions[1].sip_password"]
    assert [each["path"] for each in problem["errors"]] == paths
    plan = await node.json(
        "POST", "/api/v1/documents/plan?new_passwords=true", json={"ring_groups": wanted["ring_groups"]}
    )
    assert [each["path"] for each in plan["faults"]] == ["$.ring_groups[0].members[0]"]
    assert (await node.json("GET", "/api/v1/extensions"))["total"] == 0


async def test_new_passwords_are_made_on_request(node: Node) -> None:
    wanted = {"extensions": [{"number": "103", "name": "Carol"}]}
    await node.json("POST", "/api/v1/documents/apply?new_passwords=true", json=wanted)
    assert len((await node.json("GET", "/api/v1/extensions/103/sip-login"))["password"]) >= 16


async def test_what_is_no_document_is_refused_with_its_path(node: Node) -> None:
    problem = await node.json("POST", "/api/v1/documents/plan", 422, json={"extensions": [{"number": "x"}]})
    assert {each["path"] for each in problem["errors"]} == {"$.extensions[0].number", "$.extensions[0].name"}
    await node.json("POST", "/api/v1/documents/plan", 422, json={"extension": []})


async def test_a_document_may_be_larger_than_a_record(node: Node) -> None:
    people = [{"number": str(1000 + index), "name": "x" * 70} for index in range(1500)]
    plan = await node.json("POST", "/api/v1/documents/plan?new_passwords=true", json={"extensions": people})
    assert plan["changes"] == 1500


async def test_a_node_that_follows_no_bundle_says_so(node: Node) -> None:
    state = await node.json("GET", "/api/v1/sync")
    assert (state["url"], state["sequence"], state["previous"], state["can_roll_back"]) == (
        "",
        None,
        None,
        False,
    )
    for what in ("check", "rollback"):
        assert "bundle" in (await node.json("POST", f"/api/v1/sync/{what}", 409))["detail"]
