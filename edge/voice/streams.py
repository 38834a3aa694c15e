"""`/twilio/stream`: the WebSocket of each media stream, from its first message to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from edge.background import Background
from edge.tunnel.hub import Hub
from edge.tunnel.link import WebSocketLink
from edge.twilio import stream
from edge.voice.records import VoiceCall, VoiceCalls
from edge.voice.relay import Outcome, Relay

__all__ = ["PATH", "Streams"]

log = logging.getLogger(__name__)

PATH = "/twilio/stream"
START_S = 10.0
CLOSE_S = 2.0


class Streams:
    """Every stream at work here. `country_of` says whose tones an office's callers hear; `leave` makes a call that its
    office has lost go elsewhere, at once, where Twilio can be asked to."""

    def __init__(
        self,
        hub: Hub,
        calls: VoiceCalls,
        background: Background,
        *,
        country_of: Callable[[str], Awaitable[str]],
        leave: Callable[[VoiceCall], Awaitable[bool]],
    ) -> None:
        self.placed: dict[str, Relay] = {}
        """Calls to outside numbers, whose stream is still to come."""
        self._hub = hub
        self._calls = calls
        self._background = background
        self._country_of = country_of
        self._leave = leave
        self._live: dict[str, Relay] = {}

    def __len__(self) -> int:
        return len(self._live)

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self.handle)]

    def has(self, call: str) -> bool:
        return call in self._live

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Whoever shows the token of a call that is awaited is Twilio: nobody else was told of it."""
        socket = web.WebSocketResponse(compress=False, max_msg_size=stream.MOST_BYTES, timeout=CLOSE_S)
        await socket.prepare(request)
        link = WebSocketLink(socket)
        writing = self._background.spawn("stream", link.write())
        try:
            await self._carry(link)
        except stream.BadMessage as error:
            log.warning("a stream broke the rules", extra={"reason": str(error)})
            await link.close(1008, str(error))
        finally:
            await link.close()
            writing.cancel()
        return socket

    async def _carry(self, link: WebSocketLink) -> None:
        start = await self._start(link)
        if start is None:
            return
        told = start.start
        call = await self._calls.claim(
            told.parameters.get("call", ""), told.parameters.get("token", ""), told.call_sid
        )
        if call is None:
            log.warning("a stream without a valid token", extra={"call_sid": told.call_sid})
            await link.close(1008, "this stream is not awaited")
            return
        relay = await self._relay(call, link, told.stream_sid)
        if relay is None:
            return
        self._live[call.id] = relay
        try:
            relay.left(properly=await self._read(link, relay))
        finally:
            del self._live[call.id]
            if relay.outcome is None:
                relay.left(properly=False)

    async def _start(self, link: WebSocketLink) -> stream.Start | None:
        try:
            async with asyncio.timeout(START_S):
                while (frame := await link.receive()) is not None:
                    message = stream.read(frame)
                    if isinstance(message, stream.Start):
                        if not message.is_ulaw:
                            raise stream.BadMessage("sound is not μ-law at 8 kHz")
                        return message
                    if isinstance(message, stream.Media | stream.Stop):
                        raise stream.BadMessage("it does not begin with start")
        except TimeoutError:
            log.warning("a stream did not begin")
        return None

    async def _relay(self, call: VoiceCall, link: WebSocketLink, stream_sid: str) -> Relay | None:
        if call.direction == "outbound":
            placed = self.placed.pop(call.id, None)
            if placed is None or placed.outcome is not None or placed.call is None:
                await self._calls.over(call.id, "done", "nobody waits for it")
                return None
            placed.attach(link, stream_sid)
            placed.also = self.ender(call, link)
            placed.call.answered()
            return placed
        relay = Relay(await self._country_of(call.office), self.ender(call, link))
        relay.attach(link, stream_sid)
        relay.call = self._hub.offer(
            call.office,
            call.id,
            relay,
            from_=call.caller,
            to=call.called,
            name=call.name,
            at=call.made_at,
        )
        if relay.call is None:  # it has gone since the webhook was answered
            await self._calls.over(call.id, "lost", "the office is offline")
            return None
        return relay

    async def _read(self, link: WebSocketLink, relay: Relay) -> bool:
        """Until the stream ends; whether Twilio said so."""
        while (frame := await link.receive()) is not None:
            message = stream.read(frame)
            if isinstance(message, stream.Stop):
                return True
            if message is not None:
                relay.take(message)
        return False

    def ender(self, call: VoiceCall, link: WebSocketLink) -> Callable[[Outcome, str], None]:
        """Writes down how the call ended, then ends the stream: what follows in the TwiML asks for what is written."""

        async def end(outcome: Outcome, why: str) -> None:
            await self._calls.over(call.id, outcome, why)
            log.info("a call has left its stream", extra={"call": call.id, "outcome": outcome, "why": why})
            if outcome == "lost" and call.direction == "inbound" and await self._leave(call):
                with suppress(TimeoutError):
                    async with asyncio.timeout(CLOSE_S):  # Twilio ends the stream itself
                        while call.id in self._live:  # noqa: ASYNC110 - seldom, and short
                            await asyncio.sleep(0.05)
            await link.close()

        def over(outcome: Outcome, why: str) -> None:
            with suppress(RuntimeError):  # the edge is closing: Twilio sees the connection go
                self._background.spawn("end of a stream", end(outcome, why))

        return over
