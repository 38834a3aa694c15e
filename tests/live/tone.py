"""G.711 µ-law at 8 kHz by its definition, for phones that are no phones; not by any table of the node."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["ulaw", "ulaw_samples", "ulaw_tone", "write_ulaw_tone"]


def ulaw_tone(frequency_hz: float, seconds: float) -> bytes:
    """A sine about 12 dB under full scale (ITU-T G.711)."""
    count = int(seconds * 8000)
    return ulaw(8000 * np.sin(2 * np.pi * frequency_hz * np.arange(count) / 8000))


def ulaw(sound: NDArray[np.float64]) -> bytes:
    """16-bit samples, encoded."""
    samples = np.round(sound).astype(np.int32)
    magnitude = np.minimum(np.abs(samples), 32635) + 132
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    code = ~(np.where(samples < 0, 0x80, 0) | exponent << 4 | mantissa) & 0xFF
    payload: bytes = code.astype(np.uint8).tobytes()
    return payload


def ulaw_samples(payload: bytes) -> NDArray[np.float64]:
    """Decoded samples from -1 to 1."""
    code = ~np.frombuffer(payload, np.uint8).astype(np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + 132 << ((code >> 4) & 7)) - 132
    samples: NDArray[np.float64] = np.where(code & 0x80, -magnitude, magnitude) / 32768.0
    return samples


def write_ulaw_tone(path: Path, frequency_hz: float, seconds: float = 20.0) -> None:
    """A file of a tone for SIPp's rtp_stream."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(ulaw_tone(frequency_hz, seconds))
