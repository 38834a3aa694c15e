"""The office's end of a tunnel as frames: over a WebSocket, which this file opens.

`edge` inside the node gives its own link, which has the same methods.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from pbx.core.imports import imported
from pbx.core.names import http_names, system_lookup
from pbx.transport.tunnel.frames import MOST_TEXT, SOUND

if TYPE_CHECKING:
    from aiohttp import ClientSession, ClientWebSocketResponse

    from pbx.core.names import Lookup

__all__ = ["Link", "NoEntry", "WebSocketLink", "web_socket"]

MOST_SOUND = 128 * 1024
"""Bytes that may wait before sound is dropped: it is worth nothing later."""
MOST_WAITING = 32 * 1024 * 1024
CONNECT_S = 8.0
CLOSE_S = 2.0


class NoEntry(Exception):  # noqa: N818 - an answer, which the caller expects
    """The edge could not be reached, or does not let this office in; `status` is that of HTTP, 0 without an answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Link(Protocol):
    """One connection, whole frames in order."""

    def send(self, frame: str | bytes) -> None:
        """Never waits, never raises; nothing once the link is closed."""
        ...

    async def receive(self) -> str | bytes | None:
        """The next frame; None when the link has ended."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """May be called twice."""
        ...

    @property
    def last_words(self) -> str:
        """Why the other side has closed it, if it said so."""
        ...


class WebSocketLink:
    """Over aiohttp's WebSocket; `write` must run beside it."""

    def __init__(self, session: ClientSession, socket: ClientWebSocketResponse) -> None:
        self._session = session
        self._socket = socket
        self._frames: deque[str | bytes] = deque()
        self._bytes = 0
        self._wake: asyncio.Future[None] | None = None
        self._closed = False
        self.dropped = 0
        self.last_words = ""

    def send(self, frame: str | bytes) -> None:
        if self._closed:
            return
        is_sound = isinstance(frame, bytes) and frame[0] == SOUND
        if self._bytes > (MOST_SOUND if is_sound else MOST_WAITING):
            self.dropped += 1
            self._closed = not is_sound
            self._ready()
            return
        self._frames.append(frame)
        self._bytes += len(frame)
        self._ready()

    def _ready(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def write(self) -> None:
        """Send what there is to send, until the link ends."""
        socket, frames = self._socket, self._frames
        with suppress(ConnectionError, RuntimeError):
            while not self._closed:
                while frames:
                    frame = frames.popleft()
                    self._bytes -= len(frame)
                    if isinstance(frame, str):
                        await socket.send_str(frame)
                    else:
                        await socket.send_bytes(frame)
                self._wake = asyncio.get_running_loop().create_future()
                await self._wake
        await self.close(1011, "the edge does not read")

    async def receive(self) -> str | bytes | None:
        message = await self._socket.receive()
        if message.type in (1, 2):  # text and binary frames bring their data
            data: str | bytes = message.data
            return data
        if message.type == 8:
            self.last_words = f"{message.data} {message.extra or ''}".strip()
        return None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._closed = True
        self._ready()
        with suppress(ConnectionError, RuntimeError, TimeoutError):
            await self._socket.close(code=code, message=reason.encode()[:120])
        await self._session.close()


async def web_socket(
    address: str, key: str, tls: ssl.SSLContext | None, lookup: Lookup = system_lookup
) -> WebSocketLink:
    """Connect to the edge at `address` ("https://edge.example.com"). Raises `NoEntry`.

    aiohttp is imported here: the node answers SIP before it has been read.
    """
    await imported("aiohttp")
    import aiohttp

    url = f"{address.rstrip('/')}/tunnel"
    connector = aiohttp.TCPConnector(resolver=http_names(lookup))
    session = aiohttp.ClientSession(
        connector=connector, timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S)
    )
    try:
        async with asyncio.timeout(CONNECT_S):
            socket = await session.ws_connect(
                url,
                headers={"Authorization": f"Bearer {key}"},
                compress=0,
                max_msg_size=MOST_TEXT,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                ssl=tls if tls is not None else True,
            )
    except aiohttp.WSServerHandshakeError as error:
        await session.close()
        raise NoEntry(error.status, f"the edge answered {error.status}") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        await session.close()
        raise NoEntry(0, str(error) or type(error).__name__) from None
    except TimeoutError:
        await session.close()
        raise NoEntry(0, f"no answer within {CONNECT_S:g} s") from None
    except BaseException:
        await session.close()
        raise
    return WebSocketLink(session, socket)
