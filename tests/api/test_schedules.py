"""Schedules by API: checked, named by flows, and asked what happens at a moment."""

from __future__ import annotations

from tests.api.conftest import Node

PATH = "/api/v1/schedules"
OFFICE = {
    "id": "office",
    "name": "Office",
    "time_zone": "Europe/Berlin",
    "hours": [{"days": ["mon", "tue"], "start": "08:00", "end": "17:00"}],
    "holiday_country": "DE",
    "special_days": [{"name": "Party", "days": {"first": "2026-06-01"}}],
}


async def test_what_happens_at_a_moment(node: Node) -> None:
    await node.json("POST", PATH, 201, json=OFFICE)
    asked = {
        "2026-03-02T12:00:00Z": (True, "opening hours", "2026-03-02T17:00:00+01:00"),
        "2026-03-02T20:00:00Z": (False, "outside of the opening hours", "2026-03-03T08:00:00+01:00"),
        "2026-06-01T10:00:00Z": (False, "Party", "2026-06-02T08:00:00+02:00"),
        "2026-12-25T10:00:00Z": (False, "Christmas Day", "2026-12-28T08:00:00+01:00"),
    }
    for moment, (is_open, because, changes) in asked.items():
        state = await node.json("GET", f"{PATH}/office/state?at={moment}", 200)
        assert (state["open"], state["because"], state["changes_at"]) == (is_open, because, changes)
    assert isinstance((await node.json("GET", f"{PATH}/office/state", 200))["open"], bool)
    await node.json("GET", f"{PATH}/nowhere/state", 404)


async def test_what_nobody_knows_is_refused_at_its_field(node: Node) -> None:
    for field, wrong in {
        "time_zone": "Mars/Olympus",
        "holiday_country": "XX",
        "holiday_region": "Nowhere",
        "special_days": [{"name": "No day", "days": {"first": "2026-02-30"}}],
    }.items():
        problem = await node.json("POST", PATH, 422, json=OFFICE | {field: wrong})
        assert problem["errors"][0]["path"].startswith(f"$.{field}"), problem


async def test_one_that_a_flow_goes_by_is_not_deleted(node: Node) -> None:
    await node.json("POST", PATH, 201, json=OFFICE)
    rule = {"exit": "open", "schedule": "office"}
    flow = {
        "number": "500",
        "name": "Main",
        "entry": "hours",
        "nodes": {"hours": {"type": "time_switch", "parameters": {"rules": [rule]}}},
        "wires": {"hours": {"open": "", "otherwise": ""}},
    }
    await node.json("POST", "/api/v1/flows", 201, json=flow)
    problem = await node.json("DELETE", f"{PATH}/office", 409)
    assert "flow 500" in problem["errors"][0]["message"]
