"""Campaigns as an office's node asks for them, and what it is told live."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from edge.campaigns.erasing import CampaignEraser
from edge.model.campaigns import Campaign, CampaignGone
from tests.edge.campaigns.office import AGREED, LOCAL, TOLL_FREE, Edge, people, run
from tests.edge.clock import TestClock
from tests.edge.texts.carrier import Carrier

SHEET = "Name;Mobil;Betrag\nJürgen;+12125550101;3 €\n=Bo;+16465550102;4 €\nCy;212 555 0101;5 €\n"
SHEET += "Di;123;6 €\nEd;+17185550103;\n"

both = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)


def written(**more: object) -> dict[str, object]:
    return {
        "name": "Bills",
        "text": "Hi {name}, you owe {betrag}.",
        "consent": msgspec.to_builtins(AGREED),
        **more,
    }


async def asked(edge: Edge, method: str, path: str, body: object = None, query: str = "") -> Any:
    status, answer = await edge.ask(method, path, body, query)
    assert status < 300, answer
    return answer


@both
async def test_a_spreadsheet_becomes_a_campaign_and_comes_back_as_a_table(
    edge: Edge, clock: TestClock, carrier: Carrier
) -> None:
    await edge.stop("+17185550103", LOCAL)
    file = base64.b64encode(SHEET.encode("cp1252")).decode()
    shown = await asked(edge, "POST", "/campaigns/preview", written(file=file))
    assert (shown["people"], shown["duplicates"], shown["opted_out"], shown["wrong"]) == (2, 1, 1, 1)
    assert [fault["line"] for fault in shown["faults"]] == [4, 5, 6]
    assert shown["samples"][0]["text"] == "Hi Jürgen, you owe 3 €.\nReply STOP to opt out."
    assert shown["cost"] == {
        "messages": 2, "segments": 2, "amount": "0.02", "currency": "USD", "unpriced": {}, "estimate": True,
    }  # fmt: skip
    assert shown["blocks"] == []
    made = await asked(edge, "POST", "/campaigns", written(file=file))
    assert (made["state"], made["from_number"], made["people"]) == ("draft", TOLL_FREE, 2)
    assert (await asked(edge, "GET", f"/campaigns/{made['id']}/preview"))["cost"] == shown["cost"]
    started = await asked(edge, "POST", f"/campaigns/{made['id']}/start", {})
    assert started["state"] == "running"
    await run(edge, clock, 5)
    assert (await asked(edge, "GET", f"/campaigns/{made['id']}"))["counts"]["sent"] == 2
    table = (await asked(edge, "GET", f"/campaigns/{made['id']}.csv")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [(row["number"], row["name"], row["state"]) for row in rows] == [
        ("+12125550101", "Jürgen", "sent"),
        ("+16465550102", "'=Bo", "sent"),
    ]
    assert rows[0]["Twilio SID"] == carrier.taken[0][1].sid
    assert rows[0]["sent (UTC)"].startswith("2026-11-18 17:00")


async def test_the_preview_says_what_is_in_the_way(edge: Edge) -> None:
    shown = await asked(
        edge, "POST", "/campaigns/preview", {"name": "x", "text": "Hi {nmae}", "recipients": "x"}
    )
    assert shown["blocks"] == [
        "The list has no column for {nmae}.",
        "Nobody is on the list.",
        "Nobody has said yet how these people agreed to be texted.",
    ]


async def test_the_preview_warns_of_dear_letters_missing_names_and_prices(edge: Edge) -> None:
    body = written(text="It’s {name}", recipients="+12125550101\n+447400123456")
    shown = await asked(edge, "POST", "/campaigns/preview", body)
    assert shown["costly_letters"] == "’"
    assert len(shown["warnings"]) == 3
    assert shown["cost"]["unpriced"] == {"GB": 1}


@both
async def test_lists_are_paged_searched_and_filtered(edge: Edge, clock: TestClock) -> None:
    for name in ("May", "June", "July"):
        await asked(edge, "POST", "/campaigns", written(name=name, text="Hi", recipients=people(3)))
        await clock.advance(1)
    page = await asked(edge, "GET", "/campaigns", query="limit=2&q=ju")
    assert ([item["name"] for item in page["items"]], page["total"]) == (["July", "June"], 2)
    id = page["items"][0]["id"]
    assert (await asked(edge, "GET", "/campaigns", query="state=running"))["total"] == 0
    found = await asked(edge, "GET", f"/campaigns/{id}/recipients", query="limit=1&offset=1&state=queued")
    assert ([item["number"] for item in found["items"]], found["total"]) == ([people(3).split()[1]], 3)
    assert (await edge.ask("GET", f"/campaigns/{id}/recipients", query="state=lost"))[0] == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": ""}, 422),
        ({"name": "x", "from_number": "+19995550100"}, 422),
        ({"name": "x", "from_number": "soon"}, 422),
        ({"name": "x", "file": base64.b64encode(b"PK\x03\x04").decode()}, 422),
        ({"name": "x", "consent": {"who": "A", "when": "x", "how": "guess", "source": "x"}}, 422),
        ({"name": "x", "more": 1}, 422),
    ],
)
async def test_what_is_wrong_is_refused(edge: Edge, body: dict[str, object], status: int) -> None:
    assert (await edge.ask("POST", "/campaigns", body))[0] == status


async def test_an_office_without_a_toll_free_number_must_name_one(edge: Edge) -> None:
    await edge.offices.drop_number(TOLL_FREE)
    made = await asked(edge, "POST", "/campaigns", written(text="Hi", recipients=people(1)))
    status, refused = await edge.ask("POST", f"/campaigns/{made['id']}/start", {})
    assert status == 409
    assert "say which number" in refused["detail"]  # type: ignore[index]
    changed = await asked(edge, "PATCH", f"/campaigns/{made['id']}", {"from_number": LOCAL})
    assert changed["from_number"] == LOCAL


async def test_settings_come_back_and_hours_stay_within_the_law(edge: Edge) -> None:
    settings = await asked(edge, "GET", "/campaigns/settings")
    settings |= {"toll_free_rate": 3.0, "quiet_from": "20:00"}
    await asked(edge, "PUT", "/campaigns/settings", settings)
    assert await asked(edge, "GET", "/campaigns/settings") == settings
    for wrong in (
        {"quiet_from": "21:01"},
        {"quiet_until": "07:00"},
        {"opt_out_line": "Bye"},
        {"local_rate": 0},
    ):
        assert (await edge.ask("PUT", "/campaigns/settings", settings | wrong))[0] == 422


async def test_progress_is_told_at_most_twice_a_second(edge: Edge, clock: TestClock) -> None:
    """The loops themselves, for ten seconds."""
    told: list[tuple[int, str, Campaign]] = []
    edge.events.listen(lambda office, topic, document: told.append((clock.now_ms(), topic, document)))  # type: ignore[arg-type]
    id = await edge.started(people(6))
    loops = [asyncio.create_task(work()) for work in (edge.work.release, edge.work.watch)]
    try:
        for _ in range(40):
            await clock.advance(0.25)
            await edge.outbox.work()
            await asyncio.sleep(0.02)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
    times = [at for at, _, _ in told]
    assert {(topic, document.id) for _, topic, document in told} == {("campaigns", id)}
    assert all(later - earlier >= 500 for earlier, later in pairwise(times))
    assert told[-1][2].state == "finished"
    assert told[-1][2].counts.sent == 6


async def test_drafts_are_told_too(edge: Edge) -> None:
    told: list[object] = []
    edge.events.listen(lambda office, topic, document: told.append(document))
    made = await edge.campaign(people(1))
    await edge.work.tick()
    await edge.drafts.delete("local", made.id)
    await edge.work.tick()
    assert told == [made, CampaignGone(id=made.id)]


@both
async def test_a_person_can_be_forgotten(edge: Edge, clock: TestClock) -> None:
    made = await asked(
        edge,
        "POST",
        "/campaigns",
        written(text="Hi", recipients="+12125550101\n+12125550101\n+16465550102\n"),
    )
    async with edge.store.transaction() as tx:
        assert await CampaignEraser().erase(tx, "local", "+12125550101") == {"campaign places": 1}
    everything = [
        dict(row)  # type: ignore[call-overload]
        for table in ("campaign", "campaign_recipient", "campaign_contact")
        for row in await edge.store.all(f"SELECT * FROM {table}")
    ]
    assert "+12125550101" not in str(everything)
    assert (await asked(edge, "GET", f"/campaigns/{made['id']}"))["people"] == 1
