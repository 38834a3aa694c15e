"""Twilio's side of a bidirectional media stream: https://www.twilio.com/docs/voice/media-streams/websocket-messages.

Every 20 ms one frame of the caller goes out and one frame of what was buffered is "played". A mark comes back when what
was sent before it has been played, or at once after `clear`.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.fakes.twilio.audio import SILENCE
from tests.fakes.twilio.state import new_sid

__all__ = ["MediaStream"]

FRAME = 160
FRAME_S = 0.02
QUIET = bytes([SILENCE]) * FRAME


@dataclass
class MediaStream:
    """`heard` is what the caller heard from the first frame on, silence included."""

    call_sid: str
    account_sid: str
    parameters: Mapping[str, str]
    sid: str = field(default_factory=lambda: new_sid("MZ"))
    heard: bytearray = field(default_factory=bytearray)
    cleared: int = 0
    marks: list[str] = field(default_factory=list)
    """Marks that were sent back."""
    odd: list[str] = field(default_factory=list)
    """Messages of the edge that break the protocol."""
    late_marks: bool = False
    """Answers marks in the wrong order: the newest first."""

    def __post_init__(self) -> None:
        self._speech: deque[bytes] = deque()
        self._played: deque[bytes | str] = deque()
        self._rest = b""
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._sequence = 0
        self._chunk = 0
        self._ended = asyncio.Event()
        self._started = asyncio.Event()

    async def run(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Until one side ends it. Cancelled, it says `stop` as Twilio does when the caller hangs up."""
        self._socket = socket
        reading = asyncio.create_task(self._read())
        pacing = asyncio.create_task(self._pace())
        try:
            await self._open()
            await asyncio.wait([reading, pacing], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, pacing):
                task.cancel()
            await asyncio.gather(reading, pacing, return_exceptions=True)
            with suppress(ConnectionError, RuntimeError):
                await self._tell("stop", {"accountSid": self.account_sid, "callSid": self.call_sid})
            await socket.close()
            self._ended.set()

    # ------------------------------------------------------------------------------------------- what the test does

    def speak(self, sound: bytes) -> None:
        """The caller speaks: μ-law, cut into frames, one every 20 ms."""
        padded = sound + QUIET[: -len(sound) % FRAME]
        self._speech.extend(padded[at : at + FRAME] for at in range(0, len(padded), FRAME))

    async def press(self, digit: str) -> None:
        await self._tell("dtmf", {"track": "inbound_track", "digit": digit})

    async def cut(self) -> None:
        """The connection breaks without a word."""
        if self._socket is not None:
            self._ended.set()
            transport = self._socket._writer.transport
            assert transport is not None
            transport.abort()

    async def started(self) -> None:
        await asyncio.wait_for(self._started.wait(), 10)

    async def ended(self) -> None:
        await asyncio.wait_for(self._ended.wait(), 30)

    @property
    def is_open(self) -> bool:
        return self._started.is_set() and not self._ended.is_set()

    def last_heard(self, seconds: float) -> bytes:
        return bytes(self.heard[-int(seconds * 8000) :])

    # -------------------------------------------------------------------------------------------------- the protocol

    async def _open(self) -> None:
        await self._send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "accountSid": self.account_sid,
            "callSid": self.call_sid,
            "streamSid": self.sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(self.parameters),
        }
        await self._tell("start", start)
        self._started.set()

    async def _pace(self) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for tick in range(1 << 30):
            await asyncio.sleep(max(0.0, begun + tick * FRAME_S - loop.time()))
            await self._send_frame(tick)
            await self._play_frame()

    async def _send_frame(self, tick: int) -> None:
        self._chunk += 1
        frame = self._speech.popleft() if self._speech else QUIET
        told = {
            "track": "inbound",
            "chunk": str(self._chunk),
            "timestamp": str(tick * 20),
            "payload": base64.b64encode(frame).decode(),
        }
        await self._tell("media", told)

    async def _play_frame(self) -> None:
        frame = b""
        while len(frame) < FRAME and self._played:
            first = self._played.popleft()
            if isinstance(first, str):
                await self._mark(first)
                continue
            needed = FRAME - len(frame)
            frame += first[:needed]
            if len(first) > needed:
                self._played.appendleft(first[needed:])
        while self._played and isinstance(self._played[0], str):
            await self._mark(str(self._played.popleft()))
        self.heard += frame + QUIET[len(frame) :]

    async def _mark(self, name: str) -> None:
        self.marks.append(name)
        await self._tell("mark", {"name": name})

    async def _read(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                self.odd.append(f"a frame of type {message.type}")
                continue
            await self._take(message.data)

    async def _take(self, text: str) -> None:
        try:
            told: dict[str, Any] = json.loads(text)
            if told.get("streamSid") != self.sid:
                self.odd.append(text[:200])
                return
            await self._obey(told)
        except (ValueError, KeyError, TypeError):
            self.odd.append(text[:200])

    async def _obey(self, told: dict[str, Any]) -> None:
        match told["event"]:
            case "media":
                self._played.append(base64.b64decode(told["media"]["payload"], validate=True))
            case "mark":
                self._played.append(str(told["mark"]["name"]))
            case "clear":
                waiting = [one for one in self._played if isinstance(one, str)]
                self._played.clear()
                self.cleared += 1
                for name in reversed(waiting) if self.late_marks else waiting:
                    await self._mark(name)
            case _:
                self.odd.append(str(told["event"]))

    async def _tell(self, event: str, what: dict[str, Any]) -> None:
        self._sequence += 1
        await self._send(
            {"event": event, "sequenceNumber": str(self._sequence), "streamSid": self.sid, event: what}
        )

    async def _send(self, document: dict[str, Any]) -> None:
        if self._socket is not None and not self._socket.closed:
            await self._socket.send_str(json.dumps(document))
