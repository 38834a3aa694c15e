"""Text messages: what is refused, what waits, and that each is delivered once, to all phones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count

import pytest

from pbx.core.errors import PeerError, UserError
from pbx.core.events import EventBus
from pbx.feature.directory import Directory, Entry
from pbx.feature.messages import Messages
from pbx.model.extension import Extension
from pbx.model.party import DialTarget
from pbx.model.registration import Registered
from pbx.model.text_message import MOST_BYTES, MessageWrite
from pbx.sip.build import request_of, response_to
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.store.database import Database
from pbx.store.messages import MOST_WAITING, MessageStore
from tests.fakes.clock import FakeClock

ALICE = Extension(number="101", name="Alice")


class Desk:
    """Extensions 101 and 102; the phones of 102 are hosts that answer with a status."""

    def __init__(self, database: Database) -> None:
        self.store = MessageStore(database)
        self.clock = FakeClock()
        self.bus = EventBus()
        self.phones: dict[str, int] = {}
        self.got: list[tuple[str, str]] = []
        self.requests: list[Request] = []
        serial = count(1)
        self.directory = Directory(self._entries)
        self.messages = Messages(
            self.store,
            directory=self.directory,
            targets=self._targets,
            send=self._send,
            bus=self.bus,
            clock=self.clock,
            address=lambda host: "192.0.2.1",
            new_id=lambda: f"m{next(serial):04}",
        )

    async def _entries(self) -> dict[str, Entry]:
        bob, gone = Extension(number="102", name="Bob"), Extension(number="103", name="", enabled=False)
        return {each.number: Entry(each, "") for each in (ALICE, bob, gone)}

    def _targets(self, number: str) -> list[DialTarget]:
        hosts = self.phones if number == "102" else {}
        return [
            DialTarget(uri=f"sip:102@{host}", to_uri="sip:102@192.0.2.1", host=host, port=5060)
            for host in hosts
        ]

    async def _send(self, request: Request, hop: Hop) -> Response:
        await asyncio.sleep(0)
        status = self.phones.get(hop.remote_host, 408)
        self.requests.append(request)
        if status < 300:
            self.got.append((hop.remote_host, request.body.decode()))
        return response_to(request, status)

    async def write(self, text: str | bytes, to: str = "102", kind: str = "text/plain;charset=UTF-8") -> None:
        body = text if isinstance(text, bytes) else text.encode()
        request = request_of(
            "MESSAGE",
            f"sip:{to}@pbx.example",
            from_="<sip:101@pbx.example>;tag=1",
            to=f"<sip:{to}@pbx.example>",
            call_id="x",
            cseq=1,
            headers=(("Content-Type", kind),),
            body=body,
        )
        await self.messages.take(request, ALICE)

    def register(self, host: str, status: int = 200) -> None:
        self.phones[host] = status
        self.bus.publish("registration", Registered(extension="102", contact_uri=f"sip:102@{host}"))

    async def settle(self) -> None:
        """Until nothing is on its way: each round goes through the threads of the database, as a delivery does."""
        quiet, seen = 0, -1
        while quiet < 10:
            await self.store.page()
            await self.store.delivered("nobody's", self.clock.now())
            quiet = quiet + 1 if len(self.requests) == seen else 0
            seen = len(self.requests)


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[Desk]:
    await desk.directory.reload()
    task = asyncio.create_task(desk.messages.run())
    await desk.settle()
    try:
        yield desk
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with running(Desk(database)) as desk:
        yield desk


async def test_all_phones_get_a_message_and_it_is_delivered_once(desk: Desk) -> None:
    desk.register("10.0.0.2")
    desk.register("10.0.0.3")
    await desk.write("Tschüß ☎")
    await desk.settle()
    desk.register("10.0.0.4")
    await desk.settle()
    assert sorted(desk.got) == [("10.0.0.2", "Tschüß ☎"), ("10.0.0.3", "Tschüß ☎")]
    (message,), total = await desk.store.page(extension="102")
    assert (total, message.delivered_at is not None, message.from_extension) == (1, True, "101")
    assert (desk.requests[0].headers.get("From") or "").startswith('"Alice" <sip:101@192.0.2.1>')


async def test_messages_wait_in_order_for_a_phone_and_survive_a_restart(
    desk: Desk, database: Database
) -> None:
    for each in ("one", "two", "three"):
        await desk.write(each)
        desk.clock.advance(1)
    await desk.settle()
    assert desk.got == []
    again = Desk(database)
    again.phones["10.0.0.2"] = 200
    async with running(again):
        await again.settle()
    assert [text for _, text in again.got] == ["one", "two", "three"]


async def test_a_message_that_no_phone_takes_waits_for_the_next_one(desk: Desk) -> None:
    desk.register("10.0.0.2", 405)
    await desk.write("hello")
    await desk.settle()
    assert len((await desk.store.page(waiting=True))[0]) == 1
    desk.register("10.0.0.3")
    await desk.settle()
    assert desk.got == [("10.0.0.3", "hello")]


async def test_a_phone_that_is_only_gone_for_a_moment_is_asked_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx.feature.messages.AGAIN_S", 0.0)
    desk.register("10.0.0.2", 408)
    await desk.write("hello")
    while len(desk.requests) < 2:
        await asyncio.sleep(0)
    desk.phones["10.0.0.2"] = 200
    await desk.settle()
    assert desk.got == [("10.0.0.2", "hello")]


@pytest.mark.parametrize(
    ("text", "to", "kind", "status"),
    [
        ("hello", "999", "text/plain", 404),
        ("hello", "103", "text/plain", 404),
        ("hello", "102", "text/html", 415),
        ("hello", "102", "text/plain;charset=iso-8859-1", 415),
        (b"\xff\xfe", "102", "text/plain", 415),
        ("", "102", "text/plain", 400),
        ("x" * (MOST_BYTES + 1), "102", "text/plain", 413),
    ],
)
async def test_what_is_refused(desk: Desk, text: str | bytes, to: str, kind: str, status: int) -> None:
    with pytest.raises(PeerError) as caught:
        await desk.write(text, to, kind)
    assert caught.value.sip_status == status
    assert (await desk.store.page())[1] == 0


async def test_only_so_many_messages_wait(desk: Desk) -> None:
    for _ in range(MOST_WAITING):
        await desk.write("hello")
    with pytest.raises(PeerError) as caught:
        await desk.write("hello")
    assert caught.value.sip_status == 480


async def test_a_message_expires_undelivered(desk: Desk) -> None:
    await desk.write("hello")
    desk.clock.advance(timedelta(days=15).total_seconds())
    desk.register("10.0.0.2")
    await desk.settle()
    assert desk.got == []
    assert await desk.store.forget(desk.clock.now()) == 1


async def test_the_api_sends_in_the_name_of_an_extension_or_of_the_office(desk: Desk) -> None:
    desk.register("10.0.0.2")
    sent = await desk.messages.submit(MessageWrite(to_extension="102", text="fire drill"))
    assert (sent.from_number, sent.from_name) == ("", "Office")
    sent = await desk.messages.submit(MessageWrite(to_extension="102", text="hi", from_extension="101"))
    assert (sent.from_number, sent.from_extension) == ("101", "101")
    await desk.settle()
    assert [text for _, text in desk.got] == ["fire drill", "hi"]
    for wrong in (
        MessageWrite(to_extension="999", text="x"),
        MessageWrite(to_extension="102", text="x", from_extension="999"),
    ):
        with pytest.raises(UserError) as caught:
            await desk.messages.submit(wrong)
        assert caught.value.http_status == 404
