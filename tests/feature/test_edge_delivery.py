"""What edges deliver is taken once: messages into the mailboxes, calls into the history."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from edge.offline.collecting import OfflineVoicemail
from edge.offline.journal import CallStep, OfflineCall
from pbx.core.errors import UserError
from pbx.core.events import EventBus
from pbx.feature.edge_delivery import EdgeDelivery
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.files import Files
from pbx.feature.voicemail.shelf import NoRoomError, Shelf
from pbx.model.extension import Extension
from pbx.model.inbound_number import InboundNumber
from pbx.model.kinds import INBOUND_NUMBER
from pbx.model.mailbox import Mailbox
from pbx.store.cdrs import CdrFilter, CdrStore
from pbx.store.database import Database
from pbx.store.edge_deliveries import EdgeDeliveryStore
from pbx.store.voicemail import VoicemailStore
from tests.fakes.clock import FakeClock
from tests.fakes.twilio.audio import tone, wav
from tests.fresh import fresh

ID, OTHER = "0" * 25 + "A", "0" * 25 + "B"
SOUND = wav(tone(440, 2.0))
AT = 1_795_190_400_000


def voicemail(**fields: Any) -> bytes:
    given: dict[str, Any] = {
        "extension": "102", "from_number": "+12025550199", "to_number": "+12025550100", "received_at": AT,
        "duration_s": 2.0, "call_sid": "CA1", "call": OTHER, "transcript": None,
    }  # fmt: skip
    return msgspec.json.encode(OfflineVoicemail(**(given | fields)))


class Office:
    """Boxes, a shelf and the deliveries on a database."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.boxes = [
            Mailbox(number="102", name="Bob", emails=("bob@office.example",)),
            Mailbox(number="900", name="All"),
        ]
        self.extensions = [
            Extension(number="101", name="Alice"),
            Extension(number="102", name="Bob", mailbox="102"),
        ]
        self.numbers = [InboundNumber(number="+12025550100", name="Main", destination="*99900")]
        self.bus, self.clock = EventBus(), FakeClock()
        self.files = Files(folder)
        self.own = Boxes(lambda: self.boxes, lambda: self.extensions)
        self.lamps: list[str] = []
        self.own.changed = self.lamps.append
        self.voicemails, self.cdrs = VoicemailStore(database), CdrStore(database)
        self.shelf = Shelf(
            self.voicemails, self.files, self.own, bus=self.bus, clock=self.clock, new_id=lambda: "x" * 26,
            transcribes=lambda: True,
        )  # fmt: skip
        office: Any = SimpleNamespace(all=lambda kind: self.numbers if kind is INBOUND_NUMBER else [])
        self.delivery = EdgeDelivery(EdgeDeliveryStore(database), self.shelf, self.own, office, self.clock)

    async def messages(self) -> list[Any]:
        found, _ = await self.voicemails.page(None)
        return list(found)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await fresh(tmp_path / "pbx.sqlite3", poll_s=0) as opened:
        yield opened


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    made = Office(database, tmp_path / "voicemail")
    await made.shelf.load()
    return made


async def test_a_message_is_in_the_box_with_sound_lamp_mail_and_event(office: Office) -> None:
    with office.bus.subscribe("voicemail") as told:
        await office.delivery.take(ID, "voicemail", voicemail(), SOUND)
        events = [event.event async for event in _now(told)]
    (message,) = await office.messages()
    assert (message.id, message.mailbox, message.from_number) == (ID, "102", "+12025550199")
    assert message.received_at == datetime.fromtimestamp(AT / 1000, UTC)
    assert message.duration_s == pytest.approx(2.0, abs=0.05)
    assert (message.folder, message.complete, message.call) == ("new", True, OTHER)
    assert (message.transcript_state, message.mail_state) == ("waiting", "waiting")
    assert office.files.duration_s(message) == pytest.approx(2.0, abs=0.05)
    assert office.lamps == ["102"]
    assert any(getattr(event, "message", None) == ID for event in events)


async def _now(subscription: Any) -> AsyncIterator[Any]:
    subscription.close()
    async for each in subscription:
        yield each


async def test_what_comes_again_changes_nothing_also_after_it_was_deleted(office: Office) -> None:
    await asyncio.gather(*(office.delivery.take(ID, "voicemail", voicemail(), SOUND) for _ in range(5)))
    (message,) = await office.messages()
    await office.shelf.remove([message])
    await office.delivery.take(ID, "voicemail", voicemail(), SOUND)
    assert await office.messages() == []
    assert not office.files.path(message).exists()
    assert office.delivery.taken == {"voicemail": 1}


async def test_a_transcript_of_the_edge_stays(office: Office) -> None:
    await office.delivery.take(ID, "voicemail", voicemail(transcript="Call me."), SOUND)
    (message,) = await office.messages()
    assert (message.transcript, message.transcript_state) == ("Call me.", "done")


async def test_a_full_box_takes_what_was_spoken_already(office: Office) -> None:
    office.boxes[0] = msgspec.structs.replace(office.boxes[0], max_messages=1)
    await office.delivery.take(ID, "voicemail", voicemail(), SOUND)
    await office.delivery.take(OTHER, "voicemail", voicemail(), SOUND)
    assert len(await office.messages()) == 2


@pytest.mark.parametrize(
    ("extension", "to", "box"),
    [("102", "", "102"), ("900", "", "900"), ("", "+12025550100", "900"), ("101", "+12025550100", "900"),
     ("", "", "102"), ("gone", "+1", "102")],
)  # fmt: skip
async def test_whose_it_is(office: Office, extension: str, to: str, box: str) -> None:
    await office.delivery.take(ID, "voicemail", voicemail(extension=extension, to_number=to), SOUND)
    assert [each.mailbox for each in await office.messages()] == [box]


async def test_without_any_mailbox_it_stays_at_the_edge(office: Office) -> None:
    kept = list(office.boxes)
    office.boxes.clear()
    with pytest.raises(UserError, match="no mailbox"):
        await office.delivery.take(ID, "voicemail", voicemail(), SOUND)
    office.boxes += kept
    await office.delivery.take(ID, "voicemail", voicemail(), SOUND)
    assert len(await office.messages()) == 1


@pytest.mark.parametrize(
    ("kind", "document", "body"),
    [
        ("voicemail", b"{}", SOUND), ("voicemail", b"\xff", SOUND), ("voicemail", voicemail(), b"no sound"),
        ("voicemail", voicemail(), b""), ("call", b"[]", b""), ("parcel", b"{}", b""),
        ("voicemail", voicemail(received_at=1 << 60), SOUND),
    ],
)  # fmt: skip
async def test_what_can_never_be_taken_is_refused(
    office: Office, kind: str, document: bytes, body: bytes
) -> None:
    with pytest.raises(UserError):
        await office.delivery.take(ID, kind, document, body)
    assert await office.messages() == []


@pytest.mark.parametrize("id_", ["", "../../etc/passwd", "a/b" * 9, "x" * 100])
async def test_a_name_that_could_be_a_path_is_refused(office: Office, id_: str) -> None:
    with pytest.raises(UserError):
        await office.delivery.take(id_, "voicemail", voicemail(), SOUND)


async def test_a_full_disk_leaves_it_at_the_edge(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(box: str) -> None:
        raise OSError(28, "the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(office.files, "prepare", full)
        with pytest.raises(NoRoomError):
            await office.delivery.take(ID, "voicemail", voicemail(), SOUND)
    await office.delivery.take(ID, "voicemail", voicemail(), SOUND)
    assert len(await office.messages()) == 1


async def test_ids_are_forgotten_when_no_edge_can_bring_them_again(
    office: Office, database: Database
) -> None:
    store = EdgeDeliveryStore(database)
    await office.delivery.take(ID, "voicemail", voicemail(), SOUND)
    await store.forget(office.clock.now() - timedelta(days=1))
    assert await store.knows(ID)
    await store.forget(office.clock.now() + timedelta(days=1))
    assert not await store.knows(ID)


# -- calls -------------------------------------------------------------------------------------------------------------


def call(*steps: CallStep, ended_after_s: int = 90) -> bytes:
    return msgspec.json.encode(
        OfflineCall(
            call=OTHER, call_sid="CA1", from_number="+12025550199", from_name="ANN", to_number="+12025550100",
            began_at=AT, ended_at=AT + ended_after_s * 1000, steps=steps,
        )
    )  # fmt: skip


def step(after_s: int, kind: str, **fields: Any) -> CallStep:
    return CallStep(at=AT + after_s * 1000, kind=kind, **fields)


async def test_a_call_with_a_message_is_in_the_history_as_missed(office: Office) -> None:
    told = call(
        step(0, "menu"),
        step(5, "ringing", extension="102", name="Bob", number="+12025550172"),
        step(30, "not_reached", extension="102", name="Bob", detail="no-answer"),
        step(30, "recording", extension="102", name="Bob"),
        step(31, "message", extension="102", detail=ID),
    )
    for _ in range(2):
        await office.delivery.take(OTHER, "call", told, b"")
    found, total = await office.cdrs.list(filters=CdrFilter(direction="inbound", missed=True))
    assert total == 1
    cdr = await office.cdrs.get(found[0].id)
    assert cdr is not None
    assert (cdr.from_number, cdr.from_name, cdr.dialled, cdr.did) == (
        "+12025550199",
        "ANN",
        *["+12025550100"] * 2,
    )
    assert (cdr.to_extension, cdr.to_name, cdr.disposition, cdr.source) == ("102", "Bob", "answered", "edge")
    assert (cdr.duration_s, cdr.answered_by) == (90, None)
    assert [(leg.party, leg.cause) for leg in cdr.legs] == [
        ("+12025550199", "normal"),
        ("+12025550172", "no_answer"),
    ]
    assert [type(each).__name__ for each in cdr.events] == [
        "CallOffered", "LegAnswered", "EdgeStep", "EdgeStep", "CallRouted", "LegDialled", "LegEnded", "MessageBegun",
        "CallEnded",
    ]  # fmt: skip


async def test_a_call_that_somebody_took_elsewhere_is_not_missed(office: Office) -> None:
    told = call(
        step(0, "ringing", name="Sales", number="+12025550171, +12025550172"),
        step(70, "talked", name="Sales", seconds=60),
        step(70, "goodbye"),
        ended_after_s=71,
    )
    await office.delivery.take(OTHER, "call", told, b"")
    ((cdr,), _) = await office.cdrs.list()
    assert (cdr.missed, cdr.answered_by, cdr.wait_s) == (False, "+12025550171", 10)
    assert [leg.cause for leg in cdr.legs] == ["normal", "normal", "answered_elsewhere"]


async def test_the_same_call_and_message_are_known_under_their_own_ids(office: Office) -> None:
    await office.delivery.take(ID, "voicemail", voicemail(), SOUND)
    await office.delivery.take(OTHER, "call", call(), b"")
    ((cdr,), _) = await office.cdrs.list()
    assert (await office.messages())[0].call == cdr.id


async def test_kinds_of_others_are_passed_on(office: Office) -> None:
    came: list[tuple[str, bytes, bytes]] = []

    async def text(id_: str, document: bytes, body: bytes) -> None:
        came.append((id_, document, body))

    office.delivery.others["text"] = text
    await office.delivery.take(ID, "text", b"{}", b"picture")
    assert came == [(ID, b"{}", b"picture")]


# -- kill -9 -----------------------------------------------------------------------------------------------------------

ROOT = Path(__file__).parents[2]
NODE = """
import asyncio, os, sys
from pathlib import Path
from pbx.store.database import Database
from tests.feature.test_edge_delivery import Office, SOUND, voicemail

async def main():
    folder = Path(sys.argv[1])
    database = await Database.open(folder / "pbx.sqlite3", poll_s=0)
    office = Office(database, folder / "voicemail")
    await office.shelf.load()
    os.write(1, b"ready\\n")
    while id_ := (await asyncio.to_thread(sys.stdin.readline)).strip():
        await office.delivery.take(id_, "voicemail", voicemail(), SOUND)
        os.write(1, id_.encode() + b"\\n")
    await database.close()

asyncio.run(main())
"""


def test_a_node_that_is_killed_while_it_takes_messages_has_each_once(tmp_path: Path) -> None:
    """The edge keeps what was not acknowledged, and brings it again to the next life."""
    waiting = [f"{n:026}" for n in range(40)]
    acknowledged: list[str] = []
    for kill_after in (1, 9, None):
        node = subprocess.Popen(
            [sys.executable, "-c", NODE, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert node.stdin is not None
        assert node.stdout is not None
        assert node.stdout.readline() == b"ready\n"
        node.stdin.write("".join(f"{id_}\n" for id_ in waiting).encode())
        node.stdin.flush()
        if kill_after is None:
            node.stdin.close()
        got = 0
        while kill_after is None or got < kill_after:
            line = node.stdout.readline().decode().strip()
            if not line:
                break
            acknowledged.append(line)
            waiting.remove(line)
            got += 1
        if kill_after is not None:
            node.send_signal(signal.SIGKILL)
        node.wait()
        node.stdout.close()
    assert waiting == []
    with sqlite3.connect(tmp_path / "pbx.sqlite3") as database:
        rows = [id_ for (id_,) in database.execute("SELECT id FROM voicemails ORDER BY id")]
    assert rows == sorted(acknowledged) == [f"{n:026}" for n in range(40)]
    assert sorted(path.stem for path in (tmp_path / "voicemail" / "102").glob("*.wav")) == rows
