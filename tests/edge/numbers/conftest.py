"""An edge's numbers on a real store, with a simulated Twilio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec
import pytest

from edge.clock import Clock
from edge.events import Events
from edge.model.numbers import NumberEvent
from edge.numbers.numbers import Numbers
from edge.numbers.wanted import Place
from edge.offices import Offices
from edge.store import Store
from edge.twilio.client import TwilioClient
from tests.fakes.twilio import FakeTwilio

BASE = "https://edge.example.com"
FALLBACK = "https://spare.example.com"


class HastyClock:
    """Who sleeps wakes at once, and the time has passed."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now_ms(self) -> int:
        return 1_795_003_200_000 + int(self.passed_s * 1000)

    def monotonic(self) -> float:
        return self.passed_s

    async def sleep(self, seconds: float) -> None:
        self.passed_s += seconds
        await asyncio.sleep(0)


@dataclass
class Bench:
    """`restart` is another process on the same store."""

    store: Store
    twilio: FakeTwilio
    offices: Offices
    clock: HastyClock
    office: str
    told: list[NumberEvent] = field(default_factory=list)
    clients: list[TwilioClient] = field(default_factory=list)

    def start(self, base: str = BASE, fallback: str = FALLBACK, clock: Clock | None = None) -> Numbers:
        client = TwilioClient(self.twilio.account_sid, self.twilio.auth_token, self.twilio.url)
        self.clients.append(client)
        events = Events()
        events.listen(self._hear)
        return Numbers(
            self.store,
            clock or self.clock,
            offices=self.offices,
            events=events,
            twilio=client,
            place=Place(base, fallback),
        )

    def _hear(self, office: str, topic: str, document: msgspec.Struct) -> None:
        assert topic == "numbers"
        assert isinstance(document, NumberEvent)
        self.told.append(document)


@pytest.fixture
async def bench(store: Store) -> AsyncIterator[Bench]:
    clock = HastyClock()
    offices = Offices(store, clock)
    office, _ = await offices.add("One")
    async with FakeTwilio() as twilio:
        made = Bench(store, twilio, offices, clock, office.id)
        yield made
        for client in made.clients:
            await client.close()


@pytest.fixture
def numbers(bench: Bench) -> Numbers:
    return bench.start()
