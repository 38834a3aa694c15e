"""After STOP in any form nothing is sent until START, whatever else is tried, and whoever confirms."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.config import EdgeConfig
from edge.errors import EdgeError
from edge.events import Events
from edge.model.office import Number, Office
from edge.model.texts import ConversationReply, SmsSend
from edge.offices import Offices
from edge.store import open_store
from edge.texts.conversations import Pair
from edge.texts.keywords import STARTS, STOPS
from edge.texts.knowledge import Knowledge
from edge.texts.messages import Draft
from edge.texts.texts import Texts
from edge.twilio.webhooks import Hook
from tests.edge.clock import TestClock
from tests.edge.texts.carrier import Carrier
from tests.edge.texts.forms import written
from tests.edge.texts.office import FACTS, OURS, SECOND, THEIRS

CONFIRMED = "you have opted out"
STEPS = st.one_of(
    st.tuples(st.just("stop"), written(*STOPS)),
    st.tuples(st.just("start"), written(*STARTS, "yes")),
    st.tuples(
        st.just("text"),
        st.sampled_from(("where can I park?", "hello", "my door!", "Help", "INFO", "end of it")),
    ),
    st.tuples(st.just("reply"), st.just("a person writes")),
    st.tuples(st.just("send"), st.just("a program writes")),
    st.tuples(st.just("campaign"), st.just("buy now")),
    st.tuples(st.just("queue"), st.just("was put before")),
    st.tuples(st.just("wait"), st.just("")),
)


@dataclass
class World:
    """Texts without a network: the carrier is in memory."""

    texts: Texts
    carrier: Carrier
    clock: TestClock
    office: str
    count: int = 0

    async def hear(self, body: str) -> None:
        self.count += 1
        form: Mapping[str, str] = {
            "MessageSid": f"SM{self.count}",
            "From": THEIRS,
            "To": OURS,
            "Body": body,
            "NumMedia": "0",
        }
        await self.texts.incoming.take(Hook(Office(self.office, "Miller"), form, {}, "/twilio/sms"))

    async def settle(self) -> None:
        for _ in range(2):
            await self.clock.advance(3)
            while await self.texts.answering.work() | await self.texts.outbox.work():
                pass

    async def put(self, campaign: str, ours: str = OURS) -> None:
        self.count += 1
        async with self.texts.store.transaction() as statements:
            await self.texts.outbox.put(
                statements,
                Draft(
                    id=f"p{self.count}",
                    office=self.office,
                    ours=ours,
                    theirs=THEIRS,
                    body="x",
                    author="campaign",
                    campaign=campaign,
                ),
            )

    async def do(self, step: tuple[str, str]) -> None:
        kind, body = step
        if kind in {"stop", "start", "text"}:
            await self.hear(body)
        elif kind == "reply":
            with suppress(EdgeError):
                pair = Pair(self.office, OURS, THEIRS)
                await self.texts.writing.reply(
                    pair, "ann", ConversationReply(from_=THEIRS, to=OURS, text=body, anyway=True)
                )
        elif kind == "send":
            with suppress(EdgeError):
                await self.texts.writing.send(self.office, "ann", SmsSend(to=THEIRS, from_=OURS, text=body))
        elif kind == "campaign":
            await self.put("c1", SECOND)
        elif kind == "queue":
            await self.put("")
        else:
            await self.settle()


async def _play(steps: list[tuple[str, str]], keyword_answers: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = TestClock()
        store = await open_store(Path(folder) / "edge.sqlite3")
        offices = Offices(store, clock)
        office, _ = await offices.add("Miller")
        for number in (OURS, SECOND):
            await offices.put_number(Number(number, office.id))

        async def knowledge(_: str) -> Knowledge:
            return Knowledge(name="Miller", facts=FACTS)

        texts = Texts(EdgeConfig(), store, clock, offices, Events(), twilio=None, knowledge=knowledge)
        carrier = Carrier(clock)
        texts.outbox._sender = carrier
        world = World(texts, carrier, clock, office.id)
        current = await texts.settings.of(office.id)
        await texts.settings.put(office.id, type(current)(keyword_answers=keyword_answers))  # type: ignore[arg-type]
        try:
            silent = False
            for step in steps:
                before = len(carrier.taken)
                await world.do(step)
                silent = True if step[0] == "stop" else False if step[0] == "start" else silent
                if silent:
                    await world.settle()
                    heard = carrier.bodies()[before:]
                    most = 1 if step[0] == "stop" else 0
                    assert [body for body in heard if CONFIRMED not in body] == []
                    assert len(heard) <= most, f"{step} led to {heard}"
        finally:
            await store.close()


@given(st.lists(STEPS, min_size=1, max_size=12), st.sampled_from(("carrier", "office")))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_after_stop_nothing_is_sent_until_start(steps: list[tuple[str, str]], keyword_answers: str) -> None:
    asyncio.run(_play(steps, keyword_answers))


def test_the_model_itself_sees_texts_before_stop_and_after_start() -> None:
    """Otherwise the property would hold for an edge that never sends."""

    async def play() -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            clock = TestClock()
            store = await open_store(Path(folder) / "edge.sqlite3")
            offices = Offices(store, clock)
            office, _ = await offices.add("Miller")
            await offices.put_number(Number(OURS, office.id))

            async def knowledge(_: str) -> Knowledge:
                return Knowledge(name="Miller", facts=FACTS)

            texts = Texts(EdgeConfig(), store, clock, offices, Events(), twilio=None, knowledge=knowledge)
            carrier = Carrier(clock)
            texts.outbox._sender = carrier
            world = World(texts, carrier, clock, office.id)
            for step in (
                ("text", "where can I park?"),
                ("stop", "stop"),
                ("queue", ""),
                ("start", "start"),
                ("send", "hi"),
            ):
                await world.do(step)
                await world.settle()
            await store.close()
            return carrier.bodies()

    assert asyncio.run(play()) == ["Parking: behind the house.", "hi"]
