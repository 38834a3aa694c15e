"""The table of feature codes by API: defaults can be seen, changed and had back."""

from __future__ import annotations

from tests.api.conftest import Node

CODES = "/api/v1/feature-codes"


async def test_defaults_are_listed_changed_and_restored(node: Node) -> None:
    listed = await node.json("GET", CODES, 200)
    assert {"code": "*43", "feature": "echo", "argument": "", "enabled": True} in listed["items"]
    changed = await node.json("PATCH", f"{CODES}/*43", 200, json={"enabled": False})
    assert changed["enabled"] is False
    assert (await node.json("GET", CODES, 200))["total"] == listed["total"]
    await node.json("DELETE", f"{CODES}/*43", 204)
    assert (await node.json("GET", f"{CODES}/*43", 200))["enabled"] is True
    await node.json("DELETE", f"{CODES}/*43", 409)


async def test_codes_with_a_hash_are_named_in_a_path(node: Node) -> None:
    await node.json("POST", CODES, 201, json={"code": "#99#", "feature": "echo"})
    assert (await node.json("GET", f"{CODES}/%2399%23", 200))["code"] == "#99#"
    await node.json("DELETE", f"{CODES}/%2399%23", 204)


async def test_a_number_that_is_a_code_is_refused_and_the_reverse(node: Node) -> None:
    await node.json("POST", "/api/v1/extensions", 201, json={"number": "101", "name": "Alice"})
    problem = await node.json("POST", CODES, 409, json={"code": "101", "feature": "echo"})
    assert "101 is the number of an extension already" in problem["detail"]
    await node.json("POST", CODES, 201, json={"code": "102", "feature": "echo"})
    problem = await node.json("POST", "/api/v1/extensions", 409, json={"number": "102", "name": "Bob"})
    assert "reaches the feature code 102 (Echo test)" in problem["detail"]
