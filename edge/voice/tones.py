"""What a caller hears from the edge itself: ringing, busy, keys, and music while the tunnel is broken. μ-law, 8 kHz."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

__all__ = ["FRAME", "SILENCE", "busy", "frames", "key", "music", "ringback"]

RATE_HZ = 8000
FRAME = 160
SILENCE = bytes([0xFF]) * FRAME

_LEVEL = 3000.0
_KEYS = {
    digit: (row, column)
    for row, keys in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for column, digit in zip((1209, 1336, 1477, 1633), keys, strict=True)
}
_RINGBACK: dict[str, tuple[tuple[int, ...], tuple[float, ...]]] = {
    "US": ((440, 480), (2.0, 4.0)),
    "CA": ((440, 480), (2.0, 4.0)),
    "GB": ((400, 450), (0.4, 0.2, 0.4, 2.0)),
    "IE": ((400, 450), (0.4, 0.2, 0.4, 2.0)),
    "AU": ((400, 425, 450), (0.4, 0.2, 0.4, 2.0)),
    "FR": ((440,), (1.5, 3.5)),
}
"""ITU-T E.180 Supplement 2: frequencies in Hz, then seconds of sound and silence in turn."""
_ELSEWHERE = ((425,), (1.0, 4.0))


def ringback(country: str) -> bytes:
    """One period of the tone that says: it rings."""
    hz, seconds = _RINGBACK.get(country, _ELSEWHERE)
    return _cadence(hz, seconds)


def busy(country: str) -> bytes:
    """One period of the tone that says: engaged."""
    american = country in ("US", "CA")
    return _cadence((480, 620) if american else (425,), (0.5, 0.5))


def key(digit: str) -> bytes:
    """A pressed key (ITU-T Q.23): 100 ms, and a pause of 60 ms."""
    return _cadence(_KEYS[digit], (0.1, 0.06), level=6000.0)


@lru_cache(maxsize=1)
def music() -> bytes:
    """Some bars of chords, quiet, that may be repeated for ever."""
    chords = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))
    notes: list[float] = []
    for chord in chords:
        for step in range(6):
            notes += _plucked(chord[step % 3] * (2 if step == 3 else 1), 0.25)
    return ulaw(notes)


def frames(sound: bytes) -> Iterator[bytes]:
    """The sound in pieces of 20 ms; the last is filled with silence."""
    for start in range(0, len(sound), FRAME):
        yield sound[start : start + FRAME].ljust(FRAME, SILENCE[:1])


def _plucked(hz: float, seconds: float) -> list[float]:
    count = int(RATE_HZ * seconds)
    return [
        1800.0 * math.exp(-4.0 * i / count) * min(1.0, i / 80) * math.sin(2 * math.pi * hz * i / RATE_HZ)
        for i in range(count)
    ]


def _cadence(hz: Sequence[int], seconds: Sequence[float], *, level: float = _LEVEL) -> bytes:
    sound = b""
    for index, each in enumerate(seconds):
        count = round(each * RATE_HZ)
        if index % 2:
            sound += SILENCE[:1] * count
        else:
            sound += ulaw(
                [sum(level * math.sin(2 * math.pi * f * i / RATE_HZ) for f in hz) for i in range(count)]
            )
    return sound


def ulaw(samples: Sequence[float]) -> bytes:
    """16-bit samples by the definition of ITU-T G.711."""
    coded = bytearray(len(samples))
    for index, value in enumerate(samples):
        magnitude = min(abs(int(value)), 32635) + 132
        exponent = magnitude.bit_length() - 8
        mantissa = magnitude >> (exponent + 3) & 0x0F
        coded[index] = ~((0x80 if value < 0 else 0) | exponent << 4 | mantissa) & 0xFF
    return bytes(coded)
