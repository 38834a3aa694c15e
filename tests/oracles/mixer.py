"""A conference the slow way: whole numbers, one sample after the other, all others added up for each member."""

from __future__ import annotations

import array
import math

UNITY = 4096


def saturated(value: int) -> int:
    return max(-32768, min(32767, value))


def gained(frame: list[int], gain: int) -> list[int]:
    return [saturated((sample * gain + UNITY // 2) >> 12) for sample in frame]


def energy(frame: list[int]) -> int:
    return sum(sample * sample for sample in frame)


def heard_by_each(frames: list[list[int]]) -> list[list[int]]:
    """For each member the sum of the others' samples, saturated once."""
    return [
        [
            saturated(sum(frame[at] for other, frame in enumerate(frames) if other != member))
            for at in range(len(frames[0]))
        ]
        for member in range(len(frames))
    ]


def level_dbov(frame: list[int]) -> float:
    """RFC 6465: a square wave of full size is 0."""
    mean = energy(frame) / len(frame)
    return 10 * math.log10(mean / 2**30) if mean else -127.0


def pcm(samples: list[int]) -> bytes:
    return array.array("h", samples).tobytes()


def samples(data: bytes, code: str = "h") -> list[int]:
    return array.array(code, data).tolist()
