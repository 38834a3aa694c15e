"""One TCP or TLS connection that carries SIP: bytes in, complete messages out, with limits on what a peer may cost us.

RFC 3261 18.3 (framing by Content-Length) and RFC 5626 3.5.1 (CRLF CRLF is answered with CRLF). Must never know what a
message means.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol, cast

import msgspec
from msgspec.structs import replace

from pbx.sip.errors import ParseError
from pbx.sip.framer import KeepAlive, StreamFramer
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.transport.guard import Guard, Offence

PONG = b"\r\n"


class StreamLimits(msgspec.Struct, frozen=True):
    """What a peer on a stream may cost us."""

    message_s: float = 10.0  # until a message is complete, counted from the connection or from its first byte
    idle_s: float = 3600.0  # without a single byte; phones send keep-alives every few minutes
    max_message: int = 65535  # bytes
    max_backlog: int = 256 * 1024  # bytes that wait because the peer does not read
    max_connections: int = 2048
    max_per_source: int = 256  # an office of phones behind one NAT address is one source
    connect_s: float = 3.0  # until an outgoing connection stands


class StreamOwner(Protocol):
    """The table of connections."""

    limits: StreamLimits
    guard: Guard
    transport_name: str

    def shuts_out(self, host: str) -> bool:
        """Whether nothing from an address is read."""
        ...

    def opened(self, stream: SipStream) -> bool:
        """A connection stands; False when it is one too many."""
        ...

    def closed(self, stream: SipStream) -> None: ...

    def message(self, message: Request | Response, hop: Hop, raw: bytes) -> None: ...

    def malformed(self, error: ParseError, hop: Hop) -> None:
        """The bytes cannot be framed any more; the connection closes after this."""
        ...


class SipStream(asyncio.Protocol):
    """The protocol object of one connection, accepted or opened by us."""

    __slots__ = (
        "_clock",
        "_framer",
        "_last_byte_at",
        "_message_since",
        "_owner",
        "_transport",
        "has_carried",
        "hop",
        "id",
    )

    def __init__(
        self, owner: StreamOwner, connection: int, clock: Callable[[], float], server_name: str = ""
    ) -> None:
        """`server_name` is what the peer's certificate has proved, when we opened the connection for a name."""
        self.id = connection
        self.hop = Hop(owner.transport_name, "", 0, connection=connection, server_name=server_name)
        self.has_carried = False
        self._owner = owner
        self._clock = clock
        self._framer = StreamFramer(max_message=owner.limits.max_message)
        self._transport: asyncio.Transport | None = None
        self._last_byte_at = clock()
        self._message_since: float | None = self._last_byte_at

    # -- asyncio.Protocol ------------------------------------------------------------------------------------------

    def connection_made(self, base: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", base)  # uvloop's is one in all but class
        self._transport = transport
        peer = transport.get_extra_info("peername")
        if not peer:  # gone between accept and now
            transport.abort()
            return
        self.hop = replace(self.hop, remote_host=peer[0], remote_port=peer[1])
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._owner.shuts_out(peer[0]):
            transport.abort()
            return
        if not self._owner.opened(self):
            self._owner.guard.count(Offence.TOO_MANY_CONNECTIONS, self.hop.remote_host)
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self._last_byte_at = self._clock()
        try:
            messages = self._framer.feed(data)
        except ParseError as error:
            self._give_up(error)
            return
        if not self._framer.unfinished:
            self._message_since = None
        elif messages or self._message_since is None:
            self._message_since = self._last_byte_at
        for message, raw in zip(messages, self._framer.raw, strict=True):
            if not self.is_open:
                return  # an earlier message got this peer shut out
            if isinstance(message, KeepAlive):
                self.write(PONG)
            else:
                self._owner.message(message, self.hop, raw)
        if self._framer.error is not None:  # behind the whole messages came one that is not
            self._give_up(self._framer.error)

    def _give_up(self, error: ParseError) -> None:
        """The stream cannot be framed any more: say so and close."""
        overlong = error.status in (413, 513)
        self._owner.guard.count(
            Offence.OVERLONG_STREAM if overlong else Offence.MALFORMED, self.hop.remote_host
        )
        self._owner.malformed(error, self.hop)
        self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.closed(self)
        self._transport = None

    # -- for the table ---------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def write(self, data: bytes) -> bool:
        """Queue bytes for the peer; False when the connection is gone or is cut because the peer does not read."""
        if self._transport is None or self._transport.is_closing():
            return False
        self.has_carried = True
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > self._owner.limits.max_backlog:
            self.cut(Offence.NOT_READING)
            return False
        return True

    def check(self, now: float) -> None:
        """Cut the connection if a message takes too long or nothing has come for ages."""
        limits = self._owner.limits
        if self._message_since is not None and now - self._message_since > limits.message_s:
            self.cut(Offence.SLOW_STREAM)
        elif now - self._last_byte_at > limits.idle_s:
            self.close()

    def trusted(self) -> None:
        """We opened this connection: the peer owes us no first message."""
        self._message_since = None

    def cut(self, offence: Offence) -> None:
        """End the connection at once because of what the peer did."""
        self._owner.guard.count(offence, self.hop.remote_host)
        if self._transport is not None:
            self._transport.abort()

    def abort(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """End the connection after what is queued has been written."""
        if self._transport is not None:
            self._transport.close()
