"""SIP over TCP: a listener, the table of open connections, and new ones to peers we have none to.

Connections are reused in both directions (RFC 5923's effect without its alias parameter): a request inside a dialog
goes over the connection the dialog came in on.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from typing import Protocol

from pbx.core.tasks import Supervisor
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.transport.guard import Guard
from pbx.transport.stream import SipStream, StreamLimits
from pbx.transport.udp import family_of

log = logging.getLogger(__name__)

BACKLOG = 512
SWEEP_S = 1.0


class StreamUser(Protocol):
    """Who reads what comes over connections: the driver."""

    def received_message(self, message: Request | Response, hop: Hop) -> None: ...

    def received_malformed(self, error: ParseError, hop: Hop) -> None: ...

    def undeliverable(self, hop: Hop) -> None: ...


def bind_tcp(host: str, port: int) -> socket.socket:
    """A bound TCP socket that does not listen yet. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        # Listening is what makes a second process fail, and it must fail before anything else starts.
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


class TcpListener:
    """Accepts, opens, finds and ends connections."""

    transport_name = "TCP"

    def __init__(self, *, guard: Guard, limits: StreamLimits) -> None:
        self.guard = guard
        self.limits = limits
        self._sockets: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._next_id = 0
        self._streams: dict[int, SipStream] = {}
        self._by_peer: dict[tuple[str, int], int] = {}
        self._per_source: Counter[str] = Counter()
        self._waiting: dict[tuple[str, int], list[bytes]] = {}
        self._user: StreamUser | None = None
        self._tasks: Supervisor | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many connections are open."""
        return len(self._streams)

    # -- life ------------------------------------------------------------------------------------------------------

    def bind(self, hosts: tuple[str, ...], port: int) -> None:
        """Bind and listen, nothing is accepted yet. Raises `OSError`; then nothing stays bound."""
        try:
            self._sockets = [bind_tcp(host, port) for host in hosts]
        except BaseException:
            for sock in self._sockets:
                sock.close()
            self._sockets = []
            raise

    async def start(self, user: StreamUser) -> None:
        """Begin to accept."""
        self._user = user
        self._tasks = Supervisor()
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            self._servers.append(await loop.create_server(self._new_stream, sock=sock, backlog=BACKLOG))
        self._sockets = []
        self._sweeper = loop.call_later(SWEEP_S, self._sweep)

    async def close(self) -> None:
        """Stop accepting and end every connection after what is queued on it. May be called twice."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for sock in self._sockets:
            sock.close()
        self._sockets = []
        for server in self._servers:
            server.close()
        self._servers = []
        self._user = None
        if self._tasks is not None:
            await self._tasks.aclose()
        for stream in list(self._streams.values()):
            stream.close()

    # -- sending ---------------------------------------------------------------------------------------------------

    def send(self, data: bytes, hop: Hop) -> bool:
        """Send over the hop's connection, any other to the same peer, or a new one; False when that cannot work.

        A connection that fails later is reported to `undeliverable`.
        """
        stream = self._streams.get(hop.connection)
        if stream is not None and stream.is_open:
            return stream.write(data)
        peer = (hop.remote_host, hop.remote_port)
        stream = self._streams.get(self._by_peer.get(peer, 0))
        if stream is not None and stream.is_open:
            return stream.write(data)
        waiting = self._waiting.get(peer)
        if waiting is not None:
            waiting.append(data)
            return sum(map(len, waiting)) <= self.limits.max_backlog
        if self._tasks is None or self._user is None or not family_of(hop.remote_host):
            return False
        if len(self._streams) + len(self._waiting) >= self.limits.max_connections:
            return False
        self._waiting[peer] = [data]
        self._tasks.spawn(f"connect {peer}", self._connect(peer))
        return True

    def is_open(self, connection: int) -> bool:
        """Whether the connection of that number still stands."""
        stream = self._streams.get(connection)
        return stream is not None and stream.is_open

    async def _connect(self, peer: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.limits.connect_s):
                _, stream = await loop.create_connection(self._new_stream, peer[0], peer[1])
        except (OSError, TimeoutError) as error:
            log.debug("no TCP connection", extra={"peer": peer[0], "port": peer[1], "error": str(error)})
            stream = None
        finally:
            waiting = self._waiting.pop(peer, [])
        if stream is not None:
            stream.trusted()
            if all(stream.write(data) for data in waiting):
                return
        if self._user is not None:
            self._user.undeliverable(Hop(self.transport_name, peer[0], peer[1]))

    # -- what streams report ---------------------------------------------------------------------------------------

    def opened(self, stream: SipStream) -> bool:
        host = stream.hop.remote_host
        if len(self._streams) >= self.limits.max_connections:
            return False
        if self._per_source[host] >= self.limits.max_per_source or self._user is None:
            return False
        self._streams[stream.id] = stream
        self._by_peer[host, stream.hop.remote_port] = stream.id
        self._per_source[host] += 1
        return True

    def closed(self, stream: SipStream) -> None:
        if self._streams.pop(stream.id, None) is None:
            return
        peer = (stream.hop.remote_host, stream.hop.remote_port)
        if self._by_peer.get(peer) == stream.id:
            del self._by_peer[peer]
        self._per_source[peer[0]] -= 1
        if not self._per_source[peer[0]]:
            del self._per_source[peer[0]]
        if self._user is not None and stream.has_carried:  # else nobody waits for anything on it
            self._user.undeliverable(stream.hop)

    def message(self, message: Request | Response, hop: Hop) -> None:
        if self._user is not None:
            self._user.received_message(message, hop)

    def malformed(self, error: ParseError, hop: Hop) -> None:
        if self._user is not None:
            self._user.received_malformed(error, hop)

    def _new_stream(self) -> SipStream:
        self._next_id += 1
        return SipStream(self, self._next_id, asyncio.get_running_loop().time)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for stream in list(self._streams.values()):
            stream.check(now)
        self._sweeper = loop.call_later(SWEEP_S, self._sweep)
