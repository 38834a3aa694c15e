"""The tunnel to one edge: kept open, found again when it breaks, and what goes through it.

The office connects, so no port of it is open. A session is one life of this node: calls outlive a broken connection for
`RESUME_S`, and what was said of them meanwhile arrives over the next. See `pbx/docs/tunnel.md`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable

import msgspec

from pbx.core.clock import Clock
from pbx.core.tasks import Supervisor
from pbx.transport.tunnel import frames as f
from pbx.transport.tunnel.calls import Calls, EdgeCall
from pbx.transport.tunnel.deliveries import Deliveries
from pbx.transport.tunnel.link import Link, NoEntry
from pbx.transport.tunnel.numbered import Got, Kept
from pbx.transport.tunnel.requests import HttpReply, Requests, TunnelDown
from pbx.transport.tunnel.user import CallSide, TunnelUser

__all__ = ["RESUME_S", "Tunnel"]

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
DEAD, BAD_FRAME = 4408, 4400

Connect = Callable[[], Awaitable[Link]]
_random = secrets.SystemRandom().random


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
        self.calls = Calls(self, user)
        self._connect = connect
        self._user = user
        self._sip = sip
        self._clock = clock
        self._random = random
        self._resume_s = resume_s
        self._session = _Session()
        self._giving_up: asyncio.TimerHandle | None = None
        self._brought: list[str] = []
        """Calls of the node's last life, until the edge has said which of them go on."""
        self._heard = 0.0
        self._requests = Requests()
        self._deliveries = Deliveries(user, supervisor, self._send)

    @property
    def is_up(self) -> bool:
        return self.link is not None

    # -- for the other parts ----------------------------------------------------------------------------------------

    def place(self, number: str, *, shown: str, timeout_s: int, side: CallSide) -> EdgeCall:
        """Have an outside number called. Raises `TunnelDown`."""
        if self.link is None:
            raise TunnelDown(self.state.error)
        return self.calls.place(number, shown=shown, timeout_s=timeout_s, side=side)

    def bring(self, name: str, side: CallSide) -> EdgeCall:
        """A call of this node's last life, which the edge holds, perhaps. Before `run`."""
        self._brought.append(name)
        self._hold()
        return self.calls.add(name, side)

    async def request(
        self, method: str, path: str, *, query: str = "", actor: str = "", type: str = "", body: bytes = b""
    ) -> HttpReply:
        """Ask the edge. Raises `TunnelDown`."""
        if self.link is None:
            raise TunnelDown(self.state.error)
        return await self._requests.ask(
            self.link, method, path, query=query, actor=actor, type=type, body=body
        )

    async def say_directory(self) -> None:
        """Send the directory as it is now; nothing while the tunnel is down, for it is sent when it comes up."""
        document = await self._user.directory()
        if document is not None:
            self._send(f.encode(f.Directory(document=msgspec.Raw(document))))

    def say(self, message: f.FromOffice) -> None:
        """Send a numbered message, now and again until it has arrived."""
        try:
            frame = self._session.kept.add(lambda n: f.encode(msgspec.structs.replace(message, n=n)))
        except OverflowError:
            self._forget()
            return
        self._send(frame)

    def _send(self, frame: str) -> None:
        """Nothing while the tunnel is down."""
        if self.link is not None:
            self.link.send(frame)

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
                self.calls.open_stream(call, stream)
            elif stream is None:
                self.calls.lose(call)

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
        self._requests.broke()
        self._deliveries.broke()

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
        self.calls.lose_all()

    # -- what comes in ----------------------------------------------------------------------------------------------

    async def _read(self, link: Link) -> None:
        clock = self._clock.monotonic
        while (frame := await link.receive()) is not None:
            self._heard = clock()
            if isinstance(frame, str):
                self._take(f.read_text(frame), link)
            else:
                self._take_binary(f.read_binary(frame))

    def _take_binary(self, frame: f.Body) -> None:
        if frame.kind == f.SOUND:
            self.calls.take_sound(frame)
        elif frame.kind == f.BODY:
            self._requests.take_piece(frame)
        else:
            self._deliveries.take_piece(frame)

    def _take(self, message: f.ToOffice, link: Link) -> None:
        if isinstance(message, f.Ping):
            self._session.kept.arrived(message.got)
            link.send(f.encode(f.Pong(got=self._session.got.last)))
        elif isinstance(message, f.HttpAnswer):
            self._requests.take(message)
        elif isinstance(message, f.Deliver):
            self._deliveries.take(message)
        elif isinstance(message, f.Event):
            self._user.event(message.topic, message.id, bytes(message.document))
        elif isinstance(message, f.Welcome):
            raise f.BadFrame("a second welcome")
        elif self._session.got.take(message.n):
            self.calls.take(message)


def _words(error: NoEntry) -> str:
    if error.status in (401, 403):
        return "the edge does not know this office's key"
    if error.status == 404:
        return "there is no edge at this address"
    return error.reason
