"""An edge that only does texts, between a simulated Twilio and people of two offices who ask its API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from edge.ai.chat import ChatServer
from edge.ai.facts import facts_from_text
from edge.api.dispatch import Dispatch
from edge.config import EdgeConfig
from edge.events import Events
from edge.model.office import Number
from edge.offices import Offices
from edge.store import Store
from edge.texts.knowledge import Knowledge
from edge.texts.mails import SendMail
from edge.texts.texts import INCOMING_PATH, Texts
from edge.twilio.client import TwilioClient
from edge.twilio.signature import TwilioSignature
from edge.twilio.webhooks import Webhooks
from tests.edge.clock import TestClock
from tests.fakes.twilio import FakeTwilio

PUBLIC = "https://edge.example.com"
OURS, SECOND, STRANGE = "+12025550100", "+12025550101", "+12025550900"
THEIRS, OTHER = "+13105550123", "+13105550124"
FACTS = facts_from_text(
    "Opening hours: Monday to Friday, 9 to 5\nParking: behind the house\nAddress: 1 Main Street"
)
HOURS, PARKING, ADDRESS = (f"{fact.text}." for fact in FACTS)
HAND_OVER = "I have passed your message on to our team."


@dataclass
class Answer:
    status: int
    body: Any
    raw: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class TextEdge:
    """`office` is the id of the one that has OURS and SECOND; `stranger` has STRANGE."""

    def __init__(
        self, store: Store, clock: TestClock, twilio: FakeTwilio, texts: Texts, events: Events
    ) -> None:
        self.store, self.clock, self.twilio, self.texts = store, clock, twilio, texts
        self.office = self.stranger = ""
        self.told: list[tuple[str, str, Any]] = []
        self._dispatch = Dispatch(texts.area().operations, clock)
        events.listen(
            lambda office, topic, document: self.told.append((office, topic, msgspec.to_builtins(document)))
        )

    async def ask(
        self, method: str, path: str, body: object = None, *, query: str = "", actor: str = "ann", office: str = "",
        raw: bytes = b"", type: str = "application/json",
    ) -> Answer:  # fmt: skip
        """As the office's node asks on behalf of somebody."""
        sent = raw or (b"" if body is None else json.dumps(body).encode())
        reply = await self._dispatch.ask(
            office=office or self.office,
            actor=actor,
            method=method,
            path=path,
            query=query,
            body=sent,
            type=type,
        )
        plain = reply.type.endswith("json") and reply.body
        return Answer(reply.status, json.loads(reply.body) if plain else None, reply.body, reply.headers)

    async def work(self, *, s: float = 2.0) -> None:
        """Let time pass, and everybody do what there is to do."""
        for _ in range(2):
            await self.clock.advance(s)
            for _ in range(20):
                busy = [
                    await part.work()
                    for part in (self.texts.pictures, self.texts.answering, self.texts.outbox)
                ]
                await self.twilio.settled()
                if not any(busy):
                    break

    async def hear(self, body: str, *, from_: str = THEIRS, to: str = OURS, **more: Any) -> None:
        asked = await self.twilio.receive_text(from_, to, body, **more)
        assert asked.status == 200, asked

    async def chat(self, body: str, **more: Any) -> list[str]:
        """What they get for this text."""
        before = len(self.twilio.sent())
        await self.hear(body, **more)
        await self.work()
        return [message.body for message in self.twilio.sent()[before:]]

    async def conversation(self, theirs: str = THEIRS, ours: str = OURS) -> Any:
        answer = await self.ask("GET", f"/conversations/{theirs}/{ours}")
        assert answer.status == 200, answer
        return answer.body


@asynccontextmanager
async def text_edge(
    store: Store,
    clock: TestClock,
    *,
    model: ChatServer | None = None,
    send_mail: SendMail | None = None,
    knowledge: Knowledge | None = None,
) -> AsyncIterator[TextEdge]:
    offices, events = Offices(store, clock), Events()
    known = knowledge or Knowledge(name="Miller", facts=FACTS, time_zone="America/New_York")

    async def knowledge_of(_: str) -> Knowledge:
        return known

    async with FakeTwilio() as twilio:
        config = EdgeConfig(
            public_url=PUBLIC, twilio_account_sid=twilio.account_sid, twilio_auth_token=twilio.auth_token,
            twilio_api_url=twilio.url, smtp_from="office@example.com",
        )  # fmt: skip
        client = TwilioClient(twilio.account_sid, twilio.auth_token, twilio.url, time_limit_s=5.0)
        texts = Texts(
            config, store, clock, offices, events, twilio=client, knowledge=knowledge_of, model=model,
            send_mail=send_mail, lease_ms=60_000,
        )  # fmt: skip
        edge = TextEdge(store, clock, twilio, texts, events)
        for name, numbers in (("office", (OURS, SECOND)), ("stranger", (STRANGE,))):
            office, _ = await offices.add(name)
            setattr(edge, name, office.id)
            for number in numbers:
                await offices.put_number(Number(number, office.id))
                twilio.add_number(number, sms_url=PUBLIC + INCOMING_PATH)
        webhooks = Webhooks(
            store, offices, clock, signature=TwilioSignature(twilio.auth_token), public_url=PUBLIC
        )
        application = web.Application()
        area = texts.area()
        application.add_routes([*webhooks.routes(area.webhooks), *area.routes])
        runner = web.AppRunner(application, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        twilio.reach(PUBLIC, f"http://127.0.0.1:{runner.addresses[0][1]}")
        try:
            yield edge
        finally:
            await runner.cleanup()
            await client.close()
