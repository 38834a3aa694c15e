"""A node with mailboxes, and phones that talk with them, on the network in memory. The database is SQLite in memory."""

from __future__ import annotations

import asyncio
import sqlite3
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from pbx.app.voicemail import VoicemailParts, build_voicemail
from pbx.call.incoming import CallPorts
from pbx.call.switch import Switch
from pbx.call.talk import Sound
from pbx.core.errors import UserError
from pbx.core.events import EventBus
from pbx.core.metrics import Registry
from pbx.core.tasks import Supervisor
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory, Entry
from pbx.feature.extension import ExtensionCalls
from pbx.feature.features import Features
from pbx.feature.gatekeeper import Gatekeeper
from pbx.feature.registrar import Registrar
from pbx.model.extension import Extension
from pbx.model.kind import Kind
from pbx.model.kinds import MAILBOX
from pbx.model.leg_event import Answered, Ended, Refused
from pbx.model.mailbox import Mailbox
from pbx.model.party import DialTarget, Party
from pbx.model.stream import RecordingEnded, RecordingReason
from pbx.notify.errors import SendError
from pbx.store.errors import DiskFullError
from pbx.store.migrate import statements, steps
from pbx.store.records import Stored
from pbx.store.voicemail import VoicemailStore
from pbx.transport.sip_leg import SipLeg
from tests.call.parts import FakeLog, FakeMedia
from tests.fakes.clock import LoopClock
from tests.fakes.wire import CALM, Network, Weather
from tests.stories.office import LONGEST_S, OFFER, Phone, target
from tests.stories.test_through_the_node import ByName

T = TypeVar("T")

NUMBERS = ("101", "102", "103")
PIN = "4711"


class MemoryDatabase:
    """What `Database` does, at once. `full` is a disk on which nothing more can be written."""

    def __init__(self) -> None:
        self.full = False
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        for _, sql in steps():
            for statement in statements(sql):
                self._connection.execute(statement)

    async def write(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        if self.full:
            raise DiskFullError("the disk is full")
        return work(self._connection)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return work(self._connection)


class State:
    """A state store in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}

    async def get(self, key: str, kind: type[T]) -> T | None:
        return msgspec.json.decode(self.rows[key], type=kind) if key in self.rows else None

    async def put(self, key: str, value: object) -> None:
        self.rows[key] = msgspec.json.encode(value)


class Records:
    """Boxes and their PINs, without a disk; extension 102 has the box 102, which has a PIN."""

    def __init__(self) -> None:
        self.boxes = {"102": Mailbox(number="102", name="Bob"), "900": Mailbox(number="900", name="Office")}
        self.pins: dict[str, str] = {"102": PIN}
        self.owners: dict[str, str | None] = {"101": None, "102": "102", "103": None}
        self.listeners: list[Callable[[], None]] = []

    def extension(self, number: str) -> Extension:
        return Extension(number=number, name=f"Phone {number}", mailbox=self.owners[number])

    def change(self, number: str, **fields: Any) -> None:
        self.boxes[number] = msgspec.structs.replace(self.boxes[number], **fields)
        for each in self.listeners:
            each()

    # -- Office

    def all(self, kind: Kind) -> tuple[Any, ...]:
        if kind is MAILBOX:
            return tuple(self.boxes.values())
        return tuple(map(self.extension, NUMBERS)) if kind.name == "extension" else ()

    def on_change(self, listener: Callable[[], None]) -> None:
        self.listeners.append(listener)

    # -- RecordStore

    async def secret(self, kind: Kind, key: str) -> str | None:
        return self.pins.get(key)

    async def get(self, kind: Kind, key: str) -> Stored | None:
        return Stored(self.boxes[key], 1) if key in self.boxes else None

    async def replace(self, kind: Kind, key: str, write: Any, *, if_revision: int) -> Stored:
        if key not in self.boxes:
            raise UserError("gone", http_status=404)
        self.boxes[key] = kind.without_secret(write)  # type: ignore[assignment]
        if write.pin is not None:
            self.pins[key] = write.pin
        return Stored(self.boxes[key], 2)


class Spoken:
    """Sounds that are not heard: `said` is what a caller would have heard, in order. Each takes two seconds."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def phrase(self, name: str, /, *, language: str = "", **values: str | int | datetime) -> Sound:
        words = [
            name.removeprefix("voicemail_"),
            *(str(each) for key, each in values.items() if key != "time"),
        ]
        return self._sound(" ".join(words))

    async def file(self, path: Path) -> Sound:
        return self._sound(path.name if path.name.startswith("greeting") else "a recording")

    async def text(self, text: str, *, language: str = "") -> Sound:
        return self._sound(text)

    async def prompt(self, id: str) -> Sound:
        return self._sound(f"prompt {id}")

    def _sound(self, words: str) -> Sound:
        self.said.append(words)
        return Sound(words, 2.0)


class Take:
    """One recording: a WAV file of silence that grows with the loop's time."""

    def __init__(self, path: Path, max_s: int) -> None:
        loop = asyncio.get_running_loop()
        self.path = path
        self.ended: asyncio.Future[RecordingEnded] = loop.create_future()
        self._began = loop.time()
        self._longest = loop.call_later(max_s, self.end, "max_length")
        self.write()

    def write(self) -> float:
        """What a crash would leave at this moment."""
        seconds = asyncio.get_running_loop().time() - self._began
        with wave.open(str(self.path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes(2 * int(8000 * seconds)))
        return seconds

    def end(self, reason: RecordingReason) -> None:
        if not self.ended.done():
            self._longest.cancel()
            self.ended.set_result(RecordingEnded(reason, round(self.write() * 1000), self.path))

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    async def stop(self) -> RecordingEnded:
        self.end("stopped")
        return self.ended.result()


class Recorder:
    """`disk_full_after_s` ends recordings like that."""

    def __init__(self) -> None:
        self.takes: list[Take] = []
        self.disk_full_after_s: float | None = None

    def record(self, a: Any, path: Path, *, max_s: int = 3600, **_: object) -> Take:
        take = Take(path, max_s)
        self.takes.append(take)
        if self.disk_full_after_s is not None:
            asyncio.get_running_loop().call_later(self.disk_full_after_s, take.end, "disk_full")
        return take


class PostOffice:
    """A mailer that refuses `refuses` mails, then takes all."""

    sender = "node@office.example"

    def __init__(self) -> None:
        self.refuses = 0
        self.mails: list[EmailMessage] = []

    async def send(self, message: EmailMessage) -> None:
        if self.refuses:
            self.refuses -= 1
            raise SendError("The mail server says: 451 later")
        self.mails.append(message)


class VoicemailNode:
    """A node at 10.0.0.9; 103 has a phone at 10.0.0.3, 101 and 102 none that could be rung."""

    def __init__(
        self, network: Network, supervisor: Supervisor, folder: Path, database: MemoryDatabase
    ) -> None:
        self.phone = Phone(network, "10.0.0.9", seed=99)
        self.media, self.log = FakeMedia(), FakeLog()
        self.records, self.sounds, self.recorder = Records(), Spoken(), Recorder()
        self.database, self.state, self.post = database, State(), PostOffice()
        self.folder = folder
        self.lamps: dict[str, str] = {}
        clock = LoopClock()
        serial = count(1)
        directory = Directory(self._directory)
        registrar: Registrar = self  # type: ignore[assignment]  # only `targets` is asked
        extensions = ExtensionCalls(registrar, is_ours=lambda host: host == "10.0.0.9")
        features = Features()
        dialplan = Dialplan(features=features, directory=directory, extensions=extensions)
        self.directory, self.features = directory, features
        office: Any = self.records
        mailer: Any = self.post
        ground: Any = SimpleNamespace(
            config=SimpleNamespace(data_dir=folder),
            stores=SimpleNamespace(
                records=self.records,
                state=self.state,
                voicemail=VoicemailStore(database),  # type: ignore[arg-type]
            ),
            bus=EventBus(),
            clock=clock,
            metrics=Registry(),
            supervisor=supervisor,
        )
        self.parts: VoicemailParts = build_voicemail(ground, office, sounds=self.sounds, mailer=mailer)
        self.parts.attach(
            features,
            dialplan=dialplan,
            directory=directory,
            extensions=extensions,
            light=self._lamp,
            ways=lambda number: (number,),
        )
        ports = CallPorts(
            media=self.media,
            signaling=self.phone.agent,
            log=self.log,
            clock=clock,
            rtp_timeout_s=60,
            new_session_id=lambda: next(serial),
            local_host=lambda remote: "10.0.0.9",
            hold_tone=lambda: "hold",
            ringback=lambda: "ringback",
            recorder=self.recorder,
        )
        self.switch = Switch(ports, dialplan, supervisor=supervisor, new_id=lambda: f"call-{next(serial):03}")
        door = Gatekeeper(
            identify=ByName(),  # type: ignore[arg-type]  # stands in for digest
            registrar=registrar,
            switch=self.switch,
            new_tag=lambda: f"n{next(serial)}",
        )
        self.phone.agent.on_invite = door.invite

    def targets(self, number: str) -> list[DialTarget]:
        return [replace(target("10.0.0.3"), label="103", extension="103")] if number == "103" else []

    async def _directory(self) -> dict[str, Entry]:
        return {number: Entry(self.records.extension(number), "") for number in NUMBERS}

    def _lamp(self, extension: str) -> None:
        waiting = self.parts.boxes.waiting(extension)
        self.lamps[extension] = "" if waiting is None else f"{waiting.new}/{waiting.old}"

    def assert_clean(self) -> None:
        self.phone.assert_clean()
        assert len(self.switch) == 0
        assert self.media.open_streams == []
        assert not list(self.folder.glob("voicemail/*/draft-*")), "what was nobody's message is left"
        assert not list(self.folder.glob("voicemail/*/.*")), "half a file is left"


class Caller:
    """A phone in a call with the node."""

    def __init__(self, leg: SipLeg) -> None:
        self.leg = leg

    async def press(self, keys: str, *, after_s: float = 0.5) -> None:
        """One key after the other, in INFO requests; each is repeated until it has arrived."""
        for key in keys:
            await asyncio.sleep(after_s)
            self.leg.send_digit(key, 100)

    async def hang_up(self) -> None:
        await self.leg.end()
        await self.ended()

    async def ended(self) -> None:
        """Until the call is over, whoever has ended it."""
        while not isinstance(await self.leg.receive(), Ended):
            pass
        await asyncio.sleep(1)


class World:
    """The node, and a phone of each extension at its network."""

    def __init__(
        self, supervisor: Supervisor, folder: Path, *, seed: int = 0, weather: Weather = CALM, **more: Any
    ) -> None:
        loop = asyncio.get_running_loop()
        self.network = Network(loop.call_later, loop.time, seed=seed, weather=weather)
        self.node = VoicemailNode(self.network, supervisor, folder, more.get("database") or MemoryDatabase())
        self.phones = {
            number: Phone(self.network, f"10.0.0.{number[-1]}", seed=seed * 8 + n)
            for n, number in enumerate(NUMBERS)
        }

    @property
    def said(self) -> list[str]:
        """What was said since this was last asked."""
        said, self.node.sounds.said[:] = list(self.node.sounds.said), []
        return said

    async def dial(self, number: str, dialled: str) -> tuple[Caller, int]:
        """Dial, and the final status; an answered call goes on."""
        where = replace(target("10.0.0.9"), uri=f"sip:{dialled}@10.0.0.9")
        leg = self.phones[number].agent.dial(
            where, offer=OFFER, caller=Party(number, f"Phone {number}"), call="c"
        )
        while True:
            event = await leg.receive()
            if isinstance(event, Answered):
                return Caller(leg), 200
            if isinstance(event, Refused | Ended):
                return Caller(leg), event.status

    async def call(self, number: str, dialled: str) -> Caller:
        caller, status = await self.dial(number, dialled)
        assert status == 200, status
        return caller

    async def leave(self, *, seconds: float = 5.0, to: str = "102") -> None:
        """101 leaves a message of about so many seconds."""
        caller = await self.call("101", to)
        takes = len(self.node.recorder.takes)
        while len(self.node.recorder.takes) == takes:
            await asyncio.sleep(0.1)
        await asyncio.sleep(seconds)
        await caller.hang_up()

    async def messages(self, folder: Any = None, *, box: str = "102") -> list[Any]:
        found, _ = await self.node.parts.shelf.page(box, folder)
        return list(found)


@asynccontextmanager
async def world(**options: Any) -> AsyncIterator[World]:
    """In the end everything has come to rest, and nothing is left."""
    with TemporaryDirectory() as folder:
        async with Supervisor() as supervisor:
            made = World(supervisor, options.pop("folder", None) or Path(folder), **options)
            await made.node.directory.reload()
            await made.node.parts.prepare()
            yield made
            await asyncio.sleep(4 * LONGEST_S)
            for phone in made.phones.values():
                phone.assert_clean()
            made.node.assert_clean()
            assert supervisor.failures == 0
