"""What a phone is told of its calls, and what is written down about them."""

from __future__ import annotations

import msgspec
import pytest

from pbx.api.app_phone import HistoryEntry
from pbx.model.live_call import LiveLeg
from tests.api.conftest import START, Node, StartNode, live_call
from tests.api.test_app import App, app, office
from tests.api.test_listing import cdr

__all__ = ["office"]


@pytest.fixture
async def node(start_node: StartNode) -> Node:
    return await start_node(call_of={"f81d4fae@10.0.0.1": "A"}.get)


@pytest.fixture
async def phone(office: Node) -> App:
    put = office.deps.cdrs.put
    outside = {"from_number": "+4930123", "from_extension": None, "to_extension": "101", "ended_at": START}
    await put(cdr(1, id="old", dialled="101", **outside))
    await put(cdr(5, id="new", dialled="700", to_name="Sales", **outside))
    await put(cdr(7, id="theirs", from_number="105", from_extension="105", ended_at=START))
    return await app(office)


async def test_a_call_is_told_with_what_was_called_and_the_last_contact(phone: App) -> None:
    told = await phone.get("calls/new")
    assert (told["number"], told["called"], told["called_name"]) == ("+4930123", "700", "Sales")
    assert told["last"]["id"] == "old"
    assert (await phone.get("calls/old"))["called"] == ""


async def test_a_call_that_rings_is_found_by_the_call_id_of_the_phone(office: Node, phone: App) -> None:
    ringing = LiveLeg(leg="b1", party="101", extension="101", state="ringing")
    theirs = live_call("B")
    mine = msgspec.structs.replace(
        live_call("A"), from_number="102", from_name="Bob", dialled="800", to_name="All"
    )
    office.calls[:] = [msgspec.structs.replace(mine, legs=(ringing,)), theirs]
    told = await phone.get("calls/f81d4fae@10.0.0.1")
    assert (told["id"], told["name"], told["called"], told["called_name"]) == ("A", "Bob", "800", "All")
    assert (await phone.ask("GET", "calls/B"))[0] == 404


async def test_a_note_is_kept_changed_and_removed(office: Node, phone: App) -> None:
    path = "calls/new/note"
    assert (await phone.ask("PUT", path, {"text": " Wants an offer. "}))[1]["items"][0][
        "text"
    ] == "Wants an offer."
    assert (await phone.ask("PUT", path, {"text": "Has an offer."}))[1]["total"] == 1
    history: list[HistoryEntry] = (await phone.get("history"))["items"]
    assert [each["note"] for each in history] == ["Has an offer.", ""]  # type: ignore[index]
    assert (await phone.get("calls/new"))["note"] == "Has an offer."
    seen = await office.json("GET", "/api/v1/cdrs/new/notes")
    assert [(each["extension"], each["text"]) for each in seen["items"]] == [("101", "Has an offer.")]
    assert (await phone.ask("PUT", path, {"text": ""}))[1]["total"] == 0


@pytest.mark.parametrize("call", ["theirs", "nowhere"])
async def test_nobody_reads_or_writes_about_calls_of_others(phone: App, call: str) -> None:
    assert (await phone.ask("GET", f"calls/{call}"))[0] == 404
    assert (await phone.ask("PUT", f"calls/{call}/note", {"text": "mine"}))[0] == 404


async def test_a_note_goes_with_its_call(office: Node, phone: App) -> None:
    await phone.ask("PUT", "calls/old/note", {"text": "long ago"})
    assert await office.deps.cdrs.prune(START.replace(year=START.year + 1)) == 3
    assert await office.deps.cdrs.notes.of("old") == []


async def test_speed_dials_are_ones_own_and_everybodys(office: Node, phone: App) -> None:
    for id_, extension in (("home", "101"), ("taxi", None), ("bobs", "102")):
        body = {"id": id_, "name": id_, "code": str(len(id_)), "destination": "105", "extension": extension}
        body["code"] = {"home": "1", "taxi": "2", "bobs": "3"}[id_]
        await office.json("POST", "/api/v1/speed-dials", 201, json=body)
    found = (await phone.get("speed-dials"))["items"]
    assert [(each["name"], each["dialled"], each["own"]) for each in found] == [
        ("home", "*01", True),
        ("taxi", "*02", False),
    ]


async def test_what_is_parked_is_told_to_every_phone(phone: App) -> None:
    assert await phone.get("parked-calls") == {"items": [], "total": 0}


async def test_who_talks_after_a_transfer_is_told(office: Node, phone: App) -> None:
    legs = (
        LiveLeg(leg="a", party="101", extension="101", state="talking"),
        LiveLeg(leg="b2", party="105", extension="105", state="talking"),
    )
    begun = msgspec.structs.replace(
        live_call("A", "talking"), from_number="101", dialled="102", to_name="Bob"
    )
    office.calls[:] = [msgspec.structs.replace(begun, legs=legs)]
    told = await phone.get("calls/A")
    assert (told["number"], told["name"]) == ("105", "Carol")
