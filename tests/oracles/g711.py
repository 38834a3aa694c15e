"""ITU-T G.711 decoding from its tables' structure: segments, steps, and the middle of each step."""
from __future__ import annotations


def decode_ulaw(code: int) -> int:
    """16-bit value of a µ-law code."""
    code ^= 0xFF
    segment, step = code >> 4 & 7, code & 15
    magnitude = ((2 * step + 33) << segment + 2) - 132
    return -magnitude if code & 0x80 else magnitude


def decode_alaw(code: int) -> int:
    """16-bit value of an A-law code."""
    code ^= 0x55
    segment, step = code >> 4 & 7, code & 15
    magnitude = (2 * step + 1) << 3 if segment == 0 else (2 * step + 33) << segment + 2
    return magnitude if code & 0x80 else -magnitude
