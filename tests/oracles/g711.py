"""ITU-T G.711 from the structure of its tables: segments, steps, and the middle of each step."""

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


def encode_ulaw(sample: int) -> int:
    """µ-law code of a 16-bit sample: the segment whose thresholds it lies between, then the step.

    A negative sample is measured by its one's complement, as in the ITU's reference software (G.191).
    """
    magnitude = min(sample if sample >= 0 else -sample - 1, 32635) + 132
    segment = next(s for s in range(8) if magnitude < 256 << s)
    step = (magnitude - (128 << segment)) // (8 << segment)
    return (0x80 if sample < 0 else 0) ^ (segment << 4 | step) ^ 0xFF


def encode_alaw(sample: int) -> int:
    """A-law code of a 16-bit sample; see `encode_ulaw`."""
    magnitude = sample if sample >= 0 else -sample - 1
    segment = next(s for s in range(8) if magnitude < 256 << s)
    step = magnitude // 16 if segment == 0 else (magnitude - (128 << segment)) // (8 << segment)
    return (0x80 if sample >= 0 else 0) ^ (segment << 4 | step) ^ 0x55
