"""A stage for the admin site: the real application on a real SQLite file, with calls and phones played by the test.

Calls are played as `CallEvent`s and folded by the node's own folds, so the site sees exactly what a node would send.
What no test phone does on command (one-way audio, a restart in the middle of a call) is played here.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from aiohttp import web
from pbx.model.audio_event import AudioBack, AudioSilent, AudioStarted, LegQuality

from pbx.api.app import build
from pbx.api.deps import ApiDeps
from pbx.api.ports.health import CheckResult
from pbx.api.views import RegistrationView
from pbx.call.cdr import fold
from pbx.call.live import LiveFold
from pbx.core.clock import SystemClock
from pbx.core.config import NodeConfig
from pbx.core.errors import UserError
from pbx.core.events import EventBus
from pbx.core.metrics import Registry
from pbx.core.password import PasswordHash
from pbx.core.secret import SecretBox
from pbx.feature.browser_login import ANY, BrowserLogins
from pbx.feature.documents import Documents
from pbx.feature.door import Door, DoorPorts
from pbx.flow.importing import FlowImport
from pbx.flow.publishing import Publishing
from pbx.model import call_event as happened
from pbx.model.call_event import CallEvent
from pbx.model.extension import ExtensionWrite
from pbx.model.kinds import EXTENSION
from pbx.model.text_message import MessageWrite, TextMessage
from pbx.store.accounts import Accounts
from pbx.store.call_figures import FigureStore
from pbx.store.cdrs import CdrStore
from pbx.store.credentials import live_credentials
from pbx.store.database import Database
from pbx.store.flows import FlowStore
from pbx.store.messages import MessageStore
from pbx.store.records import RecordStore
from pbx.store.settings import SettingStore
from pbx.store.webhook_deliveries import DeliveryStore
from tests.fresh import fresh
from tests.site.script import BUILT


@dataclass
class StagedCall:
    """One call being played. `at` moves its clock; each method is one thing that happens."""

    stage: Stage
    id: str
    at: datetime
    events: list[CallEvent] = field(default_factory=list)
    live: LiveFold | None = None

    async def play(self, event: CallEvent) -> None:
        self.events.append(event)
        if isinstance(event, happened.CallOffered):
            self.live = LiveFold(offered=event)
            self.stage.calls[self.id] = self.live
        assert self.live is not None
        self.live.take(event)
        cdr = fold(self.events)
        if isinstance(event, happened.CallOffered | happened.LegAnswered | happened.CallEnded):
            await self.stage.deps.cdrs.put(cdr)
        if isinstance(event, happened.CallEnded):
            self.stage.calls.pop(self.id, None)
        self.stage.deps.bus.publish("call", event)

    def later(self, seconds: float) -> StagedCall:
        self.at += timedelta(seconds=seconds)
        return self

    async def offer(
        self, caller: tuple[str, str], dialled: str, callee: str = "", kind: str = "extension"
    ) -> None:
        number, name = caller
        await self.play(
            happened.CallOffered(
                call=self.id,
                at=self.at,
                from_number=number,
                from_name=name,
                from_extension=number,
                dialled=dialled,
                source="192.0.2.31:5062",
            )
        )
        await self.play(happened.CallRouted(call=self.id, at=self.at, kind=kind, to=dialled, to_name=callee))

    async def ring(self, target: str, leg: str = "b1") -> None:
        await self.play(happened.LegDialled(call=self.id, at=self.at, leg=leg, target=target))
        self.later(0.2)
        await self.play(happened.LegRinging(call=self.id, at=self.at, leg=leg, status=180))

    async def answer(self, leg: str = "b1", *, audio: bool = True) -> None:
        if leg != "a":
            await self.play(happened.LegAnswered(call=self.id, at=self.at, leg=leg))
        await self.play(happened.LegAnswered(call=self.id, at=self.at, leg="a"))
        if audio:
            self.later(0.1)
            for each in dict.fromkeys(("a", leg)):
                await self.play(AudioStarted(call=self.id, at=self.at, leg=each))

    async def silent(self, leg: str, silent_ms: int = 5000) -> None:
        await self.play(AudioSilent(call=self.id, at=self.at, leg=leg, silent_ms=silent_ms))

    async def heard_again(self, leg: str) -> None:
        await self.play(AudioBack(call=self.id, at=self.at, leg=leg))

    async def hold(self, leg: str) -> None:
        await self.play(happened.LegHeld(call=self.id, at=self.at, leg=leg))

    async def resume(self, leg: str) -> None:
        await self.play(happened.LegResumed(call=self.id, at=self.at, leg=leg))

    async def end(
        self, cause: str = "normal", *, by: str = "a", status: int = 0, quality: bool = False
    ) -> None:
        if quality:
            for leg, lost, jitter in (("a", 0, 1.3), ("b1", 41, 6.8)):
                await self.play(
                    LegQuality(
                        call=self.id,
                        at=self.at,
                        leg=leg,
                        packets_in=9420,
                        packets_out=9380,
                        lost=lost,
                        jitter_ms=jitter,
                    )
                )
        await self.play(happened.CallEnded(call=self.id, at=self.at, cause=cause, status=status, by=by))


@dataclass
class Stage:
    """A running application and what the test plays on it."""

    deps: ApiDeps
    calls: dict[str, LiveFold]
    registrations: dict[str, RegistrationView]
    checks: list[CheckResult]
    base_url: str = ""
    setup_url: str = ""
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def call(self, seconds_ago: float = 0.0) -> StagedCall:
        at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
        return StagedCall(self, f"{int(at.timestamp() * 1000):013d}-{next(self._ids):04d}", at)

    async def extension(self, number: str, name: str) -> None:
        await self.deps.records.apply(
            [(EXTENSION, ExtensionWrite(number=number, name=name, sip_password=f"correct-horse-{number}"))]
        )

    def register(
        self, number: str, user_agent: str, *, host: int, ago_s: float = 600, expires_s: float = 3000
    ) -> None:
        now = datetime.now(UTC)
        key = f"{number}@{host}"
        self.registrations[key] = RegistrationView(
            id=key,
            extension=number,
            contact=f"sip:{number}@192.0.2.{host}:5062",
            transport="UDP",
            source=f"192.0.2.{host}:5062",
            user_agent=user_agent,
            registered_at=now - timedelta(seconds=ago_s),
            expires_at=now + timedelta(seconds=expires_s),
        )


async def _unsent(write: MessageWrite) -> TextMessage:
    raise UserError(f"there is no extension {write.to_extension}", http_status=404)


@asynccontextmanager
async def staged(
    folder: Path,
    *,
    port: int = 0,
    site: Path = BUILT,
    furnish: Callable[[ApiDeps, Database], Awaitable[ApiDeps]] | None = None,
) -> AsyncIterator[Stage]:
    """An application on 127.0.0.1 with the built site, an empty office and a set-up link; `furnish` adds to it."""
    clock, bus = SystemClock(), EventBus()
    database = await fresh(folder / "stage.sqlite3", clock=clock)
    calls: dict[str, LiveFold] = {}
    registrations: dict[str, RegistrationView] = {}
    checks: list[CheckResult] = []
    box = SecretBox(bytes(32))
    accounts = Accounts.of(database, box, PasswordHash(memory_kib=64, passes=1))
    records = RecordStore(database, box, bus)
    flows = FlowStore(database, bus)
    publishing = Publishing(records, flows, clock)
    deps = ApiDeps(
        config=NodeConfig(data_dir=folder),
        clock=clock,
        bus=bus,
        metrics=Registry(),
        records=records,
        flows=publishing,
        documents=Documents(records, FlowImport(records, publishing, flows)),
        cdrs=CdrStore(database),
        accounts=accounts,
        figures=FigureStore(database),
        deliveries=DeliveryStore(database),
        live_calls=lambda: [call.view() for call in calls.values()],
        registrations=lambda: list(registrations.values()),
        trunks=tuple,
        settings=SettingStore(database, bus),
        messages=MessageStore(database),
        send_message=_unsent,
        extension_states=tuple,
        pages=BrowserLogins(bytes(32), clock, partial(live_credentials, database, ANY)),
        door=Door(DoorPorts(bus=bus, clock=clock, exists=lambda _: False)),
        started_at=clock.now() - timedelta(days=3, hours=4),
        address=lambda: "192.0.2.10",
        version="0.1.0",
        site_dir=site,
        health_checks=(lambda: checks[0] if checks else CheckResult("database", ok=True),),
    )
    if furnish is not None:
        deps = await furnish(deps, database)
    stage = Stage(deps, calls, registrations, checks)
    runner = web.AppRunner(build(deps), shutdown_timeout=1)
    await runner.setup()
    try:
        site_on = web.TCPSite(runner, "127.0.0.1", port)
        await site_on.start()
        host, bound = runner.addresses[0][:2]
        stage.base_url = f"http://{host}:{bound}"
        stage.setup_url = f"{stage.base_url}/setup#token={await accounts.users.new_setup_link()}"
        yield stage
    finally:
        await runner.cleanup()
        await database.close()
