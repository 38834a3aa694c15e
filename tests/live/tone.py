"""Test tones as SIPp streams them: raw G.711 µ-law at 8 kHz, made by its definition, not by a table of the node."""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["write_ulaw_tone"]


def write_ulaw_tone(path: Path, frequency_hz: float, seconds: float = 20.0) -> None:
    """Write `seconds` of a sine about 12 dB under full scale (ITU-T G.711)."""
    count = int(seconds * 8000)
    samples = np.round(8000 * np.sin(2 * np.pi * frequency_hz * np.arange(count) / 8000)).astype(np.int32)
    magnitude = np.minimum(np.abs(samples), 32635) + 132
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    code = ~(np.where(samples < 0, 0x80, 0) | exponent << 4 | mantissa) & 0xFF
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(code.astype(np.uint8).tobytes())
