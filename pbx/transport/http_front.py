"""What stands at the HTTP ports until the HTTP server is loaded, which is a fifth of a node's memory.

    connection ─► head of its first request ─┬─► answered here, and closed
                                             └─► waits for the server, which takes the connection and the head over

The server is loaded when the first connection needs it; connections that come later are its own from the start.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, cast

__all__ = ["HttpFront", "ServerProtocol"]

log = logging.getLogger(__name__)

HEAD_S = 30.0
"""So long may a head take."""
MOST_HEAD = 16 * 1024
BACKLOG = 128
_UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"
)

ServerProtocol = Callable[[], asyncio.Protocol]
"""Makes the HTTP server's protocol of one connection."""


class Answer(Protocol):
    """The whole answer to a head, where it needs no server."""

    def __call__(self, head: bytes, *, secure: bool) -> bytes | None: ...


class HttpFront:
    """`listen` on one or more sockets. `load` brings the server, and may be tried again where it failed."""

    def __init__(
        self,
        answer: Answer,
        load: Callable[[], Awaitable[ServerProtocol]],
        spawn: Callable[[str, Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self.answer = answer
        self._load = load
        self._spawn = spawn
        self._listening: list[asyncio.Server] = []
        self._server: ServerProtocol | None = None
        self._loading: asyncio.Task[None] | None = None
        self._first: set[FirstRequest] = set()

    async def listen(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        loop = asyncio.get_running_loop()
        self._listening.append(
            await loop.create_server(self._protocol, sock=listener, ssl=tls, backlog=BACKLOG)
        )

    async def load(self) -> None:
        """Returns when the server is there, or could not be had."""
        self._have_loaded()
        if self._loading is not None:
            await asyncio.wait([self._loading])

    async def close(self) -> None:
        """Take no more connections, and end those that the server does not have. Returns when no load is under way."""
        for each in self._listening:
            each.close()
        if self._loading is not None:
            await asyncio.wait([self._loading])
        for waiting in list(self._first):
            waiting.end()

    # -- what connections call -------------------------------------------------------------------------------------

    def opened(self, connection: FirstRequest) -> None:
        self._first.add(connection)

    def left(self, connection: FirstRequest) -> None:
        self._first.discard(connection)

    def serve(self, connection: FirstRequest) -> None:
        """Give it to the server, as soon as there is one."""
        if self._server is not None:
            connection.hand_over(self._server())
        else:
            self._have_loaded()

    # -- below -----------------------------------------------------------------------------------------------------

    def _protocol(self) -> asyncio.Protocol:
        return self._server() if self._server is not None else FirstRequest(self)

    def _have_loaded(self) -> None:
        """Unless it is or is being."""
        if self._server is None and self._loading is None:
            self._loading = self._spawn("HTTP server", self._bring())

    async def _bring(self) -> None:
        try:
            self._server = await self._load()
        finally:
            self._loading = None
            for each in [each for each in self._first if each.waits]:
                if self._server is not None:
                    each.hand_over(self._server())
                else:
                    each.end(_UNAVAILABLE)


class FirstRequest(asyncio.Protocol):
    """One connection until its first request is answered or handed over."""

    def __init__(self, front: HttpFront) -> None:
        self.waits = False
        self._front = front
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._too_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._too_late = asyncio.get_running_loop().call_later(HEAD_S, self.end)
        self._front.opened(self)

    def data_received(self, data: bytes) -> None:
        self._head += data
        transport, (head, end, _) = self._transport, self._head.partition(b"\r\n\r\n")
        if transport is None or (not end and len(self._head) <= MOST_HEAD):
            return
        secure = transport.get_extra_info("sslcontext") is not None
        answer = self._front.answer(bytes(head), secure=secure) if end else None
        if answer is not None:
            self.end(answer)
        else:
            self._forget_time()
            self.waits = True
            transport.pause_reading()
            self._front.serve(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()

    def hand_over(self, protocol: asyncio.Protocol) -> None:
        """From now on the connection is `protocol`'s, which is given what has come so far."""
        transport, head = self._transport, bytes(self._head)
        if transport is None:
            return
        self._gone()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        transport.resume_reading()
        protocol.data_received(head)

    def end(self, last_words: bytes = b"") -> None:
        """Close the connection after `last_words`."""
        transport = self._transport
        if transport is not None:
            self._gone()
            transport.write(last_words)
            transport.close()

    def _gone(self) -> None:
        self._transport = None
        self._front.left(self)
        self._forget_time()

    def _forget_time(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
