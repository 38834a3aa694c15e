"""Listening in: a stream's sound in both directions, for speech recognition, for streaming, and for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Self

import msgspec

from media_ext.readers import Reading

__all__ = ["Tap", "TapAudio"]


class TapAudio(msgspec.Struct, frozen=True):
    """The same stretch of time in both directions: 16-bit samples of one channel, in the machine's byte order."""

    heard: bytes
    """What the phone said."""
    said: bytes
    """What it was sent."""


class Tap:
    """Made by `MediaEngine.tap`. Sound waits here for `read`, up to the buffer's length."""

    __slots__ = ("_close", "_news", "_reading", "closed", "ended", "rate_hz")

    def __init__(self, reading: Reading, close: Callable[[], None], *, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.closed = False
        self.ended = False
        """No more will come: the stream or the tap was closed."""
        self._reading = reading
        self._close = close
        self._news = asyncio.Event()

    async def read(self) -> TapAudio | None:
        """What has come since the last time, at least 10 ms; None when there is no more and never will be."""
        while True:
            heard, said = self._reading.take()
            if heard:
                return TapAudio(heard, said)
            if self.ended:
                return None
            self._news.clear()
            await self._news.wait()

    def __aiter__(self) -> AsyncIterator[TapAudio]:
        return self._all()

    async def _all(self) -> AsyncIterator[TapAudio]:
        while (audio := await self.read()) is not None:
            yield audio

    @property
    def overrun_ms(self) -> int:
        """Sound that was lost because nobody read it in time."""
        return self._reading.overrun_frames * 1000 // self.rate_hz

    def close(self) -> None:
        """Stop listening; what waits can still be read. May be called twice."""
        if not self.closed:
            self.closed = True
            self._close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def tell(self, *, ended: bool) -> None:
        """Sound has come, or the end."""
        self.ended = self.ended or ended
        self._news.set()
