"""Messages by e-mail on a real database with a real SMTP server: retried, kept over restarts, sent once."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from msgspec.structs import replace

from pbx.core.events import EventBus
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.files import Files
from pbx.feature.voicemail.mailing import PAUSES_S, Mailing
from pbx.feature.voicemail.retention import Retention
from pbx.feature.voicemail.shelf import Shelf
from pbx.feature.voicemail.writing_down import WritingDown
from pbx.media.recognition import RecognitionError
from pbx.model.mailbox import Mailbox
from pbx.model.voicemail import Voicemail, VoicemailPatch
from pbx.notify.mail import Mailer, SmtpServer
from pbx.store.database import Database
from pbx.store.voicemail import VoicemailStore
from tests.fresh import fresh
from tests.live.ports import free_port
from tests.notify.test_notices import Mailbox as Received

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECONDS = 3


class Wall:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


class Office:
    """A box, its shelf and its workers on a database; `server` is where mail goes."""

    def __init__(
        self, database: Database, folder: Path, server: SmtpServer | None = None, **box: Any
    ) -> None:
        self.box = Mailbox(
            number="102", name="Bob", emails=("bob@office.example", "team@office.example"), **box
        )
        self.there = [self.box]
        self.wall = Wall()
        self.store = VoicemailStore(database)
        self.files = Files(folder)
        boxes = Boxes(lambda: self.there, tuple)
        self.made = 0
        self.shelf = Shelf(
            self.store,
            self.files,
            boxes,
            bus=EventBus(),
            clock=self.wall,
            new_id=self.new_id,
            transcribes=lambda: self.writing.there,
        )
        self.writing = WritingDown(self.store, self.shelf, boxes, clock=self.wall)
        self.mailing = Mailing(self.store, self.shelf, boxes, Mailer(server), clock=self.wall)
        self.retention = Retention(self.store, self.shelf, boxes, clock=self.wall)

    def new_id(self) -> str:
        self.made += 1
        return f"{self.made:026}"

    async def arrives(self, *, of: str = "102", **fields: Any) -> Voicemail:
        """A message whose caller has just hung up, as the next start finds it."""
        message = Voicemail(
            id=self.new_id(),
            mailbox=of,
            from_number="+12025550123",
            from_name="Ann Ö.",
            received_at=self.wall.now(),
            complete=False,
            **fields,
        )
        self.files.prepare(of)
        with wave.open(str(self.files.path(message)), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(2 * 8000 * SECONDS))
        await self.store.put(message)
        await self.shelf.load()
        return await self.get(message.id)

    async def get(self, id_: str) -> Voicemail:
        found = await self.store.get(id_)
        assert found is not None
        return found

    async def until(self, id_: str, is_so: Callable[[Voicemail], bool]) -> Voicemail:
        async with asyncio.timeout(10):
            while not is_so(found := await self.get(id_)):
                await asyncio.sleep(0.02)
        return found


@pytest.fixture
def smtp() -> Any:
    received = Received()
    controller = Controller(received, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield received, SmtpServer("127.0.0.1", controller.port, "none", sender="node@office.example")
    controller.stop()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await fresh(tmp_path / "x.sqlite3", poll_s=0) as opened:
        yield opened


@asynccontextmanager
async def at_work(*workers: Any) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(each.run()) for each in workers]
    try:
        yield
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_message_is_mailed_with_its_sound(database: Database, tmp_path: Path, smtp: Any) -> None:
    received, server = smtp
    office = Office(database, tmp_path / "v", server, after_mail="mark_read")
    async with at_work(office.mailing):
        message = await office.arrives(urgent=True)
        sent = await office.until(message.id, lambda each: each.mail_state == "sent")
    ((to, mail),) = received.mails
    assert to == ["bob@office.example", "team@office.example"]
    assert mail["Subject"] == "New voice message from Ann Ö. (+12025550123) (0:03)"
    assert message.id in mail["Message-ID"]
    assert "urgent" in mail.get_body().get_content()
    (attached,) = mail.iter_attachments()
    assert attached.get_content() == office.files.path(message).read_bytes()
    assert attached.get_filename().endswith(".wav")
    assert sent.read, "as the box says"


@pytest.mark.parametrize(("after", "folder"), [("keep", "new"), ("delete", "bin")])
async def test_what_becomes_of_it_then(
    database: Database, tmp_path: Path, smtp: Any, after: Any, folder: str
) -> None:
    office = Office(database, tmp_path / "v", smtp[1], after_mail=after, attach=False)
    async with at_work(office.mailing):
        message = await office.arrives()
        sent = await office.until(message.id, lambda each: each.mail_state == "sent")
    assert sent.folder == folder
    ((_, mail),) = smtp[0].mails
    assert list(mail.iter_attachments()) == []


async def test_a_mail_that_fails_is_tried_again_also_by_the_next_process(
    database: Database, tmp_path: Path, smtp: Any
) -> None:
    dead = SmtpServer("127.0.0.1", free_port(), "none")
    office = Office(database, tmp_path / "v", dead)
    async with at_work(office.mailing):
        message = await office.arrives()
        failed = await office.until(message.id, lambda each: each.mail_attempts == 1)
    assert (failed.mail_state, office.mailing.failed) == ("waiting", 1)
    assert failed.mail_next_at == START + timedelta(seconds=PAUSES_S[0])
    assert "cannot be used" in failed.mail_error

    after = Office(database, tmp_path / "v", smtp[1])
    await after.shelf.load()
    async with at_work(after.mailing):
        await asyncio.sleep(0.1)
        assert smtp[0].mails == [], "it is not due yet"
        after.wall.time += timedelta(seconds=PAUSES_S[0] + 1)
        after.mailing.look()
        sent = await after.until(message.id, lambda each: each.mail_state == "sent")
    assert (sent.mail_attempts, sent.mail_error) == (2, "")
    assert len(smtp[0].mails) == 1


async def test_a_clock_that_was_set_back_holds_no_mail_up(
    database: Database, tmp_path: Path, smtp: Any
) -> None:
    office = Office(database, tmp_path / "v", SmtpServer("127.0.0.1", free_port(), "none"))
    office.wall.time += timedelta(days=300)
    async with at_work(office.mailing):
        message = await office.arrives()
        await office.until(message.id, lambda each: each.mail_attempts == 1)
    after = Office(database, tmp_path / "v", smtp[1])
    await after.shelf.load()
    async with at_work(after.mailing):
        await after.until(message.id, lambda each: each.mail_state == "sent")


async def test_it_is_given_up_after_days_and_without_addresses(database: Database, tmp_path: Path) -> None:
    office = Office(database, tmp_path / "v", SmtpServer("127.0.0.1", free_port(), "none"))
    old = await office.arrives()
    gone = await office.arrives(of="102")
    office.wall.time += timedelta(days=3, seconds=1)
    office.there[0] = replace(office.box)
    async with at_work(office.mailing):
        assert (await office.until(old.id, lambda each: each.mail_attempts == 1)).mail_state == "failed"
        await office.until(gone.id, lambda each: each.mail_attempts == 1)
        office.there.clear()
        await office.store.change(
            gone.id, lambda each: replace(each, mail_state="waiting", mail_next_at=office.wall.now())
        )
        office.mailing.look()
        assert "gone" in (await office.until(gone.id, lambda each: "gone" in each.mail_error)).mail_error


class Engine:
    """Writes down whatever it is told to, or fails."""

    def __init__(self, text: str | None) -> None:
        self.text = text
        self.asked: list[tuple[str, str]] = []

    async def transcribe(self, path: Path, language: str) -> str:
        self.asked.append((path.name, language))
        if self.text is None:
            raise RecognitionError("busy")
        return self.text


@pytest.mark.parametrize("text", ["Please call me back.", None])
async def test_the_mail_waits_for_the_words(
    database: Database, tmp_path: Path, smtp: Any, text: str | None
) -> None:
    office = Office(database, tmp_path / "v", smtp[1], language="en")
    office.writing.engine = Engine(text)
    message = await office.arrives()
    assert (message.transcript_state, message.mail_next_at) == ("waiting", START + timedelta(seconds=60))
    async with at_work(office.mailing, office.writing):
        sent = await office.until(message.id, lambda each: each.mail_state == "sent")
    assert (sent.transcript, sent.transcript_state) == (text, "done" if text else "failed")
    assert office.writing.engine.asked == [(f"{message.id}.wav", "en")]
    body = smtp[0].mails[0][1].get_body().get_content()
    assert ("Please call" in body) is (text is not None)


async def test_without_an_engine_nothing_waits(database: Database, tmp_path: Path) -> None:
    office = Office(database, tmp_path / "v")
    message = await office.arrives()
    assert (message.transcript_state, message.transcript) == ("none", None)


async def test_old_messages_go_to_the_bin_and_the_bin_is_emptied(database: Database, tmp_path: Path) -> None:
    office = Office(database, tmp_path / "v", retention_days=10, bin_days=5)
    kept, swept = await office.arrives(), await office.arrives()
    await office.shelf.patch(kept.id, VoicemailPatch(saved=True))
    office.wall.time += timedelta(days=9)
    fresh = await office.arrives()
    await office.retention.sweep()
    assert (await office.get(swept.id)).deleted_at is None
    office.wall.time += timedelta(days=2)
    await office.retention.sweep()
    folders = [(await office.get(each.id)).folder for each in (kept, swept, fresh)]
    assert folders == ["saved", "bin", "new"]
    office.wall.time += timedelta(days=4)
    await office.retention.sweep()
    assert office.files.path(swept).exists()
    office.wall.time += timedelta(days=2)
    await office.retention.sweep()
    assert await office.store.get(swept.id) is None
    assert not office.files.path(swept).exists()
    assert office.files.path(kept).exists()


async def test_what_is_left_of_a_deleted_box_stays_in_the_bin_for_a_month(
    database: Database, tmp_path: Path
) -> None:
    office = Office(database, tmp_path / "v")
    message = await office.arrives()
    await office.shelf.save_greeting("102", "name", office.files.path(message))
    office.there.clear()
    await office.retention.sweep()
    assert (await office.get(message.id)).folder == "bin"
    office.wall.time += timedelta(days=31)
    await office.retention.sweep()
    assert await office.store.get(message.id) is None
    await office.retention.sweep()
    assert not (tmp_path / "v" / "102").exists()
