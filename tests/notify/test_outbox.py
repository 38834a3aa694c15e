"""Mail that waits: sent once, tried again, kept over a restart."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import count
from typing import Any, TypeVar

import msgspec
import pytest

from pbx.core.tasks import cancelled
from pbx.notify.errors import SendError
from pbx.notify.outbox import Outbox
from pbx.notify.sending_queue import MOST
from tests.fakes.virtual_loop import run_virtual

T = TypeVar("T")


class Shelf:
    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}

    async def get(self, key: str, kind: type[T]) -> T | None:
        found = self.rows.get(key)
        return None if found is None else msgspec.json.decode(found, type=kind)

    async def put(self, key: str, value: object) -> None:
        self.rows[key] = msgspec.json.encode(value)


class Server:
    """Takes mail, or raises what is in `errors` first."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.taken: list[EmailMessage] = []
        self.tries: list[float] = []

    async def send(self, message: EmailMessage) -> None:
        self.tries.append(asyncio.get_running_loop().time())
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append(message)


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=asyncio.get_running_loop().time())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


_ids = count()


def outbox(server: Server, sender: str = "bellwire@example.com") -> Outbox:
    return Outbox(server.send, sender=lambda: sender, clock=Clock(), new_id=lambda: f"m{next(_ids)}")


async def during(box: Outbox, shelf: Shelf, seconds: float) -> None:
    running = asyncio.ensure_future(box.run(shelf))
    await asyncio.sleep(seconds)
    await cancelled(running)


def test_a_mail_is_sent_once_and_forgotten() -> None:
    async def story() -> None:
        server, shelf = Server(), Shelf()
        box = outbox(server)
        box.put("bob@example.com", "Subject", "Text")
        await during(box, shelf, 10)
        await during(outbox(server), shelf, 10)
        assert [(each["To"], each["Subject"]) for each in server.taken] == [("bob@example.com", "Subject")]
        assert box.waiting == 0

    run_virtual(story)


def test_a_mail_that_failed_is_tried_again_under_the_same_name() -> None:
    async def story() -> None:
        server = Server(SendError("not now"), RuntimeError("a fault of ours"))
        box = outbox(server)
        box.put("bob@example.com", "Subject", "Text")
        await during(box, Shelf(), 100)
        assert server.tries == pytest.approx([0, 10, 40], abs=0.1)
        assert len(server.taken) == 1

    run_virtual(story)


def test_what_the_server_will_never_take_is_given_up() -> None:
    async def story() -> None:
        server = Server(SendError("no such user", final=True))
        box = outbox(server)
        box.put("nobody@example.com", "Subject", "Text")
        await during(box, Shelf(), 1000)
        assert len(server.tries) == 1
        assert box.waiting == 0

    run_virtual(story)


def test_after_a_day_it_is_given_up() -> None:
    async def story() -> None:
        server = Server(*[SendError("not now")] * 1000)
        box = outbox(server)
        box.put("bob@example.com", "Subject", "Text")
        await during(box, Shelf(), 30 * 3600)
        assert box.waiting == 0
        assert 20 < len(server.tries) < 40

    run_virtual(story, limit=48 * 3600)


def test_a_restart_loses_none() -> None:
    async def story() -> None:
        server, shelf = Server(SendError("not now")), Shelf()
        box = outbox(server)
        box.put("bob@example.com", "Subject", "Text")
        await during(box, shelf, 5)
        after = outbox(server)
        await during(after, shelf, 60)
        assert len(server.taken) == 1
        assert len(server.tries) == 2

    run_virtual(story)


def test_one_that_is_refused_holds_up_no_other() -> None:
    async def story() -> None:
        server = Server(SendError("not now"))
        box = outbox(server)
        for name in ("a", "b"):
            box.put(f"{name}@example.com", "Subject", "Text")
        await during(box, Shelf(), 5)
        assert [each["To"] for each in server.taken] == ["b@example.com"]

    run_virtual(story)


async def test_it_refuses_what_it_cannot_send_or_keep() -> None:
    with pytest.raises(SendError, match="No mail server"):
        outbox(Server(), sender="").put("bob@example.com", "x", "y")
    box: Any = outbox(Server())
    for _ in range(MOST):
        box.put("bob@example.com", "x", "y")
    with pytest.raises(SendError, match="wait already"):
        box.put("bob@example.com", "x", "y")
