"""HTTP through the tunnel: what the office asks the edge, and what the edge answers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from pbx.transport.tunnel import frames as f
from pbx.transport.tunnel.bodies import MOST_BYTES, Bodies, pieces

if TYPE_CHECKING:
    from pbx.transport.tunnel.link import Link

__all__ = ["HttpReply", "Requests", "TunnelDown"]

REQUEST_S = 60.0
PIECE_PAUSE_S = 0.005


class TunnelDown(Exception):  # noqa: N818 - a state, which callers expect
    """The edge cannot be asked now; `late` when it was asked and did not answer."""

    def __init__(self, reason: str, *, late: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.late = late


class HttpReply(msgspec.Struct, frozen=True):
    """What the edge answered to a request."""

    status: int
    type: str
    headers: Mapping[str, str]
    body: bytes


class Requests:
    """Those that wait for their answer."""

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[HttpReply]] = {}
        self._numbers = itertools.count(1)
        self._bodies: Bodies[f.HttpAnswer] = Bodies()

    async def ask(
        self, link: Link, method: str, path: str, *, query: str, actor: str, type: str, body: bytes
    ) -> HttpReply:
        """Raises `TunnelDown`."""
        if len(body) > MOST_BYTES:
            return HttpReply(413, "text/plain", {}, b"More than the tunnel takes.")
        number = next(self._numbers) & 0xFFFFFFFF
        waiting: asyncio.Future[HttpReply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        head = f.HttpRequest(
            id=number, method=method, path=path, query=query, actor=actor, type=type, size=len(body)
        )
        try:
            link.send(f.encode(head))
            for piece in pieces(f.BODY, number, body):
                link.send(piece)
                await asyncio.sleep(PIECE_PAUSE_S)
            async with asyncio.timeout(REQUEST_S):
                return await waiting
        except TimeoutError:
            raise TunnelDown("the edge did not answer in time", late=True) from None
        finally:
            del self._waiting[number]

    def take(self, message: f.HttpAnswer) -> None:
        """An answer, or the head of one whose body follows."""
        if message.size:
            self._bodies.open(message.id, message.size, message)
        else:
            self._answered(message, b"")

    def take_piece(self, frame: f.Body) -> None:
        answered = self._bodies.add(frame)
        if answered is not None:
            self._answered(*answered)

    def broke(self) -> None:
        """The connection has ended; requests do not wait for the next one."""
        self._bodies = Bodies()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(TunnelDown("the connection was lost meanwhile", late=True))

    def _answered(self, message: f.HttpAnswer, body: bytes) -> None:
        waiting = self._waiting.get(message.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(HttpReply(message.status, message.type, message.headers, body))
