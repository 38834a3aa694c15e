"""The real application on a real SQLite file, behind a real socket on loopback; time is handed in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from pbx.api.app import build
from pbx.api.deps import ApiDeps
from pbx.api.ports.health import CheckResult
from pbx.api.views import RegistrationView
from pbx.core.config import NodeConfig
from pbx.core.errors import UserError
from pbx.core.events import EventBus
from pbx.core.ids import new_id
from pbx.core.metrics import Registry
from pbx.core.password import PasswordHash
from pbx.core.secret import SecretBox
from pbx.feature.browser_login import ANY, BrowserLogins
from pbx.feature.documents import Documents
from pbx.feature.door import Door, DoorPorts
from pbx.feature.prompts import Prompts
from pbx.feature.push_phones import PushPhones
from pbx.feature.sip_trace import SipTraces
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.files import Files
from pbx.feature.voicemail.shelf import Shelf
from pbx.flow.importing import FlowImport
from pbx.flow.publishing import Publishing
from pbx.media.prompt_files import PromptFiles
from pbx.media.speech_synthesis import voices_of
from pbx.model.extension_state import ExtensionState
from pbx.model.live_call import LiveCall
from pbx.model.mailbox import Mailbox
from pbx.model.notice import Notice
from pbx.model.text_message import MessageWrite, TextMessage
from pbx.model.user import Role, Session
from pbx.store.accounts import Accounts
from pbx.store.call_figures import FigureStore
from pbx.store.cdrs import CdrStore
from pbx.store.credentials import live_credentials
from pbx.store.flows import FlowStore
from pbx.store.messages import MessageStore
from pbx.store.push_phones import PushPhoneStore
from pbx.store.records import RecordStore
from pbx.store.settings import SettingStore
from pbx.store.sweep import Sweep
from pbx.store.voicemail import VoicemailStore
from pbx.store.webhook_deliveries import DeliveryStore
from pbx.transport.trace import Trace
from tests.fresh import fresh

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}
"""Makes a request of the test look as if it came through a proxy, from another machine."""


class Time:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self._s = 1000.0

    def monotonic(self) -> float:
        return self._s

    def now(self) -> datetime:
        return START + timedelta(seconds=self._s - 1000.0)

    def pass_s(self, seconds: float) -> None:
        self._s += seconds


@dataclass
class Node:
    """A node's API with what a test turns on it."""

    deps: ApiDeps
    time: Time
    server: TestServer
    calls: list[LiveCall]
    registrations: list[RegistrationView]
    states: list[ExtensionState]
    checks: list[CheckResult]
    token: str = ""
    sessions: list[ClientSession] = field(default_factory=list)

    @property
    def base(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    def browser(self) -> ClientSession:
        """A client with a cookie jar of its own and no credential."""
        session = ClientSession(self.base, cookie_jar=CookieJar(unsafe=True))
        self.sessions.append(session)
        return session

    @asynccontextmanager
    async def ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> AsyncIterator[ClientResponse]:
        """One request with the node's bearer token."""
        credential = {"Authorization": f"Bearer {self.token}"}
        async with self.browser().request(
            method, path, headers=credential | (headers or {}), **options
        ) as answer:
            yield answer

    async def json(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """The JSON body of an answer, after its status has been checked."""
        async with self.ask(method, path, **options) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return msgspec.json.decode(text) if text else None

    async def sweep(self) -> None:
        """What is kept for a time only, and is old, goes."""
        await Sweep(self.deps.settings, self.deps.accounts, self.deps.cdrs, self.deps.clock).once()

    async def bearer(self, *scopes: str) -> dict[str, str]:
        """The header of a program that may do only this."""
        made = await self.deps.tokens.create("program", scopes=scopes)
        return {"Authorization": f"Bearer {made.secret}"}

    async def admin(
        self, username: str = "admin", *, role: Role = "owner", extension: str | None = None
    ) -> tuple[ClientSession, Session]:
        """A signed-in browser and its session."""
        user = await self.deps.users.create(username, PASSWORD, role=role, extension=extension)
        secret, session = await self.deps.users.open_session(user)
        browser = self.browser()
        browser.cookie_jar.update_cookies({"pbx_session": secret}, response_url=self.server.make_url("/"))
        return browser, session


async def _unsent(write: MessageWrite) -> TextMessage:
    raise UserError(f"there is no extension {write.to_extension}", http_status=404)


StartNode = Callable[..., Awaitable[Node]]


@pytest.fixture
async def start_node(tmp_path: Path) -> AsyncIterator[StartNode]:
    """Starts nodes; keyword arguments replace fields of their `ApiDeps`."""
    undo: list[Callable[[], Awaitable[None]]] = []

    async def start(**changes: Any) -> Node:
        time, bus, metrics = Time(), EventBus(), Registry()
        database = await fresh(tmp_path / f"node{len(undo)}.sqlite3", clock=time, poll_s=0)
        undo.append(database.close)
        calls: list[LiveCall] = []
        registrations: list[RegistrationView] = []
        states: list[ExtensionState] = []
        checks: list[CheckResult] = []
        records = RecordStore(database, SecretBox(bytes(32)), bus)
        flows = FlowStore(database, bus)
        publishing = Publishing(records, flows, time)
        voices = voices_of(language="en", voice="", piper_voice=None, piper_program="piper")
        deps = ApiDeps(
            config=NodeConfig(data_dir=tmp_path),
            clock=time,
            bus=bus,
            metrics=metrics,
            records=records,
            prompts=Prompts(records, PromptFiles(tmp_path / "prompts"), voices, time, language="en"),
            cdrs=CdrStore(database),
            accounts=Accounts.of(database, SecretBox(bytes(32)), PasswordHash(memory_kib=64, passes=1)),
            figures=FigureStore(database),
            deliveries=DeliveryStore(database),
            live_calls=lambda: calls,
            registrations=lambda: registrations,
            trunks=tuple,
            settings=SettingStore(database, bus),
            messages=MessageStore(database),
            voicemail=Shelf(
                VoicemailStore(database),
                Files(tmp_path / "voicemail"),
                Boxes(lambda: [Mailbox(number="102", name="Bob")], tuple),
                bus=bus,
                clock=time,
                new_id=new_id,
            ),
            push=PushPhones(PushPhoneStore(database, SecretBox(bytes(32))), time),
            flows=publishing,
            documents=Documents(records, FlowImport(records, publishing, flows)),
            send_message=_unsent,
            extension_states=lambda: states,
            post_notice=lambda kind, title, text: Notice(
                id="n1", at=START, kind=kind, title=title, text=text
            ),
            pages=BrowserLogins(bytes(32), time, partial(live_credentials, database, ANY)),
            door=Door(DoorPorts(bus=bus, clock=time, exists=lambda number: number == "101")),
            sip_traces=SipTraces(Trace(1_000_000), time, lambda _: ("192.0.2.10", 5060)),
            started_at=START,
            address=lambda: "192.0.2.10",
            version="1.2.3",
            health_checks=(lambda: checks[0] if checks else CheckResult("database", ok=True),),
        )
        deps = replace(deps, **changes)
        server = TestServer(build(deps), host="127.0.0.1")
        await server.start_server()
        node = Node(deps, time, server, calls, registrations, states, checks)
        node.token = (await deps.tokens.create("test")).secret

        async def stop() -> None:
            for session in node.sessions:
                await session.close()
            await server.close()

        undo.append(stop)
        return node

    yield start
    for step in reversed(undo):
        await step()


@pytest.fixture
async def node(start_node: StartNode) -> Node:
    return await start_node()


def live_call(id_: str, state: str = "ringing") -> LiveCall:
    return LiveCall(
        id=id_,
        from_number="101",
        from_name="Alice",
        dialled="102",
        to_name="Bob",
        state=state,
        started_at=START,
        answered_at=None,
        legs=(),
    )


def registration(extension: str, user_agent: str = "test phone") -> RegistrationView:
    return RegistrationView(
        id=f"r{extension}",
        extension=extension,
        contact=f"sip:{extension}@192.0.2.20:5062",
        transport="UDP",
        source="192.0.2.20:5062",
        user_agent=user_agent,
        registered_at=START,
        expires_at=START + timedelta(hours=1),
    )


async def soon(true: Callable[[], bool], within_s: float = 3.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.005)
