"""Registrations, live calls and history as lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from pbx.api.views import registration_view
from pbx.model.call_event import CallEnded
from pbx.model.cdr import Cdr
from pbx.model.registration import Reach
from tests.api.conftest import START, Node, live_call, registration


def cdr(number: int, **fields: object) -> Cdr:
    values: dict[str, object] = {
        "id": f"CALL{number}",
        "from_number": "101",
        "from_extension": "101",
        "dialled": "102",
        "to_extension": "102",
        "started_at": START + timedelta(minutes=number),
        "disposition": "answered",
        "events": (CallEnded(call=f"CALL{number}", at=START, cause="normal"),),
    }
    return Cdr(**(values | fields))  # type: ignore[arg-type]  # a mixed bag on purpose


async def test_registrations_are_sorted_by_extension_and_paged(node: Node) -> None:
    node.registrations[:] = [registration("1000"), registration("102"), registration("101")]
    page = await node.json("GET", "/api/v1/registrations?limit=2")
    assert [one["extension"] for one in page["items"]] == ["101", "102"]
    assert page["total"] == 3
    assert page["items"][0]["contact"] == "sip:101@192.0.2.20:5062"


async def test_live_calls_are_listed_newest_first(node: Node) -> None:
    node.calls[:] = [live_call("A"), live_call("C"), live_call("B", "talking")]
    page = await node.json("GET", "/api/v1/calls?offset=1")
    assert [one["id"] for one in page["items"]] == ["B", "A"]
    assert page["total"] == 3


async def test_history_is_newest_first_without_events_and_one_call_has_them(node: Node) -> None:
    for number in (1, 3, 2):
        await node.deps.cdrs.put(cdr(number))
    page = await node.json("GET", "/api/v1/cdrs?limit=2")
    assert [one["id"] for one in page["items"]] == ["CALL3", "CALL2"]
    assert page["total"] == 3
    assert page["items"][0]["events"] == []
    one = await node.json("GET", "/api/v1/cdrs/CALL2")
    assert [event["type"] for event in one["events"]] == ["ended"]
    await node.json("GET", "/api/v1/cdrs/CALL9", 404)
    await node.json("GET", "/api/v1/cdrs/%00", 404)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["CALL3", "CALL2", "CALL1"]),
        ("number=0049", ["CALL2"]),
        ("extension=101", ["CALL3", "CALL1"]),
        ("extension=102", ["CALL3", "CALL2", "CALL1"]),
        ("disposition=busy", ["CALL3"]),
        ("from=2026-03-02T09:02:00Z", ["CALL3", "CALL2"]),
        ("to=2026-03-02T09:02:00Z", ["CALL1"]),
        ("from=2026-03-02T11:02:00%2B02:00&to=2026-03-02T09:03:00Z", ["CALL2"]),
        ("disposition=answered&extension=101", ["CALL1"]),
        ("number=%27%20OR%201=1", []),
    ],
)
async def test_history_can_be_filtered(node: Node, query: str, found: list[str]) -> None:
    await node.deps.cdrs.put(cdr(1))
    await node.deps.cdrs.put(cdr(2, from_number="00491234", from_extension=None))
    await node.deps.cdrs.put(cdr(3, disposition="busy"))
    page = await node.json("GET", f"/api/v1/cdrs?{query}")
    assert [one["id"] for one in page["items"]] == found
    assert page["total"] == len(found)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("from=yesterday", "query.from"),
        ("to=2026-03-02", "query.to"),
        ("to=2026-03-02T09:00:00", "query.to"),  # without a zone nobody knows when that is
        ("disposition=happy", "query.disposition"),
        ("extension=abc", "query.extension"),
        ("since=2026-03-02T09:00:00Z", "query.since"),
        (f"number={'1' * 65}", "query.number"),
    ],
)
async def test_bad_filter_is_refused_and_named(node: Node, query: str, path: str) -> None:
    assert (await node.json("GET", f"/api/v1/cdrs?{query}", 422))["errors"][0]["path"] == path


@dataclass
class FakeBinding:
    """The fields of a binding that are shown."""

    extension: str = "101"
    contact_uri: str = "sip:101@10.0.0.5:5062;ob"
    transport: str = "TCP"
    source_host: str = "2001:db8::5"
    source_port: int = 40000
    user_agent: str = "baresip"
    registered_at: float = START.timestamp()
    expires_at: float = START.timestamp() + 60
    rewritten: bool = False


def test_binding_is_shown_with_its_times_and_a_steady_id() -> None:
    view = registration_view(FakeBinding(), Reach())  # type: ignore[arg-type]  # only what is read
    assert view.source == "[2001:db8::5]:40000"
    assert (view.registered_at, view.expires_at) == (START, START + timedelta(seconds=60))
    refreshed = registration_view(FakeBinding(source_port=1, expires_at=0), Reach())  # type: ignore[arg-type]
    assert refreshed.id == view.id
    assert registration_view(FakeBinding(extension="102"), Reach()).id != view.id  # type: ignore[arg-type]


def test_what_is_wrong_with_a_phone_is_said_in_plain_words() -> None:
    answers = Reach(reachable=True, round_trip_ms=3.5, checked_at=START.timestamp())
    fine = registration_view(FakeBinding(), answers)  # type: ignore[arg-type]
    assert (fine.reachable, fine.round_trip_ms, fine.checked_at, fine.notice) == (True, 3.5, START, "")
    gone = registration_view(FakeBinding(), Reach(reachable=False))  # type: ignore[arg-type]
    assert "does not answer" in gone.notice
    meddled = registration_view(FakeBinding(rewritten=True), Reach(reachable=True))  # type: ignore[arg-type]
    assert "SIP ALG" in meddled.notice
