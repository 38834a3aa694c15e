"""One HTTP/2 connection to a push service: many requests at once over `h2`, on asyncio.

Apple closes connections when it likes (GOAWAY), and some break without a word. So a request that was not processed for
certain fails with `UnprocessedError`, one that may have been with `BrokenOffError`; none waits longer than its time.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
import hpack
from aiohttp.abc import AbstractResolver

MOST_BODY = 65536

Header = tuple[str, str] | hpack.NeverIndexedHeaderTuple


class UnprocessedError(Exception):
    """The peer has not looked at this request: it may be sent again at once."""


class BrokenOffError(Exception):
    """No answer came, and nobody knows whether the request was processed."""


@dataclass(slots=True)
class Reply:
    """A response."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(slots=True)
class _Stream:
    done: asyncio.Future[Reply]
    reply: Reply = field(default_factory=lambda: Reply(0))


class _PlainEncoder(hpack.Encoder):
    """Without Huffman coding, which costs more than all else and saves some bytes of a header in each request."""

    def encode(self, headers: Iterable[Any], huffman: bool = False) -> bytes:
        return super().encode(headers, huffman)


class Http2(asyncio.Protocol):
    """A connection. `usable` says whether new requests may go over it."""

    def __init__(self) -> None:
        config = h2.config.H2Configuration(
            client_side=True,
            header_encoding="utf-8",
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self._h2 = h2.connection.H2Connection(config)
        self._h2.encoder = _PlainEncoder()
        self._flushing = False
        self._transport: asyncio.Transport | None = None
        self._streams: dict[int, _Stream] = {}
        self._room = asyncio.Event()
        self._pong: asyncio.Future[None] | None = None
        self._settled = asyncio.get_running_loop().create_future()
        self.closed = asyncio.get_running_loop().create_future()
        self.draining = False
        self.why_closed = ""

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        timeout_s: float,
        names: AbstractResolver | None = None,
    ) -> Http2:
        """Connected, and the peer's settings are known. Raises `OSError`, `TimeoutError`."""
        async with asyncio.timeout(timeout_s):
            connection = await cls._connected(host, port, tls, names)
            try:
                await asyncio.wait([connection._settled, connection.closed], return_when="FIRST_COMPLETED")
            except BaseException:
                connection.close()
                raise
        if not connection.usable:
            raise ConnectionResetError(connection.why_closed or "closed at once")
        return connection

    @classmethod
    async def _connected(
        cls, host: str, port: int, tls: ssl.SSLContext | None, names: AbstractResolver | None
    ) -> Http2:
        found = [host]
        if names is not None:
            found = [each["host"] for each in await names.resolve(host, port, socket.AF_UNSPEC)]
        loop, name = asyncio.get_running_loop(), host if tls is not None else None
        for left, address in zip(range(len(found) - 1, -1, -1), found, strict=True):
            try:
                _, connection = await loop.create_connection(
                    cls, address, port, ssl=tls, server_hostname=name
                )
            except OSError:
                if not left:
                    raise
            else:
                return connection
        raise ConnectionError(f"{host} has no address")

    @property
    def usable(self) -> bool:
        return not self.draining and not self.closed.done()

    # -- requests --------------------------------------------------------------------------------------------------

    async def request(self, headers: Sequence[Header], body: bytes, timeout_s: float) -> Reply:
        """One request. Raises `UnprocessedError`, `BrokenOffError`; the latter too when no answer came in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._wait_for_room(len(body))
                number = self._begin(headers, body)
                stream = self._streams[number] = _Stream(asyncio.get_running_loop().create_future())
                try:
                    return await stream.done
                finally:
                    if self._streams.pop(number, None) is not None and not stream.done.done():
                        self._abandon(number)
        except TimeoutError:
            raise BrokenOffError("no answer in time") from None

    async def _wait_for_room(self, size: int) -> None:
        """Until the peer takes one more stream, and so many bytes."""
        while True:
            if not self.usable:
                raise UnprocessedError(self.why_closed or "the connection is closing")
            most = self._h2.remote_settings.max_concurrent_streams
            window = self._h2.outbound_flow_control_window
            if len(self._streams) < most and size <= window:
                return
            self._room.clear()
            await self._room.wait()

    def _begin(self, headers: Sequence[Header], body: bytes) -> int:
        try:
            number = self._h2.get_next_available_stream_id()
            self._h2.send_headers(number, headers)
            self._h2.send_data(number, body, end_stream=True)
        except h2.exceptions.ProtocolError as error:  # out of stream numbers, or closed meanwhile
            self.draining = True
            raise UnprocessedError(str(error)) from error
        self._flush_soon()
        return number

    def _abandon(self, number: int) -> None:
        """Nobody waits for this answer any more."""
        if self.closed.done():
            return
        try:
            self._h2.reset_stream(number, h2.errors.ErrorCodes.CANCEL)
        except h2.exceptions.ProtocolError:
            return
        self._flush()

    async def ping(self, timeout_s: float) -> bool:
        """Whether the peer is still there."""
        if self.closed.done():
            return False
        if self._pong is None or self._pong.done():
            self._pong = asyncio.get_running_loop().create_future()
            self._h2.ping(struct.pack("!Q", 0x62656C6C))
            self._flush()
        done, _ = await asyncio.wait(
            [self._pong, self.closed], timeout=timeout_s, return_when="FIRST_COMPLETED"
        )
        return self._pong in done

    def drain(self) -> None:
        """No new requests; it closes when the last answer is there."""
        self.draining = True
        self._close_when_idle()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio.Protocol ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(1 << 24)
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            for event in self._h2.receive_data(data):
                self._take(event)
        except h2.exceptions.ProtocolError as error:
            self.why_closed = f"protocol error: {error}"
            self._flush()
            self.close()
            return
        self._flush()
        self._room.set()
        self._close_when_idle()

    def connection_lost(self, exc: Exception | None) -> None:
        self.why_closed = self.why_closed or (str(exc) if exc else "connection closed")
        if not self.closed.done():
            self.closed.set_result(None)
        for stream in self._streams.values():
            _fail(stream, BrokenOffError(self.why_closed))
        self._room.set()

    # -- what the peer says ----------------------------------------------------------------------------------------

    def _take(self, event: h2.events.Event) -> None:
        number = getattr(event, "stream_id", None)
        stream = self._streams.get(number) if number else None
        match event:
            case h2.events.DataReceived(data=data, flow_controlled_length=length):
                if length and number:
                    self._h2.acknowledge_received_data(length, number)
                if stream is not None and len(stream.reply.body) < MOST_BODY:
                    stream.reply.body += data or b""
            case h2.events.ConnectionTerminated(last_stream_id=last, additional_data=text):
                self._going(last or 0, (text or b"").decode("utf-8", "replace"))
            case h2.events.RemoteSettingsChanged() if not self._settled.done():
                self._settled.set_result(None)
            case h2.events.PingAckReceived() if self._pong is not None and not self._pong.done():
                self._pong.set_result(None)
            case _ if stream is not None:
                _of_stream(stream, event)

    def _going(self, last: int, text: str) -> None:
        """GOAWAY: what is above `last` was not processed, what is not above may still be answered."""
        self.draining = True
        self.why_closed = f"the server said goodbye {text}".strip()
        for number, stream in self._streams.items():
            if number > last:
                _fail(stream, UnprocessedError(self.why_closed))

    def _close_when_idle(self) -> None:
        if self.draining and self._transport is not None:
            waiting = any(not each.done.done() for each in self._streams.values())
            if not waiting:
                self._transport.close()

    def _flush_soon(self) -> None:
        """Requests of the same moment go out together, in one TLS record."""
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._transport is not None and not self._transport.is_closing():
            data = self._h2.data_to_send()
            if data:
                self._transport.write(data)


def _of_stream(stream: _Stream, event: h2.events.Event) -> None:
    match event:
        case h2.events.ResponseReceived(headers=headers):
            fields = {_text(name): _text(value) for name, value in headers or ()}
            stream.reply.status = int(fields.pop(":status", "0"))
            stream.reply.headers = fields
        case h2.events.StreamEnded() if not stream.done.done():
            stream.done.set_result(stream.reply)
        case h2.events.StreamReset(error_code=code):
            refused = code == h2.errors.ErrorCodes.REFUSED_STREAM
            _fail(stream, (UnprocessedError if refused else BrokenOffError)(f"stream reset, code {code}"))


def _fail(stream: _Stream, error: Exception) -> None:
    if not stream.done.done():
        stream.done.set_exception(error)


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
