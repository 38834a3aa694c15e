"""Notices to a real SMTP server and a real HTTP receiver; time is virtual only where nothing else can be waited for."""

from __future__ import annotations

import asyncio
import email
import email.policy
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from pbx.core.events import EventBus
from pbx.model.notice import Notice, NoticeTarget
from pbx.notify.channels import Channels
from pbx.notify.errors import SendError
from pbx.notify.mail import Mailer, SmtpServer, compose
from pbx.notify.notices import GIVE_UP, MOST, PAUSES_S, Notices
from pbx.notify.webhook import Webhooks
from pbx.store.errors import DiskFullError
from pbx.store.state import StateStore
from pbx.transport.certificate import ensure
from tests.fakes.clock import FakeClock
from tests.fresh import fresh
from tests.live.ports import free_port

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")
KEY = "a-key-of-sixteen-letters"


class Mailbox:
    """What an SMTP server took; it refuses recipients whose name begins with "nobody"."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], email.message.EmailMessage]] = []

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        if address.startswith("later"):
            return "450 try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((envelope.rcpt_tos, parsed))
        return "250 OK"


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"box@office.example", b"pw")
    return AuthResult(success=right, handled=right)


@pytest.fixture
def smtp() -> Any:
    """A server without encryption that wants a log-in."""
    box = Mailbox()
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=_authenticate,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    yield box, SmtpServer("127.0.0.1", controller.port, "none", "box@office.example", "pw")
    controller.stop()


class Receiver:
    """A webhook's other end: answers what `status` says and remembers what came."""

    def __init__(self) -> None:
        self.status = 200
        self.came: list[tuple[dict[str, str], bytes]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.came.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def hook() -> AsyncIterator[tuple[Receiver, str]]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{any:.*}", receiver.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    yield receiver, str(server.make_url("/hook"))
    await server.close()


class Bench:
    """Notices with real channels on a real store, and a clock that is moved by hand."""

    def __init__(self, state: StateStore, targets: list[NoticeTarget], server: SmtpServer | None) -> None:
        self.clock, self.bus, self.state = FakeClock(), EventBus(), state
        self.targets = targets
        self.webhooks = Webhooks()
        self.serial = count(1)
        self._server = server
        self.notices = self.new()

    def new(self) -> Notices:
        """As after a restart."""
        channels = Channels(Mailer(self._server), self.webhooks, clock=self.clock, signing_key=self._key)
        return Notices(
            targets=lambda: self.targets,
            deliver=channels.deliver,
            bus=self.bus,
            clock=self.clock,
            new_id=lambda: f"n{next(self.serial)}",
        )

    async def _key(self, target: str) -> str | None:
        return KEY if target == "signed" else None

    async def until(self, true: Callable[[Notice], bool], *, id_: str = "n1") -> Notice:
        """Run the notices until one of them is so."""
        task = asyncio.ensure_future(self.notices.run(self.state))
        try:
            async with asyncio.timeout(10):
                while True:
                    found = next((each for each in self.notices.newest() if each.id == id_), None)
                    if found is not None and true(found):
                        return found
                    if task.done():
                        task.result()
                    await asyncio.sleep(0.005)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[StateStore]:
    async with await fresh(tmp_path / "test.sqlite3", poll_s=0) as database:
        yield StateStore(database)


def target(name: str, address: str, **more: Any) -> NoticeTarget:
    return NoticeTarget(id=name, name=name, address=address, **more)


def states(notice: Notice) -> dict[str, str]:
    return {each.target: each.state for each in notice.deliveries}


def attempted(notice: Notice) -> bool:
    return all(each.attempts for each in notice.deliveries)


async def test_a_notice_arrives_by_mail_and_by_signed_webhook(
    state: StateStore, smtp: tuple[Mailbox, SmtpServer], hook: tuple[Receiver, str]
) -> None:
    (box, server), (receiver, url) = smtp, hook
    bench = Bench(state, [target("boss", "boss@office.example"), target("signed", url)], server)
    with bench.bus.subscribe("notice") as told:
        bench.notices.post("emergency", "Emergency call: Zoë", "Room 1", {"extension": "101"})
        done = await bench.until(lambda each: set(states(each).values()) == {"sent"})
        assert getattr((await anext(told)).event, "id", None) == done.id
    ((to, mail),) = box.mails
    assert to == ["boss@office.example"]
    assert (mail["From"], mail["Subject"], mail["Message-ID"]) == (
        "Bellwire <box@office.example>",
        "Emergency call: Zoë",
        "<n1@bellwire.invalid>",
    )
    assert "Room 1" in mail.get_content()
    ((headers, body),) = receiver.came
    stamp, _, digest = headers["X-Bellwire-Signature"].removeprefix("t=").partition(",v1=")
    assert digest == hmac.new(KEY.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert int(stamp) == int(bench.clock.now().timestamp())
    assert headers["X-Bellwire-Id"] == "n1"
    assert json.loads(body)["facts"] == {"extension": "101"}
    await bench.webhooks.close()


async def test_only_the_kinds_that_a_target_wants_are_sent_to_it(
    state: StateStore, hook: tuple[Receiver, str]
) -> None:
    bench = Bench(
        state,
        [
            target("a", hook[1], kinds=("emergency",)),
            target("b", hook[1], enabled=False),
            target("c", hook[1]),
        ],
        None,
    )
    done = await bench_posts(bench, "limit")
    assert states(done) == {"c": "sent"}
    headers, _ = hook[0].came[0]
    assert "X-Bellwire-Signature" not in headers
    await bench.webhooks.close()


async def bench_posts(bench: Bench, kind: Any = "test") -> Notice:
    bench.notices.post(kind, "Title")
    return await bench.until(attempted)


async def test_what_failed_is_sent_again_also_after_a_restart(
    state: StateStore, hook: tuple[Receiver, str]
) -> None:
    receiver, url = hook
    receiver.status = 500
    bench = Bench(state, [target("hook", url)], None)
    failed = await bench_posts(bench)
    (delivery,) = failed.deliveries
    assert (delivery.state, delivery.attempts, delivery.error) == ("waiting", 1, "It answered 500.")
    assert delivery.next_at == bench.clock.now() + timedelta(seconds=PAUSES_S[0])
    receiver.status = 204
    bench.notices = bench.new()
    bench.clock.advance(PAUSES_S[0] + 1)
    done = await bench.until(lambda each: states(each) == {"hook": "sent"})
    assert done.deliveries[0].attempts == 2
    assert [headers["X-Bellwire-Id"] for headers, _ in receiver.came] == ["n1", "n1"]
    await bench.webhooks.close()


async def test_a_day_of_failures_is_the_end(state: StateStore, hook: tuple[Receiver, str]) -> None:
    receiver, url = hook
    receiver.status = 500
    bench = Bench(state, [target("hook", url)], None)
    await bench_posts(bench)
    bench.clock.advance(GIVE_UP.total_seconds())
    done = await bench.until(lambda each: each.deliveries[0].attempts == 2)
    assert states(done) == {"hook": "failed"}
    await bench.webhooks.close()


@pytest.mark.parametrize(
    ("status", "state_"), [(410, "failed"), (404, "waiting"), (302, "waiting"), (200, "sent")]
)
async def test_what_a_receiver_says(
    state: StateStore, hook: tuple[Receiver, str], status: int, state_: str
) -> None:
    receiver, url = hook
    receiver.status = status
    bench = Bench(state, [target("hook", url)], None)
    assert states(await bench_posts(bench)) == {"hook": state_}
    assert len(receiver.came) == 1, "a redirect is not followed"
    await bench.webhooks.close()


@pytest.mark.parametrize(("who", "state_"), [("nobody", "failed"), ("later", "waiting"), ("boss", "sent")])
async def test_what_a_mail_server_says(
    state: StateStore, smtp: tuple[Mailbox, SmtpServer], who: str, state_: str
) -> None:
    bench = Bench(state, [target("mail", f"{who}@office.example")], smtp[1])
    assert states(await bench_posts(bench)) == {"mail": state_}


async def test_a_wrong_password_a_dead_server_and_none_are_said_in_words(
    smtp: tuple[Mailbox, SmtpServer],
) -> None:
    _, server = smtp
    mail = compose(
        sender="a@b.example",
        to="c@d.example",
        subject="x\r\nBcc: evil",
        text="",
        at=FakeClock().now(),
        id_="1",
    )
    assert mail["Subject"] == "x Bcc: evil"
    wrong = SmtpServer(server.host, server.port, "none", "box@office.example", "not it")
    dead = SmtpServer("127.0.0.1", free_port(), "none")
    for each, words in ((wrong, "535"), (dead, "cannot be used"), (None, "--smtp-host")):
        with pytest.raises(SendError, match=words):
            await Mailer(each).send(mail)
    with pytest.raises(SendError, match="cannot be used"):
        await Mailer(SmtpServer(server.host, server.port, "starttls")).send(mail)


async def test_mail_goes_where_the_node_knows_that_its_server_is(smtp: tuple[Mailbox, SmtpServer]) -> None:
    """A look-up of the library's own would fail while the name servers are silent."""
    box, server = smtp
    asked: list[str] = []

    async def lookup(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.2", server.host]  # nobody listens at the first

    mail = compose(
        sender="a@b.example", to="c@d.example", subject="x", text="y", at=FakeClock().now(), id_="1"
    )
    await Mailer(replace(server, host="mail.known.invalid"), lookup).send(mail)
    assert (len(box.mails), asked) == (1, ["mail.known.invalid"])

    async def silent(_host: str) -> list[str]:
        raise TimeoutError

    with pytest.raises(SendError, match=r"no name server says where mail\.known\.invalid is"):
        await Mailer(replace(server, host="mail.known.invalid"), silent).send(mail)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_is_encrypted_and_the_server_must_be_the_one_that_is_trusted(
    tmp_path: Path, security: Literal["starttls", "tls"]
) -> None:
    files = ensure(tmp_path, ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    box = Mailbox()
    how = (
        {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    )
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), ready_timeout=10, **how)
    controller.start()
    try:
        mail = compose(
            sender="a@b.example", to="c@d.example", subject="x", text="y", at=FakeClock().now(), id_="1"
        )
        with pytest.raises(SendError, match="certificate"):
            await Mailer(SmtpServer("127.0.0.1", controller.port, security)).send(mail)
        await Mailer(SmtpServer("127.0.0.1", controller.port, security, trust=files.ca)).send(mail)
        assert len(box.mails) == 1
    finally:
        controller.stop()


async def test_a_target_that_hangs_holds_up_nobody_and_help_goes_first() -> None:
    """Deliveries by hand: one at a time to each target, an emergency before what waited longer."""
    started: list[tuple[str, str]] = []
    gate = asyncio.Event()
    clock, serial = FakeClock(), count(1)

    async def deliver(to: NoticeTarget, notice: Notice) -> None:
        started.append((to.id, notice.id))
        if to.id == "slow":
            await gate.wait()

    targets = [target("slow", "a@b.example"), target("quick", "c@d.example")]
    notices = Notices(
        targets=lambda: targets,
        deliver=deliver,
        bus=EventBus(),
        clock=clock,
        new_id=lambda: f"n{next(serial)}",
    )
    task = asyncio.ensure_future(notices.run(NoState()))
    notices.post("limit", "1")
    await _settle()
    notices.post("limit", "2")
    notices.post("emergency", "3")
    await _settle()
    assert started == [("slow", "n1"), ("quick", "n1"), ("quick", "n3"), ("quick", "n2")]
    gate.set()
    await _settle()
    assert started[4:] == [("slow", "n3"), ("slow", "n2")]
    targets.clear()
    for _ in range(MOST + 10):
        notices.post("test", "many")
    await _settle()
    assert len(notices.newest()) == MOST
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class NoState:
    async def get(self, key: str, kind: Any) -> Any:
        return None

    async def put(self, key: str, value: object) -> None: ...


class FullDisk(NoState):
    """Takes nothing while it is full."""

    def __init__(self) -> None:
        self.full = True
        self.kept: list[object] = []

    async def put(self, key: str, value: object) -> None:
        if self.full:
            raise DiskFullError("the disk is full")
        self.kept.append(value)


async def test_what_a_full_disk_did_not_take_is_kept_once_there_is_room() -> None:
    async def deliver(to: NoticeTarget, notice: Notice) -> None: ...

    disk = FullDisk()
    notices = Notices(
        targets=list,
        deliver=deliver,
        bus=EventBus(),
        clock=FakeClock(),
        new_id=partial(str, 1),
    )
    task = asyncio.ensure_future(notices.run(disk))
    posted = notices.post("test", "1")
    await _settle()
    disk.full = False
    task.cancel()  # the node stops in order
    await asyncio.gather(task, return_exceptions=True)
    assert disk.kept == [(posted,)]


async def _settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_fault_of_ours_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def deliver(to: NoticeTarget, notice: Notice) -> None:
        raise ZeroDivisionError("oops")

    notices = Notices(
        targets=lambda: [target("x", "a@b.example")],
        deliver=deliver,
        bus=EventBus(),
        clock=FakeClock(),
        new_id=partial(str, 1),
    )
    task = asyncio.ensure_future(notices.run(NoState()))
    notices.post("test", "1")
    await _settle()
    assert not task.done()
    assert notices.newest()[0].deliveries[0].error == "A fault of this node: oops"
    assert "sending a notice failed" in caplog.text
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
