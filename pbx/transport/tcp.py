"""SIP over TCP and TLS: a listener, the table of open connections, and new ones to peers we have none to.

Connections are reused in both directions (RFC 5923's effect without its alias parameter): a request inside a dialog
goes over the connection the dialog came in on. A TLS connection opened for one name is not used for another.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from contextvars import copy_context
from typing import Protocol

from pbx.core.tasks import Supervisor
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.transport.guard import Guard
from pbx.transport.stream import SipStream, StreamLimits
from pbx.transport.tcp_socket import BACKLOG, bind_tcp
from pbx.transport.udp import ShutsOut, family_of, nobody

log = logging.getLogger(__name__)

SWEEP_S = 1.0
HANDSHAKE_S = 5.0
"""How long a peer may take to agree on TLS."""

Peer = tuple[str, int, str]
"""Address, port, and the name its certificate has to prove ("" for none but the address)."""


_FIRST_ID = {"TCP": 0, "TLS": 1 << 32}
"""Connections are numbered apart, so that a number says which transport it belongs to."""


class StreamUser(Protocol):
    """Who reads what comes over connections: the driver."""

    def received_message(self, message: Request | Response, hop: Hop, raw: bytes = b"") -> None:
        """A message, and the bytes it came as."""
        ...

    def received_malformed(self, error: ParseError, hop: Hop) -> None: ...

    def undeliverable(self, hop: Hop) -> None: ...


class TcpListener:
    """Accepts, opens, finds and ends connections. With `server_tls` it speaks TLS, and nothing else."""

    def __init__(
        self,
        *,
        guard: Guard,
        limits: StreamLimits,
        transport_name: str = "TCP",
        client_tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        """`client_tls` gives the context for connections that we open."""
        self.guard = guard
        self.limits = limits
        self.transport_name = transport_name
        self.shuts_out: ShutsOut = nobody
        self._client_tls = client_tls
        self._sockets: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._port = 0
        self._next_id = _FIRST_ID[transport_name]
        self._streams: dict[int, SipStream] = {}
        self._by_peer: dict[Peer, int] = {}
        self._per_source: Counter[str] = Counter()
        self._waiting: dict[Peer, list[bytes]] = {}
        self._context = copy_context()  # a connection outlives the call that was first to need it
        self._user: StreamUser | None = None
        self._tasks: Supervisor | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many connections are open."""
        return len(self._streams)

    @property
    def port(self) -> int:
        """The port that is listened on; 0 before `bind`."""
        return self._port

    # -- life ------------------------------------------------------------------------------------------------------

    def bind(self, hosts: tuple[str, ...], port: int) -> None:
        """Bind and listen, nothing is accepted yet. Raises `OSError`; then nothing stays bound."""
        try:
            for host in hosts:
                self._sockets.append(bind_tcp(host, port))
                port = self._sockets[0].getsockname()[1]
        except BaseException:
            self.unbind()
            raise
        self._port = port

    def unbind(self) -> None:
        """Give back the sockets that nothing has been accepted on."""
        for sock in self._sockets:
            sock.close()
        self._sockets = []

    async def start(self, user: StreamUser, server_tls: ssl.SSLContext | None = None) -> None:
        """Begin to accept."""
        self._user = user
        self._tasks = Supervisor()
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            self._servers.append(
                await loop.create_server(
                    self._new_stream,
                    sock=sock,
                    backlog=BACKLOG,
                    ssl=server_tls,
                    ssl_handshake_timeout=HANDSHAKE_S if server_tls is not None else None,
                )
            )
        self._sockets = []
        self._sweeper = loop.call_later(SWEEP_S, self._sweep)

    async def close(self) -> None:
        """Stop accepting and end every connection after what is queued on it. May be called twice."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        self.unbind()
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
        # A number from before a restart may be another phone's now.
        if stream is not None and stream.is_open and stream.hop.remote_host == hop.remote_host:
            return stream.write(data)
        peer = (hop.remote_host, hop.remote_port, hop.server_name)
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
        self._tasks.spawn(f"connect {peer}", self._connect(peer), context=self._context)
        return True

    def is_open(self, connection: int) -> bool:
        """Whether the connection of that number still stands."""
        stream = self._streams.get(connection)
        return stream is not None and stream.is_open

    async def probe(self, hop: Hop) -> str:
        """Open a connection to see whether that works, and close it; "" when it does, else why not."""
        context = self._client_tls() if self._client_tls is not None else None
        host, port, server = _peer(hop)
        try:
            async with asyncio.timeout(self.limits.connect_s):
                _, writer = await asyncio.open_connection(
                    host, port, ssl=context, server_hostname=(server or host) if context is not None else None
                )
        except ssl.SSLCertVerificationError as error:
            return f"the certificate of {server or host} is not accepted ({error.verify_message})"
        except ssl.SSLError as error:
            return f"TLS is refused ({error.reason or error})"
        except TimeoutError:
            return f"{host} port {port} does not answer"
        except OSError as error:
            return f"{host} port {port}: {error.strerror or error}"
        writer.close()
        return ""

    def cut(self) -> None:
        """End the connections of addresses that are shut out by now."""
        for stream in list(self._streams.values()):
            if self.shuts_out(stream.hop.remote_host):
                stream.abort()

    async def _connect(self, peer: Peer) -> None:
        loop = asyncio.get_running_loop()
        host, port, server = peer
        try:
            context = self._client_tls() if self._client_tls is not None else None
            async with asyncio.timeout(self.limits.connect_s):
                _, stream = await loop.create_connection(
                    lambda: self._new_stream(server),
                    host,
                    port,
                    ssl=context,
                    server_hostname=(server or host) if context is not None else None,
                )
        except ssl.SSLError as error:
            why = getattr(error, "verify_message", "") or error.reason or str(error)
            log.warning("TLS refused", extra={"peer": host, "port": port, "asked_for": server, "error": why})
            stream = None
        except (OSError, TimeoutError) as error:
            log.debug("no connection", extra={"peer": host, "port": port, "error": str(error)})
            stream = None
        finally:
            waiting = self._waiting.pop(peer, [])
        if stream is not None:
            stream.trusted()
            if all(stream.write(data) for data in waiting):
                return
        if self._user is not None:
            self._user.undeliverable(Hop(self.transport_name, host, port, server_name=server))

    # -- what streams report ---------------------------------------------------------------------------------------

    def opened(self, stream: SipStream) -> bool:
        host = stream.hop.remote_host
        if len(self._streams) >= self.limits.max_connections:
            return False
        if self._per_source[host] >= self.limits.max_per_source or self._user is None:
            return False
        self._streams[stream.id] = stream
        self._by_peer[_peer(stream.hop)] = stream.id
        self._per_source[host] += 1
        return True

    def closed(self, stream: SipStream) -> None:
        if self._streams.pop(stream.id, None) is None:
            return
        peer = _peer(stream.hop)
        if self._by_peer.get(peer) == stream.id:
            del self._by_peer[peer]
        self._per_source[peer[0]] -= 1
        if not self._per_source[peer[0]]:
            del self._per_source[peer[0]]
        if self._user is not None and stream.has_carried:  # else nobody waits for anything on it
            self._user.undeliverable(stream.hop)

    def message(self, message: Request | Response, hop: Hop, raw: bytes) -> None:
        if self._user is not None:
            self._user.received_message(message, hop, raw)

    def malformed(self, error: ParseError, hop: Hop) -> None:
        if self._user is not None:
            self._user.received_malformed(error, hop)

    def _new_stream(self, server_name: str = "") -> SipStream:
        self._next_id += 1
        return SipStream(self, self._next_id, asyncio.get_running_loop().time, server_name)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for stream in list(self._streams.values()):
            stream.check(now)
        self._sweeper = loop.call_later(SWEEP_S, self._sweep)


def _peer(hop: Hop) -> Peer:
    return (hop.remote_host, hop.remote_port, hop.server_name)
