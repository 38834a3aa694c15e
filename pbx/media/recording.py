"""One recording as call code holds it: paused, resumed, stopped, and how it ended."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from media_ext.readers import Readers, Reading
from media_ext.tap_handle import TapHandle
from pbx.model.stream import RecordingEnded, RecordingReason

__all__ = ["MayGoOn", "Recording", "RecordingProgress"]


class RecordingProgress(msgspec.Struct, frozen=True):
    """What is in the file so far."""

    path: Path
    duration_ms: int
    size_bytes: int


MayGoOn = Callable[[RecordingProgress], bool]


class Recording:
    """Made by `MediaEngine.record`. Goes on until `stop`, the stream's end, or what `RecordingEnded` tells."""

    __slots__ = ("_on_end", "_readers", "ended", "may_go_on", "path", "rate_hz", "reading", "tap")

    def __init__(
        self,
        readers: Readers,
        reading: Reading,
        tap: TapHandle,
        path: Path,
        *,
        rate_hz: int,
        on_end: Callable[[RecordingEnded], None],
        may_go_on: MayGoOn | None,
    ) -> None:
        self.path = path
        self.rate_hz = rate_hz
        self.reading = reading
        self.tap = tap
        self.may_go_on = may_go_on
        self.ended: asyncio.Future[RecordingEnded] = asyncio.get_running_loop().create_future()
        self._readers = readers
        self._on_end = on_end

    @property
    def progress(self) -> RecordingProgress:
        """What was taken so far, and how much of it is in the file."""
        return RecordingProgress(self.path, self.reading.frames * 1000 // self.rate_hz, self.reading.bytes)

    def pause(self) -> None:
        """From this moment on, nothing is recorded (a card number is being said); the time is cut out."""
        if not self.ended.done():
            self._readers.pause(self.reading)

    def resume(self) -> None:
        """From this moment on, go on recording."""
        if not self.ended.done():
            self._readers.resume(self.reading)

    async def stop(self, reason: RecordingReason = "stopped") -> RecordingEnded:
        """Write what was heard until now and close the file. May be called again: the result stays."""
        if not self.ended.done():
            self._readers.end(self.reading, reason)
        return await asyncio.shield(self.ended)

    def finish(self, reason: RecordingReason, duration_ms: int, error: int = 0) -> None:
        """The file is closed, or given up because its disk does not answer."""
        if not self.ended.done():
            detail = os.strerror(error) if error else ""
            result = RecordingEnded(reason, duration_ms, self.path, detail)
            self.ended.set_result(result)
            self._on_end(result)
