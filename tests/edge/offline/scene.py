"""An edge that answers offline calls, a simulated Twilio around it, and an office that takes what is delivered once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.ai.understanding import Understanding
from edge.clock import Clock
from edge.config import EdgeConfig
from edge.directory import Directories, Receptionists
from edge.model.directory import OfficeDirectory
from edge.model.office import Number, Office
from edge.model.receptionist import Receptionist
from edge.offices import Offices
from edge.offline.area import Offline, build_offline
from edge.offline.collecting import Deliver, Provider
from edge.store import Store
from edge.twilio.client import TwilioClient
from edge.twilio.signature import TwilioSignature
from edge.twilio.webhooks import Hook, Webhook, Webhooks
from tests.edge.offline import parts as p
from tests.fakes.twilio import FakeCall, FakeTwilio

__all__ = ["PUBLIC", "Inbox", "Scene", "beside", "edge_on", "scene"]

PUBLIC = "https://edge.example.com"


@dataclass
class Inbox:
    """What an office would have: by id, as often as it came."""

    came: list[tuple[str, str]] = field(default_factory=list)
    documents: dict[str, dict[str, object]] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    async def __call__(
        self, office: str, kind: str, document: msgspec.Struct, body: bytes = b"", *, id: str = ""
    ) -> str:
        self.came.append((office, id))
        self.kinds[id] = kind
        self.documents[id] = msgspec.json.decode(msgspec.json.encode(document))
        self.bodies[id] = body
        return id

    def of(self, kind: str) -> list[dict[str, object]]:
        return [self.documents[id] for id in self.kinds if self.kinds[id] == kind]


@dataclass
class Scene:
    """`twilio` calls, `offline` answers."""

    twilio: FakeTwilio
    store: Store
    clock: Clock
    office: Office
    client: TwilioClient
    inbox: Inbox
    directories: Directories
    receptionists: Receptionists
    offline: Offline

    async def call(self, to: str = p.MAIN, from_: str = p.CALLER) -> FakeCall:
        return await self.twilio.call(from_, to)

    async def set(
        self, directory: OfficeDirectory | None = None, settings: Receptionist | None = None
    ) -> None:
        if directory is not None:
            await self.directories.keep(self.office.id, msgspec.json.encode(directory))
        if settings is not None:
            await self.receptionists.put(self.office.id, settings, "test")

    async def collect(self) -> None:
        await self.twilio.settled()
        await self.offline.collecting.once()


def edge_on(
    store: Store,
    clock: Clock,
    *,
    provider: Provider,
    deliver: Deliver,
    understanding: Understanding | None = None,
    config: Mapping[str, object] | None = None,
) -> Offline:
    """The offline calls of one edge; several may have the same store."""
    return build_offline(
        msgspec.convert({"public_url": PUBLIC, **(config or {})}, EdgeConfig),
        store,
        clock,
        directories=Directories(store, clock),
        receptionists=Receptionists(store, clock),
        understanding=understanding or Understanding(),
        provider=provider,
        deliver=deliver,
    )


def application(offline: Offline, store: Store, clock: Clock, token: str) -> web.Application:
    """Its webhooks, with two of what the calls of an office that is there need."""
    webhooks = Webhooks(
        store, Offices(store, clock), clock, signature=TwilioSignature(token), public_url=PUBLIC
    )

    async def status(hook: Hook) -> str:
        await offline.calls.ended(hook.form["CallSid"])
        return ""

    voice = [Webhook("/twilio/voice", offline.calls.begin), Webhook("/twilio/voice/status", status)]
    made = web.Application()
    made.add_routes(webhooks.routes([*voice, *offline.calls.webhooks]))
    return made


@asynccontextmanager
async def beside(one: Scene) -> AsyncIterator[str]:
    """Where another edge with the same store listens."""
    offline = edge_on(one.store, one.clock, provider=one.client, deliver=one.inbox)
    async with TestServer(application(offline, one.store, one.clock, one.twilio.auth_token)) as server:
        yield str(server.make_url(""))


@asynccontextmanager
async def scene(
    store: Store,
    clock: Clock,
    *,
    directory: OfficeDirectory | None = p.OFFICE,
    understanding: Understanding | None = None,
    config: Mapping[str, object] | None = None,
) -> AsyncIterator[Scene]:
    async with FakeTwilio() as twilio:
        offices = Offices(store, clock)
        office, _ = await offices.add("Example Ltd")
        await offices.add("another office")  # so that numbers must lead to the right one
        for number in (p.MAIN, p.DIRECT, p.LINE):
            await offices.put_number(Number(number, office.id))
            twilio.add_number(
                number, voice_url=f"{PUBLIC}/twilio/voice", status_callback=f"{PUBLIC}/twilio/voice/status"
            )
        client = TwilioClient(twilio.account_sid, twilio.auth_token, twilio.url)
        inbox = Inbox()
        offline = edge_on(
            store, clock, provider=client, deliver=inbox, understanding=understanding, config=config
        )
        made = Scene(
            twilio=twilio,
            store=store,
            clock=clock,
            office=office,
            client=client,
            inbox=inbox,
            directories=Directories(store, clock),
            receptionists=Receptionists(store, clock),
            offline=offline,
        )
        await made.set(directory, p.SETTINGS)
        async with TestServer(application(offline, store, clock, twilio.auth_token)) as server:
            twilio.reach(PUBLIC, str(server.make_url("")))
            try:
                yield made
            finally:
                for call in list(twilio.calls.values()):
                    await call.hang_up()
                await client.close()
                await offline.area.close()
