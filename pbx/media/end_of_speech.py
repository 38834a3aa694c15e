"""Where an utterance begins and ends, by its loudness against that of the room.

    waiting ── loud for 60 ms ──▶ speaking ── quiet for 800 ms ──▶ ended
       └── nothing said in time ──▶ ended        └── too long ──▶ ended

Pure: it is fed sound and counts samples; time is what it has heard. One channel of 16-bit samples.
"""

from __future__ import annotations

from array import array
from typing import Literal

import msgspec

__all__ = ["EndOfSpeech", "Patience"]

FRAME_MS = 20
ONSET_FRAMES = 3
BEFORE_MS = 300
"""Kept of what came before the onset: soft consonants."""
LEAST = 150.0
"""Mean of the absolute samples: -47 dBFS. What is softer is no speech, however quiet the room."""
ABOVE_ROOM = 3.0
STILL_SPEECH = 1.8
"""Times the room's loudness: to begin, and to go on."""
ROOM_RISES = 0.03
"""How much of a louder frame the room's loudness takes on: half in half a second."""
EVERY = 4
"""One sample of so many is enough for loudness."""


class Patience(msgspec.Struct, frozen=True):
    """How long to wait for a first word, for the next one, and at most."""

    first_s: float = 5.0
    pause_s: float = 0.8
    most_s: float = 8.0


class EndOfSpeech:
    """`feed` until it says True; `utterance` is what was said then, empty when nothing was."""

    def __init__(self, patience: Patience, *, rate_hz: int = 16000) -> None:
        self.state: Literal["waiting", "speaking", "ended"] = "waiting"
        self._patience = patience
        self._frame_bytes = rate_hz * FRAME_MS // 1000 * 2
        self._rest = b""
        self._kept = bytearray()
        self._heard_ms = self._spoken_ms = self._quiet_ms = 0
        self._loud = 0
        self._room = LEAST / 2

    def feed(self, pcm: bytes) -> bool:
        """Whether the utterance has ended."""
        data = self._rest + pcm
        whole = len(data) - len(data) % self._frame_bytes
        for at in range(0, whole, self._frame_bytes):
            if self.state != "ended":
                self._frame(data[at : at + self._frame_bytes])
        self._rest = data[whole:]
        return self.state == "ended"

    @property
    def utterance(self) -> bytes:
        return bytes(self._kept) if self._spoken_ms else b""

    def _frame(self, frame: bytes) -> None:
        samples = array("h", frame)[::EVERY]
        level = sum(map(abs, samples)) / len(samples)
        self._heard_ms += FRAME_MS
        self._kept += frame
        if self.state == "waiting":
            self._wait(level)
        else:
            self._speak(level)

    def _wait(self, level: float) -> None:
        self._loud = self._loud + 1 if level > max(LEAST, self._room * ABOVE_ROOM) else 0
        if self._loud >= ONSET_FRAMES:
            self.state = "speaking"
            self._spoken_ms = self._loud * FRAME_MS
            return
        self._room = (
            min(level, self._room) if level < self._room else self._room + (level - self._room) * ROOM_RISES
        )
        most = (BEFORE_MS // FRAME_MS + self._loud) * self._frame_bytes
        del self._kept[:-most]
        if self._heard_ms >= self._patience.first_s * 1000:
            self.state = "ended"

    def _speak(self, level: float) -> None:
        self._spoken_ms += FRAME_MS
        self._quiet_ms = 0 if level > max(LEAST, self._room * STILL_SPEECH) else self._quiet_ms + FRAME_MS
        if self._quiet_ms >= self._patience.pause_s * 1000 or self._spoken_ms >= self._patience.most_s * 1000:
            self.state = "ended"
