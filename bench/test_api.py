"""How fast the API answers, over HTTP from another process: lists of records, a long history, its table and figures."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from pytest_benchmark.fixture import BenchmarkFixture

from bench.conftest import Runner
from bench.figure import Figure, measure, record
from pbx.call.cdr import fold
from pbx.model.audio_event import AudioStarted
from pbx.model.call_event import (
    CallEnded,
    CallEvent,
    CallOffered,
    CallRouted,
    LegAnswered,
    LegDialled,
    LegEnded,
    LegRinging,
)
from pbx.model.cdr import Cdr
from pbx.store.cdrs import search_text
from pbx.store.database import FILE_NAME
from pbx.store.table import Table
from tests.live.node import Node, cpu_of

ASKED = 300
CALLS = 100_000
DAYS = 90
NAMES = ("Müller", "Smith", "Yilmaz", "García", "Nguyen", "Kowalski", "Rossi", "Dubois")
FILTERS = (
    "",
    "extension=217",
    "number=4930",
    "q=kowalski",
    "q=müller%20203",
    "disposition=no_answer&direction=inbound",
    "did=%2B4940555&missed=true",
    "trunk=provider&min_talk_s=100",
    "offset=90000",
    "q=nobody%20has%20this",
)
"""What people filter by; the slowest is the figure."""


def p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)]


async def times(ask: Callable[[], Awaitable[None]], rounds: int) -> list[float]:
    measured = []
    for _ in range(rounds):
        start = time.perf_counter()
        await ask()
        measured.append(time.perf_counter() - start)
    return measured


async def cpu(node: Node, ask: Callable[[], Awaitable[None]], rounds: int) -> float:
    """What one request costs the node: neighbours on the machine make it wait, not work."""
    assert node.process is not None
    before = cpu_of(node.process.pid)
    await times(ask, rounds)
    return (cpu_of(node.process.pid) - before) / rounds


def getting(session: aiohttp.ClientSession, path: str) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        async with session.get(f"/api/v1/{path}") as answer:
            body = await answer.read()
            assert answer.status == 200, body

    return ask


def client(node: Node) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(node.url, headers={"Authorization": f"Bearer {node.token}"})


def test_a_list_of_100_extensions(benchmark: BenchmarkFixture, tmp_path: Path, run: Runner) -> None:
    numbers = tuple(str(number) for number in range(200, 300))
    node = Node(tmp_path / "node", extensions=numbers, options=("--log-level", "warning"))
    measured: list[float] = []

    async def ask() -> None:
        await node.start()
        async with client(node) as session:
            path = "extensions?q=phone&sort=-name&enabled=true"
            await times(getting(session, path), 20)
            measured.extend(await times(getting(session, path), ASKED))
        await node.stop()

    measure(benchmark, lambda: run(ask()))
    record(
        benchmark,
        Figure(
            title="API: list of 100 extensions, p95",
            value=p95(measured) * 1000,
            unit="ms",
            target=10,
            how=f"searched and sorted, {ASKED} requests one after the other over one connection",
        ),
    )


def call(number: int, dice: random.Random, now: datetime) -> Cdr:
    """One of many, with the events that a usual call has."""
    id_ = f"{number:026d}"
    at = now - timedelta(seconds=dice.random() * DAYS * 86400)
    inbound = dice.random() < 0.6
    extension = str(dice.randint(200, 299))
    other = f"+49{dice.choice((30, 40, 89))}{dice.randint(100000, 9999999)}"
    answered, length = dice.random() < 0.8, dice.expovariate(1 / 120)
    name = f"{dice.choice(NAMES)} {dice.randint(1, 999)}" if inbound else f"Phone {extension}"
    events: list[CallEvent] = [
        CallOffered(
            call=id_,
            at=at,
            from_number=other if inbound else extension,
            from_name=name,
            from_extension=None if inbound else extension,
            dialled=f"+4940555{dice.randint(0, 9) or ''}" if inbound else other,
            source="192.0.2.1:5060",
            trunk="provider" if inbound else None,
        ),
        CallRouted(call=id_, at=at, kind="extension", to=extension, to_name=f"Phone {extension}"),
    ]
    for leg in ("b1", "b2"):
        target = f"sip:{extension}@192.0.2.{dice.randint(2, 250)}:5060;transport=udp"
        trunk = None if inbound else "provider"
        events.append(LegDialled(call=id_, at=at, leg=leg, target=target, extension=extension, trunk=trunk))
        events.append(LegRinging(call=id_, at=at + timedelta(seconds=0.2), leg=leg, status=180))
    talks = at + timedelta(seconds=dice.random() * 20)
    end = talks + timedelta(seconds=length if answered else 10)
    if answered:
        for leg in ("b1", "a"):
            events.append(LegAnswered(call=id_, at=talks, leg=leg))
            events.append(AudioStarted(call=id_, at=talks, leg=leg))
    events += [LegEnded(call=id_, at=end, leg=leg, cause="normal") for leg in ("b1", "b2")]
    events.append(CallEnded(call=id_, at=end, cause="normal" if answered else "no_answer", by="a"))
    return fold(events)


def fill(path: Path) -> None:
    dice, now = random.Random(1), datetime.now(UTC)
    table = Table(Cdr, "cdrs", beside=("search",))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN")
    for number in range(CALLS):
        cdr = call(number, dice, now)
        table.insert(connection, cdr, search=search_text(cdr))
    connection.execute("COMMIT")
    connection.close()


def test_a_history_of_100000_calls(benchmark: BenchmarkFixture, tmp_path: Path, run: Runner) -> None:
    node = Node(tmp_path / "node", extensions=("200",), options=("--log-level", "warning"))
    found: dict[str, float] = {}
    table: dict[str, float] = {}

    async def ask() -> None:
        await node.prepare()
        await asyncio.to_thread(fill, node.data / FILE_NAME)
        await node.start()
        async with client(node) as session:
            for query in FILTERS:
                await times(getting(session, f"cdrs?limit=50&{query}"), 3)
                found[query] = await cpu(node, getting(session, f"cdrs?limit=50&{query}"), 20)
            for path in ("analytics/calls?period=90d", "dashboard"):
                found[path] = await cpu(node, getting(session, path), 10)
            before, start = node.rss_bytes, time.perf_counter()
            lines = 0
            async with session.get("/api/v1/cdrs.csv") as answer:
                async for chunk in answer.content.iter_any():
                    lines += chunk.count(b"\n")
                    table["more"] = max(table.get("more", 0), node.rss_bytes - before)
            table["seconds"] = time.perf_counter() - start
            assert lines == CALLS + 1
        await node.stop()

    measure(benchmark, lambda: run(ask()))
    print(json.dumps({path: round(seconds * 1000, 1) for path, seconds in found.items()}, indent=1))
    slowest = max(FILTERS, key=lambda query: found[query])
    record(
        benchmark,
        Figure(
            title="API: 100,000 calls filtered, CPU",
            value=found[slowest] * 1000,
            unit="ms",
            target=50,
            how=f"the slowest of {len(FILTERS)} filters (“{slowest}”), 50 calls and how many there are in all",
        ),
        Figure(
            title="API: figures of 90 days of 100,000 calls, CPU",
            value=found["analytics/calls?period=90d"] * 1000,
            unit="ms",
            how="days, hours, numbers and waits, counted anew for each request",
        ),
        Figure(
            title="API: table of 100,000 calls, more memory",
            value=table["more"] / 1e6,
            unit="MB",
            target=16,
            how=f"/cdrs.csv read in {table['seconds']:.1f} s; resident memory of the node above what it had before",
        ),
    )
