"""The call history: its filters, the table for spreadsheets, the figures, and the first page."""

from __future__ import annotations

import asyncio
import csv
import io
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.api import cdr_csv
from pbx.feature.office_time import midnight, office_zone, stretches
from pbx.model.audio_event import AudioOneWay, LegQuality, Sound
from pbx.model.cdr import Cdr, CdrLeg
from pbx.store import cdrs
from tests.api.conftest import START, Node
from tests.api.test_listing import cdr

OUTSIDE = {"from_number": "+4930123", "from_extension": None, "direction": "inbound", "did": "+4940555"}


async def put(node: Node, *calls: Cdr) -> None:
    """All at once, so that they share their commits."""
    await asyncio.gather(*(node.deps.cdrs.put(each) for each in calls))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("direction=inbound", ["CALL3", "CALL2"]),
        ("direction=internal", ["CALL1"]),
        ("did=%2B4940555", ["CALL3", "CALL2"]),
        ("trunk=provider", ["CALL2"]),
        ("queue=600", ["CALL3"]),
        ("missed=true", ["CALL3"]),
        ("missed=false&direction=inbound", ["CALL2"]),
        ("min_talk_s=10", ["CALL2"]),
        ("q=MÜLLER", ["CALL3"]),
        ("q=müller%204930", ["CALL3"]),
        ("q=müller%20101", []),
        ("sort=talk_s", ["CALL1", "CALL3", "CALL2"]),
        ("sort=started_at&limit=1&offset=1", ["CALL2"]),
    ],
)
async def test_the_history_is_searched_by_what_people_ask(node: Node, query: str, found: list[str]) -> None:
    await put(
        node,
        cdr(1),
        cdr(2, **OUTSIDE, trunk="provider", talk_s=12.5),
        cdr(3, **OUTSIDE, from_name="Frau Müller", queue="600", missed=True, talk_s=1.0),
    )
    page = await node.json("GET", f"/api/v1/cdrs?{query}")
    assert [one["id"] for one in page["items"]] == found
    assert page["total"] == (3 if "limit" in query else len(found))


@pytest.mark.parametrize("query", ["sort=cause", "min_talk_s=-1", "direction=up", "queue=x", "missed=maybe"])
async def test_what_cannot_be_asked_is_refused(node: Node, query: str) -> None:
    assert (await node.json("GET", f"/api/v1/cdrs?{query}", 422))["errors"][0]["path"].startswith("query.")


async def table(node: Node, query: str = "") -> list[dict[str, str]]:
    async with node.ask("GET", f"/api/v1/cdrs.csv{query}") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Transfer-Encoding"] == "chunked"
        return list(csv.DictReader(io.StringIO((await answer.read()).decode("utf-8-sig"))))


async def test_the_table_has_every_call_in_the_time_of_the_office(node: Node) -> None:
    await node.json("PATCH", "/api/v1/settings", json={"time_zone": "Europe/Berlin"})
    await put(node, *(cdr(number) for number in range(1203)))
    rows = await table(node)
    assert [row["id"] for row in rows] == [f"CALL{number}" for number in range(1202, -1, -1)]
    assert rows[-1]["started_at"] == "2026-03-02T10:00:00+01:00"
    assert len(await table(node, "?to=2026-03-02T09:05:00Z")) == 5
    assert await table(node, "?q=nobody") == []
    await put(node, cdr(2000, test=True))
    assert [row["test"] for row in (await table(node))[:2]] == ["yes", "no"]


async def test_two_calls_of_one_moment_are_both_in_the_table(node: Node) -> None:
    await put(node, *(cdr(number, started_at=START) for number in range(1001)))
    assert Counter(row["id"] for row in await table(node)) == {f"CALL{n}": 1 for n in range(1001)}


@given(st.text(max_size=8))
def test_no_cell_is_a_formula_and_none_loses_its_text(text: str) -> None:
    cell = cdr_csv.cell(text)
    assert cell.removeprefix("'") == text or cell == text
    if cell[:1] in ("=", "-", "@", "\t", "\r", "+"):
        assert cell[0] == "+"
        assert cell[1:].isdigit()


async def test_a_zone_that_nobody_knows_is_refused(node: Node) -> None:
    problem = await node.json("PATCH", "/api/v1/settings", 422, json={"time_zone": "Europe/Atlantis"})
    assert problem["errors"][0]["path"] == "$.time_zone"
    assert (await node.json("GET", "/api/v1/settings"))["time_zone"] == ""


ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "UTC",
]


@settings(max_examples=30)
@given(st.sampled_from(ZONES), st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)), st.integers(1, 90))
def test_stretches_say_what_the_clocks_show(zone: str, around: datetime, days: int) -> None:
    place = ZoneInfo(zone)
    last = around.date()
    since, until = midnight(last - timedelta(days=days), place), midnight(last, place)
    parts = stretches(since, until, place)
    assert parts[0].since == since
    assert len(parts) <= 4
    for minute in range(0, int((until - since).total_seconds() // 60), 31):
        at = since + timedelta(minutes=minute)
        offset = [each.offset_s for each in parts if each.since <= at][-1]
        shown = at.astimezone(place).utcoffset()
        assert shown is not None
        assert offset == shown.total_seconds()


def test_a_machine_without_a_named_zone_still_has_one() -> None:
    assert office_zone("").utcoffset(datetime.now()) is not None
    assert office_zone("No/Such").utcoffset(datetime.now()) is not None


def counted_slowly(calls: list[Cdr], zone: ZoneInfo) -> dict[str, Any]:
    """The same figures, one call after the other."""
    days: dict[str, Counter[str]] = {}
    hours: Counter[int] = Counter()
    for each in calls:
        local = each.started_at.astimezone(zone)
        day = days.setdefault(local.date().isoformat(), Counter())
        day[each.direction] += 1
        if each.direction == "inbound":
            day["missed" if each.missed else "answered"] += 1
        hours[local.hour] += 1
    return {"days": days, "hours": hours}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
async def test_figures_are_those_of_the_offices_days_also_when_its_clocks_are_changed(
    node: Node, zone: str
) -> None:
    node.time.pass_s(35 * 86400)  # 6 April: both changes of the clock are in the last 30 days
    await node.json("PATCH", "/api/v1/settings", json={"time_zone": zone})
    now = node.deps.clock.now()
    calls = [
        cdr(
            number,
            started_at=now - timedelta(minutes=37 * number),
            ended_at=now,
            direction=("inbound", "outbound", "internal")[number % 3],
            did="+4940555" if number % 3 == 0 else None,
            missed=number % 9 == 0,
            wait_s=float(number % 50),
            talk_s=2.0,
        )
        for number in range(1, 1100)
    ]
    await put(
        node,
        *calls,
        cdr(9999, started_at=now, dialled="listen", ended_at=now),
        cdr(9998, started_at=now),
        cdr(9997, started_at=now, ended_at=now, direction="inbound", missed=True, test=True),
    )
    figures = await node.json("GET", "/api/v1/analytics/calls?period=30d")
    place = ZoneInfo(zone)
    since = datetime.fromisoformat(figures["from"])
    inside = [each for each in calls if each.started_at >= since]
    assert len(inside) > 1000
    assert since.astimezone(place).time().isoformat() == "00:00:00"
    slow = counted_slowly(inside, place)
    assert len(figures["per_day"]) == 30
    for day in figures["per_day"]:
        wanted = slow["days"].get(day["day"], Counter())
        for name in ("inbound", "outbound", "internal", "answered", "missed"):
            assert day[name] == wanted[name], (day, name)
    assert [hour["calls"] for hour in figures["per_hour"]] == [slow["hours"][hour] for hour in range(24)]
    inbound = [each for each in inside if each.direction == "inbound"]
    waits = sorted(each.wait_s for each in inbound if not each.missed)
    assert figures["totals"]["median_wait_s"] == waits[(len(waits) - 1) // 2]
    assert figures["totals"]["longest_wait_s"] == waits[-1]
    assert figures["totals"]["talk_s"] == 2.0 * len(inside)
    (did,) = figures["per_did"]
    assert (did["did"], did["calls"]) == ("+4940555", len(inbound))
    assert did["wait_s"] == round(sum(waits) / len(waits), 1)


async def test_an_office_without_calls_has_no_waits(node: Node) -> None:
    figures = await node.json("GET", "/api/v1/analytics/calls")
    assert figures["totals"]["median_wait_s"] is None
    assert len(figures["per_day"]) == 7
    assert figures["per_did"] == []
    await node.json("GET", "/api/v1/analytics/calls?period=8d", 422)


async def test_the_first_page_shows_now_and_today(node: Node) -> None:
    await node.json("PATCH", "/api/v1/settings", json={"office_name": "Ring & Co", "time_zone": "UTC"})
    node.time.pass_s(3600)
    await put(
        node,
        cdr(1, **OUTSIDE, ended_at=START, missed=True),
        cdr(2, started_at=START - timedelta(days=1), ended_at=START),
    )
    page = await node.json("GET", "/api/v1/dashboard")
    assert (page["office_name"], page["counts"]["calls"]) == ("Ring & Co", 0)
    assert (page["today"]["inbound"], page["today"]["missed"], page["today"]["internal"]) == (1, 1, 0)
    assert page["hours"][9] == {"hour": 9, "calls": 1, "missed": 1}
    assert page["health"] == []
    assert page["unheard_messages"] == 0


async def test_calls_are_forgotten_when_the_setting_says_so(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cdrs, "PRUNED", 2)
    day = timedelta(days=1)
    old = [cdr(number, started_at=START - number * day, ended_at=START) for number in range(1, 9)]
    await put(node, *old, cdr(99, started_at=START - 100 * day))
    await node.sweep()
    assert (await node.json("GET", "/api/v1/cdrs"))["total"] == 9
    await node.json("PATCH", "/api/v1/settings", json={"cdr_keep_days": 3})
    await node.sweep()
    page = await node.json("GET", "/api/v1/cdrs")
    assert [each["id"] for each in page["items"]] == ["CALL1", "CALL2", "CALL3", "CALL99"]  # that one goes on


async def test_a_call_tells_how_it_sounded_in_plain_words(node: Node) -> None:
    fair = Sound(mos=3.7, grade="fair", cause="loss", loss=0.023, jitter_ms=4.0)
    part = CdrLeg(leg="a", party="101", extension="101", started_at=START)
    quality = LegQuality(
        call="CALL9", at=START, leg="a", packets_in=500, packets_out=510, lost=12, jitter_ms=2.0, codec="PCMU",
        heard=fair, mos_every_s=5.0, heard_mos=(4.2, 3.1, 4.2), remote="192.0.2.7:4000", encryption="sdes",
    )  # fmt: skip
    silent = AudioOneWay(call="CALL9", at=START, leg="a", silent_ms=10_000)
    await put(node, cdr(9, legs=(part,), events=(silent, quality)))
    report = await node.json("GET", "/api/v1/cdrs/CALL9/quality")
    (leg,) = report["legs"]
    assert (leg["party"], leg["one_way"], leg["figures"]["heard_mos"]) == ("101", 1, [4.2, 3.1, 4.2])
    assert leg["words"] == [
        "For a while nothing came from 101: its network, or it was muted and sends nothing then.",
        "What 101 said sounds fair (MOS 3.7): packets are lost on the way (2.3%). Look at 101's network, upwards.",
        "101's phone sends no RTCP reports, so what it heard is not known.",
        "It was bad for a while and then well again.",
    ]
