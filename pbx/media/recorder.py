"""Recording streams, and listening in: the native threads that read taps (`media_ext.readers`), and their news.

Packets are copied to a tap by the audio threads and read by threads of lower priority, which alone wait for a disk.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal, cast

from media_ext.engine import Engine
from media_ext.readers import Readers
from media_ext.tap_handle import TapHandle
from pbx.media.recording import MayGoOn, Recording, RecordingProgress
from pbx.media.room import Room
from pbx.media.stream import Stream
from pbx.media.tap import Tap
from pbx.model.stream import RecordingEnded, RecordingReason

__all__ = ["Recorder", "SoundFormat"]

log = logging.getLogger(__name__)

WRITERS = 2
RECORDING_LAG_MS = 400
"""Nobody waits for what is recorded, so packets may be late by half of this and still lie in their place."""
RECORDING_RING_BYTES = 128 * 1024
"""7 s of G.711: so long may a disk not answer."""
ROOM_RING_BYTES = 1024 * 1024
"""The same of a conference at 48 kHz, which is recorded from samples."""
LISTENER_RING_BYTES = 64 * 1024
OPUS_COMPLEXITY = 2
STOP_PATIENCE_S = 5.0

SoundFormat = Literal["wav", "opus"]


class Recorder:
    """Who reads taps on this node. The threads start with the first reading."""

    def __init__(self) -> None:
        self._readers: Readers | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._recordings: dict[int, Recording] = {}
        self._taps: dict[int, Tap] = {}

    @property
    def recordings(self) -> int:
        """How many are going on."""
        return len(self._recordings)

    def cpu_seconds(self) -> list[float]:
        """CPU time of each thread so far; the first is the listeners'."""
        return self._readers.cpu_seconds() if self._readers is not None else []

    def listen(self, native: Engine, stream: Stream, *, rate_hz: int, lag_ms: int, buffer_ms: int) -> Tap:
        """For `MediaEngine.tap`."""
        if stream.closed:
            raise RuntimeError(f"{stream!r} cannot be listened to")
        handle = TapHandle(LISTENER_RING_BYTES)
        tap = self.listen_to(
            handle,
            lambda: detach(native, stream, handle),
            rate_hz=rate_hz,
            lag_ms=lag_ms,
            buffer_ms=buffer_ms,
        )
        native.tap(stream.native, handle)
        return tap

    def listen_to(
        self, handle: TapHandle, untap: Callable[[], None], *, rate_hz: int, lag_ms: int, buffer_ms: int
    ) -> Tap:
        """Read any tap, as that of a conference; `untap` takes it off when the listener closes."""
        readers = self._started()
        reading = readers.listen(handle, rate_hz=rate_hz, lag_ms=lag_ms, buffer_ms=buffer_ms)

        def close() -> None:
            untap()
            readers.end(reading, "stopped")

        tap = self._taps[reading.id] = Tap(reading, close, rate_hz=rate_hz)
        return tap

    def record(
        self,
        native: Engine,
        stream: Stream,
        path: Path,
        *,
        sound_format: SoundFormat,
        channels: int,
        rate_hz: int,
        max_s: int,
        may_go_on: MayGoOn | None,
    ) -> Recording:
        """For `MediaEngine.record`."""
        if stream.closed:
            raise RuntimeError(f"{stream!r} cannot be recorded")
        handle = TapHandle(RECORDING_RING_BYTES)

        def ended(result: RecordingEnded) -> None:
            detach(native, stream, handle)
            stream.on_event(result)

        recording = self.record_tap(
            handle,
            path,
            sound_format=sound_format,
            channels=channels,
            rate_hz=rate_hz,
            max_s=max_s,
            on_end=ended,
            may_go_on=may_go_on,
        )
        native.tap(stream.native, handle)
        return recording

    def record_room(
        self,
        room: Room,
        path: Path,
        *,
        sound_format: SoundFormat,
        rate_hz: int,
        max_s: int,
        on_end: Callable[[RecordingEnded], None],
        may_go_on: MayGoOn | None,
    ) -> Recording:
        """For `MediaEngine.record_room`."""
        if room.closed:
            raise RuntimeError("a conference that is over cannot be recorded")
        handle = TapHandle(ROOM_RING_BYTES)

        def ended(result: RecordingEnded) -> None:
            if not room.closed:
                room.native.untap(handle)
            on_end(result)

        recording = self.record_tap(
            handle,
            path,
            sound_format=sound_format,
            channels=1,
            rate_hz=rate_hz,
            max_s=max_s,
            on_end=ended,
            may_go_on=may_go_on,
        )
        room.native.tap(handle)
        return recording

    def record_tap(
        self,
        handle: TapHandle,
        path: Path,
        *,
        sound_format: SoundFormat,
        channels: int,
        rate_hz: int,
        max_s: int,
        on_end: Callable[[RecordingEnded], None],
        may_go_on: MayGoOn | None = None,
    ) -> Recording:
        """Record any tap, as that of a conference; `on_end` takes it off."""
        readers = self._started()
        reading = readers.record(
            handle,
            os.fsencode(path),
            opus=sound_format == "opus",
            channels=channels,
            rate_hz=rate_hz,
            max_ms=max_s * 1000,
            lag_ms=RECORDING_LAG_MS,
            complexity=OPUS_COMPLEXITY,
        )
        recording = Recording(
            readers, reading, handle, path, rate_hz=rate_hz, on_end=on_end, may_go_on=may_go_on
        )
        self._recordings[reading.id] = recording
        self._keep_watch()
        return recording

    async def stop(self) -> None:
        """End every reading and wait for the threads, but not for ever for a disk that does not answer."""
        if self._readers is None or self._loop is None:
            return
        readers, self._readers = self._readers, None
        if not await self._loop.run_in_executor(None, readers.stop, STOP_PATIENCE_S):
            log.error(
                "a disk does not answer, recordings are left as they are", extra={"open": self.recordings}
            )
        self._loop.remove_reader(readers.fileno())
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._take_news(readers)
        for recording in list(self._recordings.values()):
            recording.finish("disk_slow", recording.progress.duration_ms)
        self._recordings.clear()

    def _started(self) -> Readers:
        if self._readers is None:
            self._loop = asyncio.get_running_loop()
            readers = self._readers = Readers(writers=WRITERS)
            readers.start()
            self._loop.add_reader(readers.fileno(), self._take_news, readers)
        return self._readers

    def _take_news(self, readers: Readers) -> None:
        for number, kind, reason, error, frames, size_bytes in readers.drain():
            if tap := self._taps.get(number):
                tap.tell(ended=kind == "ended")
                if kind == "ended":
                    del self._taps[number]
                continue
            recording = self._recordings.get(number)
            if recording is None:
                continue
            duration_ms = frames * 1000 // recording.rate_hz
            if kind == "ended":
                del self._recordings[number]
                recording.finish(cast(RecordingReason, reason), duration_ms, error)
            elif recording.may_go_on is not None:
                ask(readers, recording, RecordingProgress(recording.path, duration_ms, size_bytes))

    def _keep_watch(self) -> None:
        """A disk that does not answer holds up the thread that would tell of it, so its taps are looked at here."""
        if self._loop is None or self._watch is not None:
            return
        self._watch = self._loop.call_later(1.0, self._look)

    def _look(self) -> None:
        self._watch = None
        for recording in list(self._recordings.values()):
            if recording.tap.dropped:
                recording.finish("disk_slow", recording.progress.duration_ms)
        if self._recordings:
            self._keep_watch()


def ask(readers: Readers, recording: Recording, progress: RecordingProgress) -> None:
    """A caller's mistake must not cost others their recordings."""
    assert recording.may_go_on is not None
    try:
        allowed = recording.may_go_on(progress)
    except Exception:
        log.exception("whoever grants space for a recording failed", extra={"path": str(recording.path)})
        return
    if not allowed:
        readers.end(recording.reading, "quota")


def detach(native: Engine, stream: Stream, handle: TapHandle) -> None:
    """Take a tap off; a closed stream has let go of it."""
    if not stream.closed:
        native.untap(stream.native, handle)
