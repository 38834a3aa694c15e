"""SIP over WebSocket (RFC 7118): each WebSocket message is one SIP message, in both directions.

The HTTP server accepts the connection and calls `handle`; from then on it is a connection like one over TCP, with the
same limits. Whoever opened it cannot be reached in any other way: nothing is ever connected to from here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from pbx.core.names import host_of
from pbx.sip.errors import ParseError
from pbx.sip.framer import KeepAlive
from pbx.sip.hop import Hop
from pbx.sip.parser import parse
from pbx.transport.guard import Guard, Offence
from pbx.transport.stream import PONG, StreamLimits
from pbx.transport.tcp import StreamUser
from pbx.transport.udp import ShutsOut, nobody

if TYPE_CHECKING:
    from aiohttp import web

log = logging.getLogger(__name__)

PROTOCOL = "sip"
PING_S = 30.0
"""How often the browser is asked whether it is there; one that does not answer in half that time is cut off."""
FIRST_ID = 1 << 40
"""Connections are numbered apart from those over TCP and TLS."""


class Connection:
    """One open WebSocket and the messages that wait to be written to it."""

    __slots__ = ("cut", "has_carried", "hop", "id", "queue", "waiting")

    def __init__(self, hop: Hop) -> None:
        self.id = hop.connection
        self.hop = hop
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.waiting = 0
        self.cut = False
        self.has_carried = False

    def write(self, data: bytes, limit: int) -> bool:
        if self.cut:
            return False
        self.has_carried = True
        self.waiting += len(data)
        if self.waiting > limit:
            return False
        self.queue.put_nowait(data)
        return True

    def end(self) -> None:
        """Close after what waits has been written."""
        if not self.cut:
            self.cut = True
            self.queue.put_nowait(None)


class WebSocketListener:
    """Takes WebSocket connections from the HTTP server, and gives and takes SIP messages."""

    def __init__(self, *, guard: Guard, limits: StreamLimits, origins: Collection[str] = ()) -> None:
        """`origins` are pages, other than those of this node, whose scripts may connect ("https://example.org")."""
        self.guard = guard
        self.limits = limits
        self.shuts_out: ShutsOut = nobody
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        self._connections: dict[int, Connection] = {}
        self._per_source: Counter[str] = Counter()
        self._next_id = FIRST_ID
        self._user: StreamUser | None = None

    def __len__(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def start(self, user: StreamUser) -> None:
        """From now on connections are taken; before, and after `close`, they are refused with 503."""
        self._user = user

    async def close(self) -> None:
        """End every connection after what is queued on it."""
        self._user = None
        for connection in list(self._connections.values()):
            connection.end()

    def is_open(self, connection: int) -> bool:
        """Whether the connection of that number still stands."""
        found = self._connections.get(connection)
        return found is not None and not found.cut

    def send(self, data: bytes, hop: Hop) -> bool:
        """Send over the hop's own connection; False when it is gone."""
        connection = self._connections.get(hop.connection)
        if connection is None or connection.cut or connection.hop.remote_host != hop.remote_host:
            return False
        if connection.write(data, self.limits.max_backlog):
            return True
        self.guard.count(Offence.NOT_READING, connection.hop.remote_host)
        connection.end()
        return False

    def end(self, connection: int) -> None:
        """End the connection of that number, if it is here."""
        found = self._connections.get(connection)
        if found is not None:
            found.end()

    def cut(self) -> None:
        """End the connections of addresses that are shut out by now."""
        for connection in list(self._connections.values()):
            if self.shuts_out(connection.hop.remote_host):
                connection.end()

    # -- what the HTTP server calls --------------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One connection, from its handshake to its end (RFC 7118 4.1, 5)."""
        from aiohttp import web

        host = request.remote or ""
        if self.shuts_out(host) and request.transport is not None:
            request.transport.abort()
        refusal = self._refusal(request, host)
        if refusal:
            return web.Response(status=refusal)
        socket = web.WebSocketResponse(
            protocols=(PROTOCOL,), heartbeat=PING_S, max_msg_size=self.limits.max_message, compress=False
        )
        connection = self._enter(request, host)
        try:
            await socket.prepare(request)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(socket, connection))
                await self._read(socket, connection)
                connection.end()
        except* ConnectionError:
            pass
        finally:
            self._leave(connection)
        return socket

    def _refusal(self, request: web.Request, host: str) -> int:
        if self._user is None or self.shuts_out(host):
            return 503
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        if PROTOCOL not in (word.strip() for word in offered.split(",")):
            return 400  # a client that does not offer "sip" would not understand what comes
        if not self._is_welcome(request.headers.get("Origin"), request.host):
            return 403
        if (
            len(self._connections) >= self.limits.max_connections
            or self._per_source[host] >= self.limits.max_per_source
        ):
            self.guard.count(Offence.TOO_MANY_CONNECTIONS, host)
            return 503
        return 0

    def _is_welcome(self, origin: str | None, host: str) -> bool:
        """RFC 6455 10.2: only browsers send Origin, and only scripts of this node's own pages may connect."""
        if origin is None:
            return True
        return host_of(origin) == host.lower() or origin.rstrip("/").lower() in self._origins

    def _enter(self, request: web.Request, host: str) -> Connection:
        self._next_id += 1
        peer = request.transport.get_extra_info("peername") if request.transport is not None else None
        name = "WSS" if request.secure else "WS"
        connection = Connection(Hop(name, host, peer[1] if peer else 0, connection=self._next_id))
        self._connections[connection.id] = connection
        self._per_source[host] += 1
        return connection

    def _leave(self, connection: Connection) -> None:
        connection.cut = True
        self._connections.pop(connection.id, None)
        host = connection.hop.remote_host
        self._per_source[host] -= 1
        if not self._per_source[host]:
            del self._per_source[host]
        if self._user is not None and connection.has_carried:
            self._user.undeliverable(connection.hop)

    async def _write(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        try:
            while (data := await connection.queue.get()) is not None:
                try:
                    await socket.send_str(data.decode())
                except UnicodeDecodeError:
                    await socket.send_bytes(data)
                connection.waiting -= len(data)
        except (ConnectionError, RuntimeError):
            connection.cut = True
        with suppress(ConnectionError, RuntimeError):
            await socket.close()

    async def _read(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        """Until the peer goes, or has not said a word of SIP for too long."""
        from aiohttp import WSMsgType

        allowed_s = self.limits.message_s
        while True:
            try:
                frame = await socket.receive(timeout=allowed_s)
            except TimeoutError:
                if allowed_s == self.limits.message_s:
                    self.guard.count(Offence.SLOW_STREAM, connection.hop.remote_host)
                return
            if frame.type is WSMsgType.TEXT:
                data = frame.data.encode()
            elif frame.type is WSMsgType.BINARY:
                data = frame.data
            else:
                if frame.type is WSMsgType.ERROR:
                    self.guard.count(Offence.OVERLONG_STREAM, connection.hop.remote_host)
                return
            if not data.strip(b"\r\n"):
                connection.write(PONG, self.limits.max_backlog)
                continue
            allowed_s = self.limits.idle_s
            if not self._received(data, connection):
                return

    def _received(self, data: bytes, connection: Connection) -> bool:
        """One message; False when it is none, and the connection is to end."""
        user = self._user
        if user is None:
            return False
        try:
            message = parse(data)
        except ParseError as error:
            self.guard.count(Offence.MALFORMED, connection.hop.remote_host)
            user.received_malformed(error, connection.hop)
            return False
        if not isinstance(message, KeepAlive):
            user.received_message(message, connection.hop, data)
        return True
