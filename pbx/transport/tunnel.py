"""The tunnel to one edge: kept open, found again when it breaks, and what goes through it.

The office connects, so no port of it is open. A session is one life of this node: calls outlive a broken connection for
`RESUME_S`, and what was said of them meanwhile arrives over the next. See `pbx/docs/tunnel.md`.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import msgspec

from pbx.core.clock import Clock
from pbx.core.tasks import Supervisor
from pbx.transport import tunnel_frames as f
from pbx.transport.tunnel_bodies import MOST_BYTES, Bodies, pieces
from pbx.transport.tunnel_link import Link, NoEntry
from pbx.transport.tunnel_numbered import Got, Kept

__all__ = [
    "CallSide",
    "Delivery",
    "EdgeCall",
    "HttpReply",
    "NeverTaken",
    "Tunnel",
    "TunnelDown",
    "TunnelUser",
]

log = logging.getLogger(__name__)

RESUME_S = 10.0
"""How long calls wait for the tunnel to come back; the edge waits as long."""
DEAD_S = 6.0
"""The edge says something every two seconds."""
WELCOME_S = 10.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 30.0
HURRY_S = 0.5
REFUSED_WAIT_S = 30.0
"""When the edge does not want us: a wrong key, another version, another node with our key."""
STEADY_S = 20.0
REQUEST_S = 60.0
PIECE_PAUSE_S = 0.005
MOST_DELIVERIES = 16
DEAD, BAD_FRAME = 4408, 4400

Connect = Callable[[], Awaitable[Link]]
_random = secrets.SystemRandom().random


class TunnelDown(Exception):  # noqa: N818 - a state, which callers expect
    """The edge cannot be asked now; `late` when it was asked and did not answer."""

    def __init__(self, reason: str, *, late: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.late = late


class NeverTaken(Exception):  # noqa: N818 - an answer
    """The office will never take a delivery; the text says why."""


class Delivery(msgspec.Struct, frozen=True):
    """What the edge hands over, perhaps more than once: `id` is always the same. `document` is JSON."""

    id: str
    kind: str
    document: bytes
    body: bytes


class HttpReply(msgspec.Struct, frozen=True):
    """What the edge answered to a request."""

    status: int
    type: str
    headers: Mapping[str, str]
    body: bytes


class CallSide(Protocol):
    """What a call does in the office. Implemented by `StreamLeg`. None of it waits."""

    def placed(self, sid: str) -> None: ...

    def ringing(self) -> None: ...

    def answered(self) -> None: ...

    def failed(self, status: int, reason: str) -> None:
        """The call that was placed came to nothing; nothing follows."""
        ...

    def digit(self, digit: str) -> None: ...

    def hung_up(self, cause: str) -> None:
        """Whoever is outside has left; nothing follows."""
        ...

    def sound(self, payload: bytes, number: int) -> None: ...

    def lost(self) -> None:
        """The tunnel did not come back in time; nothing follows."""
        ...


class TunnelUser(Protocol):
    """Who takes what comes in. Implemented by `pbx.feature.edge_calls`."""

    def offered(self, call: EdgeCall, *, from_: str, to: str, name: str) -> CallSide:
        """Somebody calls one of the office's numbers."""
        ...

    def expect(self, token: str, *, from_: str, to: str, name: str) -> None:
        """A call to `to` comes by SIP, and its INVITE shows this token."""
        ...

    async def directory(self) -> bytes | None:
        """What the edge is to know of the office, as JSON; None for nothing yet."""
        ...

    async def take(self, delivery: Delivery) -> None:
        """Durable when it returns; the same delivery again changes nothing. Raises `NeverTaken`."""
        ...

    def event(self, topic: str, id: str, document: bytes) -> None: ...

    def changed(self, tunnel: Tunnel) -> None:
        """The tunnel is up, or down."""
        ...


class EdgeCall:
    """A call between this office and an edge: what the office may say of it."""

    __slots__ = ("_number", "_tunnel", "id", "side", "stream")

    def __init__(self, tunnel: Tunnel, call: str, stream: int | None) -> None:
        self.id = call
        self.stream = stream
        self.side: CallSide | None = None
        self._tunnel = tunnel
        self._number = -1

    @property
    def is_open(self) -> bool:
        return self._tunnel.calls.get(self.id) is self

    @property
    def edge(self) -> str:
        """The edge that holds the call while this process is started anew; "" for one that ends with it."""
        return self._tunnel.name if self._tunnel.outlives else ""

    def sound(self, payload: bytes) -> None:
        """20 ms of μ-law; lost while the tunnel is broken."""
        self._number += 1
        link = self._tunnel.link
        if link is not None and self.stream is not None:
            link.send(f.pack(f.SOUND, self.stream, self._number, payload))

    def ringing(self) -> None:
        self._say(f.Ringing(call=self.id))

    def answer(self) -> None:
        self._say(f.Answer(call=self.id))

    def digits(self, digits: str) -> None:
        self._say(f.Digits(call=self.id, digits=digits))

    def clear(self) -> None:
        """What the caller has not yet heard is dropped."""
        self._say(f.Clear(call=self.id))

    def refuse(self, status: int, reason: str) -> None:
        """The call is over before it was answered. Nothing once it is over."""
        if self._tunnel.drop(self):
            self._tunnel.say(f.Refuse(call=self.id, status=status, reason=reason[:256]))

    def hang_up(self, cause: str) -> None:
        """Nothing once the call is over."""
        if self._tunnel.drop(self):
            self._tunnel.say(f.Hangup(call=self.id, cause=cause))

    def _say(self, message: f.FromOffice) -> None:
        if self.is_open:
            self._tunnel.say(message)


class TunnelState(msgspec.Struct):
    """How the tunnel is doing, for people."""

    error: str = "not connected yet"
    edge: str = ""
    public_url: str = ""
    numbers: tuple[str, ...] = ()


class _Session(msgspec.Struct):
    """What both sides count; begun anew when the edge has forgotten it."""

    id: str = msgspec.field(default_factory=lambda: secrets.token_hex(8))
    kept: Kept = msgspec.field(default_factory=Kept)
    got: Got = msgspec.field(default_factory=Got)


class Tunnel:
    """`run` it for as long as the edge is one of the office's; `name` is its address, for logs and people."""

    def __init__(
        self,
        name: str,
        connect: Connect,
        user: TunnelUser,
        *,
        supervisor: Supervisor,
        clock: Clock,
        sip: str = "",
        outlives: bool = True,
        random: Callable[[], float] = _random,
        resume_s: float = RESUME_S,
    ) -> None:
        self.name = name
        self.outlives = outlives
        self.link: Link | None = None
        self.state = TunnelState()
        self.calls: dict[str, EdgeCall] = {}
        self._streams: dict[int, EdgeCall] = {}
        self._connect = connect
        self._user = user
        self._sip = sip
        self._supervisor = supervisor
        self._clock = clock
        self._random = random
        self._resume_s = resume_s
        self._session = _Session()
        self._giving_up: asyncio.TimerHandle | None = None
        self._brought: list[str] = []
        """Calls of the node's last life, until the edge has said which of them go on."""
        self._heard = 0.0
        self._requests: dict[int, asyncio.Future[HttpReply]] = {}
        self._request_ids = itertools.count(1)
        self._bodies: Bodies[f.HttpAnswer] = Bodies()
        self._deliveries: Bodies[f.Deliver] = Bodies()
        self._taking: set[str] = set()

    @property
    def is_up(self) -> bool:
        return self.link is not None

    # -- for the other parts ----------------------------------------------------------------------------------------

    def place(self, number: str, *, shown: str, timeout_s: int, side: CallSide) -> EdgeCall:
        """Have an outside number called. Raises `TunnelDown`."""
        if self.link is None:
            raise TunnelDown(self.state.error)
        name = secrets.token_hex(12)
        call = self.calls[name] = EdgeCall(self, name, None)
        call.side = side
        self.say(f.Place(call=name, from_=shown, to=number, timeout_s=timeout_s))
        return call

    def bring(self, name: str, side: CallSide) -> EdgeCall:
        """A call of this node's last life, which the edge holds, perhaps. Before `run`."""
        call = self.calls[name] = EdgeCall(self, name, None)
        call.side = side
        self._brought.append(name)
        self._hold()
        return call

    async def request(
        self, method: str, path: str, *, query: str = "", actor: str = "", type: str = "", body: bytes = b""
    ) -> HttpReply:
        """Ask the edge. Raises `TunnelDown`."""
        link = self.link
        if link is None:
            raise TunnelDown(self.state.error)
        if len(body) > MOST_BYTES:
            return HttpReply(413, "text/plain", {}, b"More than the tunnel takes.")
        number = next(self._request_ids) & 0xFFFFFFFF
        waiting: asyncio.Future[HttpReply] = asyncio.get_running_loop().create_future()
        self._requests[number] = waiting
        try:
            link.send(
                f.encode(
                    f.HttpRequest(
                        id=number,
                        method=method,
                        path=path,
                        query=query,
                        actor=actor,
                        type=type,
                        size=len(body),
                    )
                )
            )
            for piece in pieces(f.BODY, number, body):
                link.send(piece)
                await asyncio.sleep(PIECE_PAUSE_S)
            async with asyncio.timeout(REQUEST_S):
                return await waiting
        except TimeoutError:
            raise TunnelDown("the edge did not answer in time", late=True) from None
        finally:
            del self._requests[number]

    async def say_directory(self) -> None:
        """Send the directory as it is now; nothing while the tunnel is down, for it is sent when it comes up."""
        document = await self._user.directory()
        if document is not None and self.link is not None:
            self.link.send(f.encode(f.Directory(document=msgspec.Raw(document))))

    def say(self, message: f.FromOffice) -> None:
        """Send a numbered message, now and again until it has arrived."""
        try:
            frame = self._session.kept.add(lambda n: f.encode(msgspec.structs.replace(message, n=n)))
        except OverflowError:
            self._forget()
            return
        if self.link is not None:
            self.link.send(frame)

    def drop(self, call: EdgeCall) -> bool:
        """The call is over; False when it was already."""
        if self.calls.get(call.id) is not call:
            return False
        del self.calls[call.id]
        if call.stream is not None:
            self._streams.pop(call.stream, None)
        return True

    # -- the connection ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the tunnel open, for ever."""
        wait_s = FIRST_WAIT_S
        try:
            while True:
                began = self._clock.monotonic()
                least_s = await self._once()
                if self._clock.monotonic() - began > STEADY_S:
                    wait_s = FIRST_WAIT_S
                pause_s = max(least_s, wait_s) * (0.5 + self._random())
                if self.calls:  # somebody hears music until we are back
                    pause_s = min(pause_s, HURRY_S)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)
                await asyncio.sleep(pause_s)
        finally:
            self._forget()

    async def _once(self) -> float:
        """One connection from its beginning to its end; how long to wait at least before the next."""
        try:
            link = await self._connect()
        except NoEntry as error:
            self._down(_words(error))
            return REFUSED_WAIT_S if error.status in (401, 403, 404) else 0.0
        tasks = Supervisor()
        code, reason = 1000, ""
        try:
            async with tasks:
                if (write := getattr(link, "write", None)) is not None:
                    tasks.spawn("tunnel", write())
                async with asyncio.timeout(WELCOME_S):
                    welcome = await self._greet(link)
                if welcome is not None:
                    tasks.spawn("tunnel keep-alive", self._watch(link))
                    tasks.spawn("directory", self.say_directory())
                    await self._read(link)
        except f.BadFrame as error:
            code, reason = BAD_FRAME, str(error)
            log.warning("an edge broke the rules", extra={"edge": self.name, "reason": reason})
        except TimeoutError:
            code, reason = DEAD, "no welcome came"
        finally:
            self._broke(link)
            await link.close(code, reason)
        if self._brought and link.last_words.startswith(str(BAD_FRAME)):  # an edge that takes no calls over
            self._forget()
        self._down(reason or link.last_words or "the connection was lost")
        return REFUSED_WAIT_S if link.last_words.startswith(("4403", "4409", "4426")) else 0.0

    async def _greet(self, link: Link) -> f.Welcome | None:
        session = self._session
        link.send(
            f.encode(
                f.Hello(
                    version=f.VERSION,
                    session=session.id,
                    got=session.got.last,
                    sip=self._sip,
                    calls=tuple(self._brought),
                )
            )
        )
        frame = await link.receive()
        if frame is None:
            return None
        welcome = f.read_text(frame) if isinstance(frame, str) else None
        if not isinstance(welcome, f.Welcome):
            raise f.BadFrame("the first frame is not welcome")
        if welcome.version != f.VERSION:
            raise f.BadFrame(f"version {welcome.version} of the tunnel; this node speaks {f.VERSION}")
        if welcome.resumed:
            session.kept.arrived(welcome.got)
        elif not self._brought:
            self._begin_anew(session.id)
        self._take_brought(welcome)
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None
        for again in self._session.kept.again():
            link.send(again)
        self.link = link
        self.state = TunnelState("", welcome.edge, welcome.public_url, welcome.numbers)
        log.info("the tunnel is up", extra={"edge": self.name, "resumed": welcome.resumed})
        self._user.changed(self)
        return welcome

    def _take_brought(self, welcome: f.Welcome) -> None:
        """Calls of the last life go on, or are lost. Nothing else was said in this session before the edge knew it."""
        brought, self._brought = self._brought, []
        for name in brought:
            call = self.calls.get(name)
            stream = welcome.calls.get(name)
            if call is None:  # it has ended here, and the edge is told
                continue
            if stream:
                self._open_stream(call, stream)
            elif stream is None and self.drop(call) and call.side is not None:
                call.side.lost()

    async def _watch(self, link: Link) -> None:
        self._heard = self._clock.monotonic()
        while (silent_s := self._clock.monotonic() - self._heard) < DEAD_S:  # noqa: ASYNC110 - heard 50 times a second
            await asyncio.sleep(DEAD_S - silent_s + 0.05)
        self._broke(link)
        await link.close(DEAD, "nothing was heard for too long")

    def _broke(self, link: Link) -> None:
        """The connection has ended. Calls wait for the next one; requests do not."""
        if self.link is link:
            self.link = None
            self._hold()
        self._bodies, self._deliveries = Bodies(), Bodies()
        for waiting in self._requests.values():
            if not waiting.done():
                waiting.set_exception(TunnelDown("the connection was lost meanwhile", late=True))

    def _hold(self) -> None:
        """Calls wait for a connection, but not for ever."""
        if self._giving_up is None:
            self._giving_up = asyncio.get_running_loop().call_later(self._resume_s, self._forget)

    def _down(self, reason: str) -> None:
        if self.state.error != reason:
            log.warning("the tunnel is down", extra={"edge": self.name, "reason": reason})
        self.state = TunnelState(reason, self.state.edge, self.state.public_url, self.state.numbers)
        self._user.changed(self)

    def _forget(self) -> None:
        """The calls of this session are lost, and the next connection begins another."""
        self._giving_up = None
        self._brought.clear()
        self._begin_anew(_Session().id)

    def _begin_anew(self, session: str) -> None:
        self._session = _Session(session)
        for call in list(self.calls.values()):
            self.drop(call)
            if call.side is not None:
                call.side.lost()

    # -- what comes in ----------------------------------------------------------------------------------------------

    async def _read(self, link: Link) -> None:
        clock = self._clock.monotonic
        while (frame := await link.receive()) is not None:
            self._heard = clock()
            if isinstance(frame, str):
                self._take(f.read_text(frame), link)
            else:
                self._take_binary(f.read_binary(frame), link)

    def _take_binary(self, frame: f.Body, link: Link) -> None:
        if frame.kind == f.SOUND:
            call = self._streams.get(frame.stream)
            if call is not None and call.side is not None:
                call.side.sound(frame.payload, frame.number)
        elif frame.kind == f.BODY:
            answered = self._bodies.add(frame)
            if answered is not None:
                self._answer(*answered)
        else:
            delivered = self._deliveries.add(frame)
            if delivered is not None:
                self._begin_taking(*delivered, link)

    def _take(self, message: f.ToOffice, link: Link) -> None:
        if isinstance(message, f.Ping):
            self._session.kept.arrived(message.got)
            link.send(f.encode(f.Pong(got=self._session.got.last)))
        elif isinstance(message, f.HttpAnswer):
            if message.size:
                self._bodies.open(message.id, message.size, message)
            else:
                self._answer(message, b"")
        elif isinstance(message, f.Deliver):
            if message.size:
                self._deliveries.open(message.body, message.size, message)
            else:
                self._begin_taking(message, b"", link)
        elif isinstance(message, f.Event):
            self._user.event(message.topic, message.id, bytes(message.document))
        elif isinstance(message, f.Welcome):
            raise f.BadFrame("a second welcome")
        elif self._session.got.take(message.n):
            self._take_call(message)

    def _take_call(
        self,
        message: f.Call
        | f.Expect
        | f.Digit
        | f.Hangup
        | f.Ringing
        | f.Placed
        | f.PlaceAnswered
        | f.PlaceFailed,
    ) -> None:
        if isinstance(message, f.Call):
            self._offered(message)
            return
        if isinstance(message, f.Expect):
            self._user.expect(message.token, from_=message.from_, to=message.to, name=message.name)
            return
        call = self.calls.get(message.call)
        if call is None or call.side is None:  # it ended here, and the edge does not know yet
            return
        if isinstance(message, f.Digit):
            call.side.digit(message.digit)
        elif isinstance(message, f.Ringing):
            call.side.ringing()
        elif isinstance(message, f.Placed):
            call.side.placed(message.sid)
        elif isinstance(message, f.PlaceAnswered):
            self._open_stream(call, message.stream)
            call.side.answered()
        elif self.drop(call):
            if isinstance(message, f.PlaceFailed):
                call.side.failed(message.status, message.reason)
            else:
                call.side.hung_up(message.cause)

    def _offered(self, message: f.Call) -> None:
        if message.call in self.calls:
            raise f.BadFrame(f"call {message.call} is offered twice")
        call = self.calls[message.call] = EdgeCall(self, message.call, None)
        self._open_stream(call, message.stream)
        call.side = self._user.offered(call, from_=message.from_, to=message.to, name=message.name)

    def _open_stream(self, call: EdgeCall, stream: int) -> None:
        if stream in self._streams:
            raise f.BadFrame(f"stream {stream} is in use")
        call.stream = stream
        self._streams[stream] = call

    # -- answers and deliveries -------------------------------------------------------------------------------------

    def _answer(self, message: f.HttpAnswer, body: bytes) -> None:
        waiting = self._requests.get(message.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(HttpReply(message.status, message.type, message.headers, body))

    def _begin_taking(self, message: f.Deliver, body: bytes, link: Link) -> None:
        if message.id in self._taking:  # it is being written; the edge asks again later
            return
        if len(self._taking) >= MOST_DELIVERIES:
            raise f.BadFrame(f"more than {MOST_DELIVERIES} deliveries at once")
        self._taking.add(message.id)
        delivery = Delivery(message.id, message.kind, bytes(message.document), body)
        self._supervisor.spawn("delivery", self._keep(delivery, link))

    async def _keep(self, delivery: Delivery, link: Link) -> None:
        try:
            await self._user.take(delivery)
        except NeverTaken as error:
            (self.link or link).send(f.encode(f.Undelivered(id=delivery.id, reason=str(error)[:256])))
        else:
            (self.link or link).send(f.encode(f.Delivered(id=delivery.id)))
        finally:
            self._taking.discard(delivery.id)


def _words(error: NoEntry) -> str:
    if error.status in (401, 403):
        return "the edge does not know this office's key"
    if error.status == 404:
        return "there is no edge at this address"
    return error.reason
