"""An edge's hub and an office's tunnel, with sides that write down what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from edge.background import Background
from edge.clock import SystemClock as EdgeClock
from edge.model.base import Record
from edge.offices import Offices
from edge.store import Store, open_store
from edge.tunnel import frames as edge_frames
from edge.tunnel.deliveries import Deliveries
from edge.tunnel.hub import Hub, Welcoming
from edge.tunnel.link import LocalLink
from pbx.core.clock import SystemClock
from pbx.core.tasks import Supervisor
from pbx.transport.tunnel.calls import EdgeCall
from pbx.transport.tunnel.link import Link, NoEntry
from pbx.transport.tunnel.tunnel import Tunnel
from pbx.transport.tunnel.user import Delivery, NeverTaken

OFFICE = "local"


@dataclass
class Said:
    """An answer of the edge."""

    status: int
    body: bytes = b""
    type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class Document(Record, frozen=True, kw_only=True):
    """Something that is told or delivered."""

    id: str
    text: str = ""


class Side:
    """Either side of a call: everything that it was told, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.sounds: list[tuple[bytes, int]] = []
        self._changed = asyncio.Event()

    def sound(self, payload: bytes, number: int) -> None:
        self.sounds.append((payload, number))
        self._changed.set()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def tell(*values: Any) -> None:
            self.told.append((name, *values))
            self._changed.set()

        return tell

    async def until(self, *wanted: Any) -> None:
        async with asyncio.timeout(5):
            while wanted not in self.told:
                self._changed.clear()
                await self._changed.wait()


class OfficeUser:
    """The office's side of a tunnel."""

    def __init__(self) -> None:
        self.offers: asyncio.Queue[tuple[EdgeCall, Side, dict[str, str]]] = asyncio.Queue()
        self.document: bytes | None = b'{"office_name":"Test"}'
        self.taken: list[Delivery] = []
        self.events: list[tuple[str, str, bytes]] = []
        self.never: set[str] = set()
        self.expected: list[tuple[str, str, str]] = []
        self.up = asyncio.Event()
        self.down = asyncio.Event()

    def offered(self, call: EdgeCall, *, from_: str, to: str, name: str) -> Side:
        side = Side()
        self.offers.put_nowait((call, side, {"from": from_, "to": to, "name": name}))
        return side

    def expect(self, token: str, *, from_: str, to: str, name: str) -> None:
        self.expected.append((token, from_, to))

    async def directory(self) -> bytes | None:
        return self.document

    async def take(self, delivery: Delivery) -> None:
        if delivery.kind in self.never:
            raise NeverTaken(f"nobody here takes a {delivery.kind}")
        self.taken.append(delivery)

    def event(self, topic: str, id: str, document: bytes) -> None:
        self.events.append((topic, id, document))

    def changed(self, tunnel: Tunnel) -> None:
        (self.up if tunnel.is_up else self.down).set()
        (self.down if tunnel.is_up else self.up).clear()


@dataclass
class Ends:
    """Both ends, joined by links that a test can break."""

    hub: Hub
    store: Store
    tunnel: Tunnel
    user: OfficeUser
    background: Background
    supervisor: Supervisor
    office_links: list[LocalLink] = field(default_factory=list)
    asked: list[tuple[str, edge_frames.HttpRequest, bytes]] = field(default_factory=list)
    directories: list[bytes] = field(default_factory=list)
    may_connect: bool = True
    answer: Said = field(default_factory=lambda: Said(200, b"{}"))

    async def connect(self) -> Link:
        if not self.may_connect:
            raise NoEntry(0, "the cable is cut")
        ours, theirs = LocalLink.pair()
        self.office_links.append(ours)
        self.background.spawn("tunnel", self.hub.serve(OFFICE, theirs))
        return ours

    async def cut(self) -> None:
        """The connection breaks, and no other is made before `mend`."""
        self.may_connect = False
        await self.office_links[-1].close()
        await asyncio.wait_for(self.user.down.wait(), 5)

    async def mend(self) -> None:
        self.may_connect = True
        await asyncio.wait_for(self.user.up.wait(), 5)

    async def call(self, name: str = "c1") -> tuple[Any, Side, EdgeCall, Side]:
        """A call from outside that the office was told of: both its ends and both sides."""
        outside = Side()
        call = self.hub.offer(
            OFFICE, name, outside, from_="+13125550100", to="+13125550199", name="Ann", at=1
        )
        assert call is not None
        office_call, inside, said = await asyncio.wait_for(self.user.offers.get(), 5)
        assert said == {"from": "+13125550100", "to": "+13125550199", "name": "Ann"}
        return call, outside, office_call, inside


@asynccontextmanager
async def both_ends(folder: Path, *, resume_s: float = 5.0) -> AsyncIterator[Ends]:
    store = await open_store(folder / "edge.sqlite")
    clock, background = EdgeClock(), Background()
    offices = Offices(store, clock)
    await offices.ensure_local("Test")
    made: list[Ends] = []

    async def asks(office: str, request: edge_frames.HttpRequest, body: bytes) -> Said:
        made[0].asked.append((office, request, body))
        return made[0].answer

    async def directory(office: str, document: bytes) -> None:
        assert office == OFFICE
        made[0].directories.append(document)

    hub = Hub(
        offices,
        Deliveries(store, clock),
        background,
        clock,
        welcoming=Welcoming("edge-1", "https://edge.example.com"),
        asks=asks,
        resume_s=resume_s,
    )
    hub.on_directory = directory
    user = OfficeUser()
    async with Supervisor() as supervisor:

        async def connect() -> Link:
            return await made[0].connect()

        tunnel = Tunnel(
            "test",
            connect,
            user,
            supervisor=supervisor,
            clock=SystemClock(),
            random=lambda: 0.0,
            resume_s=resume_s,
        )
        ends = Ends(hub, store, tunnel, user, background, supervisor)
        made.append(ends)
        supervisor.spawn("tunnel", tunnel.run())
        await asyncio.wait_for(user.up.wait(), 5)
        try:
            yield ends
        finally:
            await background.close()
    await store.close()
    assert background.failures == 0
    assert supervisor.failures == 0


def decoded(document: bytes) -> Any:
    return msgspec.json.decode(document)
