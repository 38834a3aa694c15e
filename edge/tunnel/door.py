"""`GET /tunnel`: an office shows its key and gets its WebSocket."""

from __future__ import annotations

import logging
from collections import deque

from aiohttp import web

from edge.background import Background
from edge.clock import Clock
from edge.offices import Offices
from edge.tunnel.frames import MOST_TEXT
from edge.tunnel.hub import Hub
from edge.tunnel.link import WebSocketLink

__all__ = ["PATH", "Door"]

log = logging.getLogger(__name__)

PATH = "/tunnel"
CLOSE_S = 2.0
MOST_WRONG_A_MINUTE = 30


class Door:
    """Lets in offices by `Authorization: Bearer {office}.{key}`."""

    def __init__(self, offices: Offices, hub: Hub, background: Background, clock: Clock) -> None:
        self._offices = offices
        self._hub = hub
        self._background = background
        self._clock = clock
        self._wrong: deque[float] = deque(maxlen=MOST_WRONG_A_MINUTE)

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self.handle)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        kind, _, credential = request.headers.get("Authorization", "").partition(" ")
        office = None
        if kind.lower() == "bearer" and credential.isascii():
            office = await self._offices.let_in(credential.strip())
        if office is None:
            return self._turn_away(request)
        socket = web.WebSocketResponse(
            compress=False, max_msg_size=MOST_TEXT, autoping=True, timeout=CLOSE_S, heartbeat=None
        )
        await socket.prepare(request)
        link = WebSocketLink(socket)
        writing = self._background.spawn("tunnel", link.write())
        try:
            await self._hub.serve(office.id, link)
        finally:
            writing.cancel()
        return socket

    def _turn_away(self, request: web.Request) -> web.Response:
        """A key has 256 random bits: nobody guesses one, so counting is for the log only."""
        now = self._clock.monotonic()
        if len(self._wrong) < MOST_WRONG_A_MINUTE or now - self._wrong[0] > 60:
            log.warning("somebody without a valid key wants a tunnel", extra={"from": request.remote or ""})
        self._wrong.append(now)
        return web.Response(
            status=401,
            text="This is for offices that know their key.",
            headers={"WWW-Authenticate": "Bearer"},
        )
