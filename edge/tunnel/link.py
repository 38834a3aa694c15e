"""Ways that frames go: a WebSocket, or two queues in one process.

Sending never waits. Sound that cannot leave is dropped, since it is worth nothing later; a link that takes nothing else
either is cut.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import Any, Protocol

from edge.tunnel.frames import SOUND

__all__ = ["Cut", "Link", "LocalLink", "WebSocketLink"]

log = logging.getLogger(__name__)

MOST_SOUND = 128 * 1024
"""Bytes that may wait before sound is dropped: about eight seconds of one call, a tenth of one of eighty."""
MOST_WAITING = 32 * 1024 * 1024


class Cut(Exception):  # noqa: N818 - a way for a link to end
    """This side ends the link: the WebSocket close code, and why."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
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


class WebSocketLink:
    """Over aiohttp's WebSocket of either side; `write` must run beside it."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._frames: deque[str | bytes] = deque()
        self._bytes = 0
        self._wake: asyncio.Future[None] | None = None
        self._closed = False
        self.dropped = 0

    def send(self, frame: str | bytes) -> None:
        if self._closed:
            return
        is_sound = isinstance(frame, bytes) and frame[:1] == bytes((SOUND,))
        if self._bytes > (MOST_SOUND if is_sound else MOST_WAITING):
            self.dropped += 1
            if not is_sound:
                self._closed = True
                self._ready()
            return
        self._frames.append(frame)
        self._bytes += len(frame)
        self._ready()

    @property
    def unsent(self) -> int:
        """Bytes that wait to be written."""
        return self._bytes

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
        await self.close(1011, "the other side does not read")

    async def receive(self) -> str | bytes | None:
        message = await self._socket.receive()
        data = message.data
        # Text and binary frames bring their data; CLOSE brings a number, the others None or an exception.
        return data if message.type in (1, 2) else None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._closed = True
        self._ready()
        with suppress(ConnectionError, RuntimeError, TimeoutError):
            await self._socket.close(code=code, message=reason.encode()[:120])


class LocalLink:
    """One end of a link within a process; `pair` makes both."""

    def __init__(self) -> None:
        self._frames: deque[str | bytes | None] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._closed = False
        self.other: LocalLink = self
        self.last_words = ""

    @classmethod
    def pair(cls) -> tuple[LocalLink, LocalLink]:
        one, two = cls(), cls()
        one.other, two.other = two, one
        return one, two

    def send(self, frame: str | bytes) -> None:
        if not self._closed:
            self.other._put(frame)

    def _put(self, frame: str | bytes | None) -> None:
        self._frames.append(frame)
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def receive(self) -> str | bytes | None:
        while not self._frames:
            if self._closed:
                return None
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        return self._frames.popleft()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Both ends end; what is on its way is lost."""
        for end in (self, self.other):
            if not end._closed:
                end._closed = True
                end.last_words = f"{code} {reason}"
                end._frames.clear()
                end._put(None)
