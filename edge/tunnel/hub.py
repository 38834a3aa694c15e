"""All offices that are connected to this edge, and what goes between them and its other parts.

An office has one session at a time. Its newest connection counts: one that comes while another stands takes its place.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from edge.background import Background
from edge.clock import Clock
from edge.offices import Offices
from edge.tunnel import frames as f
from edge.tunnel.bodies import Bodies, pieces
from edge.tunnel.deliveries import PIECE_PAUSE_S, Deliveries
from edge.tunnel.link import Cut, Link
from edge.tunnel.session import RESUME_S, CallSide, Session, TunnelCall

__all__ = ["Asks", "Hub", "Welcoming"]

log = logging.getLogger(__name__)

HELLO_S = 10.0
PING_S = 2.0
DEAD_S = 6.0
"""A connection that says nothing for so long is dead: an office answers every ping."""
MOST_REQUESTS = 32
"""Requests of one office under way at once."""

BAD_FRAME, REPLACED, OTHER_VERSION, DEAD = 4400, 4409, 4426, 4408
"""WebSocket close codes, after the HTTP statuses they resemble."""


class Reply(Protocol):
    """An answer to an office's request."""

    @property
    def status(self) -> int: ...
    @property
    def body(self) -> bytes: ...
    @property
    def type(self) -> str: ...
    @property
    def headers(self) -> dict[str, str]: ...


Asks = Callable[[str, f.HttpRequest, bytes], Awaitable[Reply]]
"""Answers a request of an office: its id, the request, the body."""


@dataclass(frozen=True, slots=True)
class Welcoming:
    """What an office is told of this edge."""

    edge: str
    public_url: str


class Hub:
    """`asks` answers the offices' requests. `on_directory` and `on_place` are set by whoever takes those."""

    def __init__(
        self,
        offices: Offices,
        deliveries: Deliveries,
        background: Background,
        clock: Clock,
        *,
        welcoming: Welcoming,
        asks: Asks,
        resume_s: float = RESUME_S,
    ) -> None:
        self.deliveries = deliveries
        self.on_directory: Callable[[str, bytes], Awaitable[None]] = _no_directory
        self.on_place: Callable[[Session, f.Place], None] = _no_calls_out
        self._offices = offices
        self._background = background
        self._clock = clock
        self._welcoming = welcoming
        self._asks = asks
        self._resume_s = resume_s
        self._sessions: dict[str, Session] = {}

    # -- for the other parts ----------------------------------------------------------------------------------------

    def online(self, office: str) -> bool:
        """Whether the office can be reached now."""
        session = self._sessions.get(office)
        return session is not None and session.link is not None

    def offer(
        self, office: str, call: str, side: CallSide, *, from_: str, to: str, name: str = "", at: int = 0
    ) -> TunnelCall | None:
        """Tell the office of a call; None when it is not connected."""
        session = self._sessions.get(office)
        if session is None or session.link is None or session.find(call) is not None:
            return None
        opened = session.open(call, side)
        session.say(
            f.Call(call=call, stream=opened.stream, from_=from_[:64], to=to[:64], name=name[:256], at=at)
        )
        return opened

    def by_sip(self, office: str) -> str:
        """Where an office that is connected wants its calls by SIP; "" for streams."""
        session = self._sessions.get(office)
        return session.sip if session is not None and session.link is not None else ""

    def expect(self, office: str, call: str, token: str, *, from_: str, to: str, name: str = "") -> None:
        """Tell the office of a call that comes by SIP."""
        session = self._sessions.get(office)
        if session is not None:
            session.say(f.Expect(call=call, token=token, from_=from_[:64], to=to[:64], name=name[:256]))

    async def deliver(
        self, office: str, kind: str, document: msgspec.Struct, body: bytes = b"", *, id: str = ""
    ) -> str:
        """Durable when it returns; the office gets it when it is there. Raises `TooLarge`."""
        return await self.deliveries.put(office, kind, document, body, id=id)

    def tell(self, office: str, topic: str, document: msgspec.Struct) -> None:
        """A live event, for an office that is connected: fits `Events.listen`."""
        session = self._sessions.get(office)
        if session is not None and session.link is not None:
            about = str(getattr(document, "id", ""))
            raw = msgspec.Raw(msgspec.json.encode(document))
            session.link.send(f.encode(f.Event(topic=topic, id=about[:256], document=raw)))

    # -- a connection -----------------------------------------------------------------------------------------------

    async def serve(self, office: str, link: Link) -> None:
        """Carry a connection of an office to its end."""
        code, reason = 1000, ""
        try:
            async with asyncio.timeout(HELLO_S):
                session = await self._greet(office, link)
            connection = _Connection(self, session, link)
            try:
                await connection.run()
            finally:
                session.broke(link)
                if not session.is_over and len(session) == 0 and session.link is None:
                    log.info("an office has gone", extra={"office": office})
        except f.BadFrame as error:
            code, reason = BAD_FRAME, str(error)
            log.warning("an office broke the rules", extra={"office": office, "reason": reason})
        except Cut as cut:
            code, reason = cut.code, cut.reason
            log.info("an office was cut off", extra={"office": office, "reason": reason})
        except TimeoutError:
            code, reason = DEAD, "no hello came"
        finally:
            await link.close(code, reason)

    async def _greet(self, office: str, link: Link) -> Session:
        frame = await link.receive()
        hello = f.read_text(frame) if isinstance(frame, str) else None
        if not isinstance(hello, f.Hello):
            raise f.BadFrame("the first frame is not hello")
        if hello.version != f.VERSION:
            raise Cut(OTHER_VERSION, f"version {hello.version} of the tunnel; this edge speaks {f.VERSION}")
        numbers = [each.e164 for each in await self._offices.numbers(office)]
        session, resumed = await self._session(office, hello.session, hello.calls)
        session.sip = hello.sip
        welcome = f.Welcome(
            version=f.VERSION,
            edge=self._welcoming.edge,
            public_url=self._welcoming.public_url,
            numbers=tuple(numbers),
            got=session.got.last,
            resumed=resumed,
            calls=session.held(hello.calls),
        )
        session.carry_on(link, hello.got if resumed else 0, welcome)
        log.info("an office is connected", extra={"office": office, "resumed": resumed})
        return session

    async def _session(self, office: str, name: str, calls: Sequence[str]) -> tuple[Session, bool]:
        """The session of that name, and whether it was known. Another one of the office ends, but for these calls."""
        known = self._sessions.get(office)
        if known is not None and known.link is not None:
            link = known.link
            known.broke(link)
            await link.close(REPLACED, "another connection has taken the place of this one")
        if known is not None and known.id == name and not known.is_over:
            return known, True
        if known is not None and calls and not known.is_over:
            known.renew(name, frozenset(calls))
            return known, False
        session = self._sessions[office] = Session(office, name, resume_s=self._resume_s)
        if known is not None:
            known.end()
        return session, False


class _Connection:
    """One connection at work."""

    def __init__(self, hub: Hub, session: Session, link: Link) -> None:
        self._hub = hub
        self._session = session
        self._link = link
        self._bodies: Bodies[f.HttpRequest] = Bodies()
        self._requests = 0
        self._heard = hub._clock.monotonic()

    async def run(self) -> None:
        """Read until the connection ends. Raises `BadFrame`."""
        session, link, hub = self._session, self._link, self._hub
        tasks = [
            hub._background.spawn("tunnel keep-alive", self._keep_alive()),
            hub._background.spawn("deliveries", hub.deliveries.carry(session.office, link)),
        ]
        clock = hub._clock.monotonic
        try:
            while (frame := await link.receive()) is not None:
                self._heard = clock()
                if isinstance(frame, bytes):
                    self._take_binary(frame)
                else:
                    await self._take(f.read_text(frame))
        finally:
            for task in tasks:
                task.cancel()

    async def _keep_alive(self) -> None:
        clock = self._hub._clock
        while clock.monotonic() - self._heard < DEAD_S:
            self._link.send(f.encode(f.Ping(got=self._session.got.last)))
            await clock.sleep(PING_S)
        self._session.broke(self._link)
        await self._link.close(DEAD, "nothing was heard for too long")

    def _take_binary(self, frame: bytes) -> None:
        if frame[:1] == _SOUND:
            sound = f.read_binary(frame)
            call = self._session.on_stream(sound.stream)
            if call is not None:  # else it is over, and the office does not know yet
                call.side.sound(sound.payload, sound.number)
            return
        whole = self._bodies.add(f.read_binary(frame))
        if whole is not None:
            self._ask(*whole)

    async def _take(self, message: f.FromOffice) -> None:
        session, deliveries = self._session, self._hub.deliveries
        if isinstance(message, f.Pong):
            session.kept.arrived(message.got)
        elif isinstance(message, f.Directory):
            await self._hub.on_directory(session.office, bytes(message.document))
        elif isinstance(message, f.HttpRequest):
            if message.size:
                self._bodies.open(message.id, message.size, message)
            else:
                self._ask(message, b"")
        elif isinstance(message, f.Delivered):
            await deliveries.delivered(session.office, message.id)
        elif isinstance(message, f.Undelivered):
            await deliveries.refused(session.office, message.id, message.reason)
        elif isinstance(message, f.Hello):
            raise f.BadFrame("a second hello")
        elif session.got.take(message.n):
            self._take_call(message)

    def _take_call(
        self, message: f.Ringing | f.Answer | f.Refuse | f.Hangup | f.Digits | f.Clear | f.Place
    ) -> None:
        session = self._session
        if isinstance(message, f.Place):
            if session.find(message.call) is not None:
                raise f.BadFrame(f"call {message.call} is placed twice")
            self._hub.on_place(session, message)
            return
        call = session.find(message.call)
        if call is None:  # it ended here, and the office does not know yet
            return
        if isinstance(message, f.Ringing):
            call.side.ringing()
        elif isinstance(message, f.Answer):
            call.side.answered()
        elif isinstance(message, f.Digits):
            call.side.digits(message.digits)
        elif isinstance(message, f.Clear):
            call.side.clear()
        elif session.drop(call):
            if isinstance(message, f.Refuse):
                call.side.refused(message.status, message.reason)
            else:
                call.side.hung_up(message.cause)

    # -- requests ---------------------------------------------------------------------------------------------------

    def _ask(self, request: f.HttpRequest, body: bytes) -> None:
        if self._requests >= MOST_REQUESTS:
            self._link.send(f.encode(f.HttpAnswer(id=request.id, status=503, type="text/plain")))
            return
        self._requests += 1
        self._hub._background.spawn("request of an office", self._answer(request, body))

    async def _answer(self, request: f.HttpRequest, body: bytes) -> None:
        link = self._link
        try:
            reply = await self._hub._asks(self._session.office, request, body)
        finally:
            self._requests -= 1
        answer = f.HttpAnswer(
            id=request.id,
            status=reply.status,
            type=reply.type,
            headers=reply.headers,
            size=len(reply.body),
        )
        link.send(f.encode(answer))
        for piece in pieces(f.BODY, request.id, reply.body):
            link.send(piece)
            await asyncio.sleep(PIECE_PAUSE_S)


_SOUND = bytes((f.SOUND,))


async def _no_directory(_office: str, _document: bytes) -> None:
    """Nobody keeps directories."""


def _no_calls_out(session: Session, place: f.Place) -> None:
    session.say(f.PlaceFailed(call=place.call, status=503, reason="This edge places no calls"))
