"""A campaign against the simulated Twilio with random faults, sent by real processes that are killed at random.

`slow`: 5,000 people, by one edge on SQLite and by two on PostgreSQL. The default run has one edge that lives.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from edge.app import build
from edge.campaigns.office_settings import put_settings
from edge.config import EdgeConfig
from edge.edge import Edge as RealEdge
from edge.model.campaigns import Campaign, CampaignSettings
from edge.model.office import Number
from edge.store import Store, open_store
from edge.texts.sending import Sender
from tests.edge.campaigns.fast_edge import FastClock
from tests.edge.campaigns.office import AGREED, TOLL_FREE, Edge, people
from tests.edge.texts.carrier import Carrier
from tests.fakes.twilio.faults import Fault
from tests.fakes.twilio.server import FakeTwilio
from tests.fakes.twilio.state import FakeMessage
from tests.live.ports import free_port

PROGRAM = "tests.edge.campaigns.fast_edge"
SPEED = 30.0
LONGEST_S = 840.0
OPEN = ("queued", "released", "checking")


class ShakyTwilio(FakeTwilio):
    """Refuses, breaks, answers late, loses callbacks and repeats them, by chance."""

    def __init__(self, chance: random.Random, clock: FastClock) -> None:
        super().__init__()
        self.chance = chance
        self.clock = clock
        self.faults.rule = self._fault
        self.asked = Counter[str]()
        self.lost = 0

    def _fault(self, method: str, path: str) -> Fault | None:
        if method != "POST" or not path.endswith("/Messages.json"):
            return None
        kind = self.chance.choices(("fine", "busy", "fault", "drop", "lose"), weights=(88, 3, 3, 3, 3))[0]
        self.asked[kind] += 1
        return {
            "fine": None,
            "busy": Fault("refuse", 429, 20429),
            "fault": Fault("refuse", 500, 20500),
            "drop": Fault("drop"),
            "lose": Fault("lose"),
        }[kind]

    def accept(self, message: FakeMessage) -> None:
        message.created = self.clock.now_ms() / 1000
        super().accept(message)

    async def _receipts(self, message: FakeMessage) -> None:
        how = self.chance.choices(("now", "late", "lost", "twice"), weights=(70, 10, 10, 10))[0]
        self.lost += how == "lost"
        if how == "late":
            await asyncio.sleep(self.chance.uniform(0.5, 4))
        for _ in range({"lost": 0, "twice": 2}.get(how, 1)):
            await super()._receipts(message)


@dataclass
class Process:
    """One edge. `live` keeps it running until it is told to end, and kills it now and then."""

    options: list[str]
    chance: random.Random
    lives_s: tuple[float, float]
    kills: int
    killed: int = 0
    errors: list[str] = field(default_factory=list)

    async def live(self, log: Path) -> None:
        while True:
            with log.open("ab") as written:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", PROGRAM, *self.options, stdout=written, stderr=written
                )
            try:
                if self.killed < self.kills:
                    await asyncio.sleep(self.chance.uniform(*self.lives_s))
                    self.killed += 1
                else:
                    await process.wait()
                    self.errors.append(f"an edge ended by itself with {process.returncode}, see {log}")
                    return
            finally:
                if process.returncode is None:
                    process.send_signal(signal.SIGKILL)
                    await process.wait()


@asynccontextmanager
async def campaign_of(store: Store, clock: FastClock, count: int) -> AsyncIterator[tuple[Edge, str]]:
    sender: Sender = Carrier(clock)
    edge = Edge(store, clock, sender)
    await edge.open()
    await put_settings(store, "local", CampaignSettings(toll_free_rate=1000.0))
    yield edge, await edge.started(people(count), "Hello {name|you}, it is true.")


async def run_campaign(
    where: str | Path,
    folder: Path,
    *,
    count: int,
    processes: int,
    kills: int,
    lives_s: tuple[float, float],
    seed: int,
) -> tuple[Counter[str], Counter[str], ShakyTwilio]:
    """States of the people at the end, and how often each was texted."""
    chance = random.Random(seed)
    clock = FastClock(time.time(), SPEED)
    async with AsyncExitStack() as stack:
        store = await open_store(where)
        stack.push_async_callback(store.close)
        twilio = await stack.enter_async_context(ShakyTwilio(chance, clock))
        twilio.add_number(TOLL_FREE)
        edge, id = await stack.enter_async_context(campaign_of(store, clock, count))
        edges = [_process(where, folder, twilio, clock, chance, kills, lives_s) for _ in range(processes)]
        tasks = [asyncio.create_task(each.live(folder / f"edge-{at}.log")) for at, each in enumerate(edges)]
        try:
            await _ended(edge, id, edges)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert [each.killed for each in edges] == [kills] * processes
        texted = Counter(message.to for message in twilio.sent())
        return await edge.states(id), texted, twilio


def _process(
    where: str | Path, folder: Path, twilio: ShakyTwilio, clock: FastClock, chance: random.Random, kills: int,
    lives_s: tuple[float, float],
) -> Process:  # fmt: skip
    port = free_port()
    options = [
        str(clock.began), str(clock.speed), "--host", "127.0.0.1", "--port", str(port),
        "--public-url", f"http://127.0.0.1:{port}", "--twilio-api-url", twilio.url,
        "--twilio-account-sid", twilio.account_sid, "--twilio-auth-token", twilio.auth_token,
        "--data-dir", str(folder), *(() if isinstance(where, Path) else ("--db-dsn", where)),
    ]  # fmt: skip
    return Process(options, chance, lives_s, kills)


async def _ended(edge: Edge, id: str, edges: list[Process]) -> None:
    """Waits until nobody waits any more, and all kills have happened."""
    async with asyncio.timeout(LONGEST_S):
        while True:
            await asyncio.sleep(0.5)
            assert not [error for each in edges for error in each.errors]
            states = await edge.states(id)
            if not any(states[state] for state in OPEN) and all(each.killed == each.kills for each in edges):
                break
        await asyncio.sleep(4)


def check(states: Counter[str], texted: Counter[str], count: int) -> None:
    assert set(texted) <= set(people(count).split())
    assert max(texted.values()) == 1, [number for number, times in texted.items() if times > 1]
    assert states.total() == count
    assert set(states) <= {"sent", "delivered", "uncertain"}
    reached = states["sent"] + states["delivered"]
    assert reached <= len(texted) <= reached + states["uncertain"]


async def test_the_edge_as_it_is_put_together_runs_a_campaign(tmp_path: Path) -> None:
    """Through the API, the outbox, the simulated Twilio, its signed callbacks, to the receipts."""
    clock = FastClock(time.time(), SPEED)
    async with AsyncExitStack() as stack:
        twilio = await stack.enter_async_context(ShakyTwilio(random.Random(1), clock))
        twilio.faults.rule = None
        edge = await stack.enter_async_context(whole_edge(twilio, clock, tmp_path))

        async def ask(method: str, path: str, body: object = None) -> Campaign:
            reply = await edge.dispatch.ask(
                office="local", actor="ann", method=method, path=path, body=msgspec.json.encode(body)
            )
            assert reply.status < 300, reply.body
            return msgspec.json.decode(reply.body, type=Campaign)

        agreed = msgspec.to_builtins(AGREED)
        made = await ask(
            "POST", "/campaigns", {"name": "x", "text": "Hi", "recipients": people(3), "consent": agreed}
        )
        await ask("POST", f"/campaigns/{made.id}/start", {})
        async with asyncio.timeout(60):
            while (await ask("GET", f"/campaigns/{made.id}")).counts.delivered + twilio.lost < 3:
                await asyncio.sleep(0.1)
        assert sorted(message.to for message in twilio.sent()) == people(3).split()
        assert {message.body for message in twilio.sent()} == {"Hi\nReply STOP to opt out."}


@asynccontextmanager
async def whole_edge(twilio: ShakyTwilio, clock: FastClock, folder: Path) -> AsyncIterator[RealEdge]:
    """In this process, with one verified toll-free number."""
    number = twilio.add_number(TOLL_FREE)
    twilio.other_hosts.toll_free(number.sid)
    port = free_port()
    config = EdgeConfig(
        data_dir=folder,
        public_url=f"http://127.0.0.1:{port}",
        twilio_api_url=twilio.url,
        twilio_account_sid=twilio.account_sid,
        twilio_auth_token=twilio.auth_token,
    )
    edge = await build(config, clock=clock)
    runner = web.AppRunner(edge.application, access_log=None)
    try:
        await edge.offices.ensure_local()
        await edge.offices.put_number(Number(TOLL_FREE, "local", number.sid))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        edge.start()
        yield edge
    finally:
        await runner.cleanup()
        await edge.close()


@pytest.mark.slow
async def test_a_killed_edge_ends_its_campaign_without_a_second_text(tmp_path: Path) -> None:
    states, texted, _ = await run_campaign(
        tmp_path / "edge.sqlite3", tmp_path, count=60, processes=1, kills=1, lives_s=(2.0, 3.0), seed=1
    )
    check(states, texted, 60)


@pytest.mark.slow
@pytest.mark.timeout(1000)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_five_thousand_with_faults_and_kills(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    on_postgres = kind == "postgres"
    states, texted, twilio = await run_campaign(
        request.getfixturevalue("postgres_database") if on_postgres else tmp_path / "edge.sqlite3",
        tmp_path, count=5000, processes=2 if on_postgres else 1, kills=8, lives_s=(3.0, 9.0), seed=2026,
    )  # fmt: skip
    print(f"{kind}: {dict(states)}; texted {len(texted)}; faults {dict(twilio.asked)}")
    check(states, texted, 5000)
    assert states["uncertain"] < 500
