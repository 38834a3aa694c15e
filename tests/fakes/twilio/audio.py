"""Sound as Twilio carries it: G.711 μ-law at 8 kHz. Written from G.711 and by table, apart from the code under test."""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import Sequence
from functools import cache

__all__ = ["SILENCE", "dominant_hz", "from_ulaw", "to_ulaw", "tone", "wav"]

SILENCE = 0xFF
RATE_HZ = 8000


def _decode(byte: int) -> int:
    inverted = ~byte & 0xFF
    exponent, mantissa = inverted >> 4 & 7, inverted & 15
    magnitude = ((mantissa << 3) + 0x84 << exponent) - 0x84
    return -magnitude if inverted & 0x80 else magnitude


@cache
def _table() -> tuple[int, ...]:
    return tuple(_decode(byte) for byte in range(256))


@cache
def _codes() -> bytes:
    """The code of each sample in steps of 4, for samples from -32768."""
    levels = sorted((value, byte) for byte, value in enumerate(_table()))
    codes, at = bytearray(), 0
    for sample in range(-32768, 32768, 4):
        while at + 1 < len(levels) and abs(levels[at + 1][0] - sample) <= abs(levels[at][0] - sample):
            at += 1
        codes.append(levels[at][1])
    return bytes(codes)


def from_ulaw(sound: bytes) -> list[int]:
    table = _table()
    return [table[byte] for byte in sound]


def to_ulaw(samples: Sequence[int]) -> bytes:
    codes = _codes()
    return bytes(codes[(max(-32768, min(32767, one)) + 32768) >> 2] for one in samples)


def tone(frequency_hz: float, seconds: float, level: float = 0.3) -> bytes:
    """A sine in μ-law."""
    step = 2 * math.pi * frequency_hz / RATE_HZ
    return to_ulaw([int(32767 * level * math.sin(step * n)) for n in range(int(seconds * RATE_HZ))])


def wav(sound: bytes) -> bytes:
    """μ-law as a WAV file of 16-bit samples."""
    samples = from_ulaw(sound)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file.getvalue()


def read_wav(content: bytes) -> bytes:
    """A WAV file of 8 kHz, mono, 16 bits as μ-law."""
    with wave.open(io.BytesIO(content), "rb") as reader:
        form = (reader.getframerate(), reader.getnchannels(), reader.getsampwidth())
        if form != (RATE_HZ, 1, 2):
            raise ValueError(f"8 kHz, mono, 16 bits is needed, not {form}")
        data = reader.readframes(reader.getnframes())
    return to_ulaw(struct.unpack(f"<{len(data) // 2}h", data))


def dominant_hz(sound: bytes) -> float:
    """The loudest frequency of μ-law sound."""
    import numpy as np

    samples = np.array(from_ulaw(sound), dtype=np.float64)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float((int(np.argmax(spectrum[1:])) + 1) * RATE_HZ / len(samples))
