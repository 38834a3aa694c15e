"""How loud a sound is, and making all alike: what people record differs by 30 dB.

The level is the mean power of what is not silence, found with the gates of ITU-R BS.1770-4 (blocks of 400 ms every 100
ms; those under -60 dBov do not count, nor those 10 dB under the mean of the rest), without its filter for the ear:
telephones leave little to weigh. 0 dBov is the mean power of the loudest square wave, so the loudest sine has -3.01.

Plain Python: a sentence takes a millisecond or two, and a node need not load numpy for it.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from operator import mul

__all__ = ["PEAK_DBFS", "TARGET_DBOV", "level_dbov", "levelled"]

TARGET_DBOV = -23.0
PEAK_DBFS = -3.0
"""No sample is louder: peaks over it are turned down for some milliseconds."""
MOST_GAIN_DB = 30.0
SILENCE_DBOV = -60.0
RELATIVE_DB = 10.0
STEP_S = 0.1
STEPS = 4
LIMITER_S = 0.005
RECOVERY = 1.06
"""Half a decibel for each step of the limiter."""


def level_dbov(samples: array[int], rate_hz: int) -> float:
    """-inf for silence."""
    if not samples:
        return -math.inf
    step = max(1, round(rate_hz * STEP_S))
    powers = [sum(map(mul, part, part)) / len(part) for part in _parts(samples, step)]
    blocks = [
        sum(powers[at : at + STEPS]) / len(powers[at : at + STEPS]) for at in range(max(1, len(powers) - 3))
    ]
    loud = [each for each in blocks if _dbov(each) > SILENCE_DBOV]
    if not loud:
        return -math.inf
    gate = sum(loud) / len(loud) / 10 ** (RELATIVE_DB / 10)
    counted = [each for each in loud if each >= gate]
    return _dbov(sum(counted) / len(counted))


def levelled(samples: array[int], rate_hz: int) -> array[int]:
    """The same at the target level. Silence stays as it is."""
    level = level_dbov(samples, rate_hz)
    if level == -math.inf:
        return samples
    gain = 10 ** (min(TARGET_DBOV - level, MOST_GAIN_DB) / 20)
    step = max(1, round(rate_hz * LIMITER_S))
    result = array("h")
    for part, begin, end in _limited(samples, step, gain, 32767 * 10 ** (PEAK_DBFS / 20)):
        rise = (end - begin) / len(part)
        if rise:
            result.extend([int(each * (begin + rise * at)) for at, each in enumerate(part)])
        else:
            result.extend([int(each * begin) for each in part])
    return result


def _limited(
    samples: array[int], step: int, gain: float, limit: float
) -> Iterator[tuple[array[int], float, float]]:
    """Each part of the sound with the gain at its beginning and end, so that no sample exceeds the limit."""
    parts = list(_parts(samples, step))
    gains: list[float] = []
    for part in parts:
        loudest = max(part)
        peak = max(loudest, -min(part), 1)
        before = gains[-1] if gains else gain
        gains.append(min(gain, limit / peak, before * RECOVERY))
    edges = [gains[0], *map(min, gains, gains[1:]), gains[-1]] if gains else []
    yield from zip(parts, edges, edges[1:], strict=False)


def _parts(samples: array[int], step: int) -> Iterator[array[int]]:
    return (samples[at : at + step] for at in range(0, len(samples), step))


def _dbov(power: float) -> float:
    return 10 * math.log10(power / 32768**2) if power else -math.inf
