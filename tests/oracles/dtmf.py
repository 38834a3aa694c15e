"""DTMF with textbook formulas: tones by sines, measured by Goertzel's recursion, packets listed in advance."""

from __future__ import annotations

import math
import struct

import numpy as np
import numpy.typing as npt

ROWS = (697, 770, 852, 941)
COLUMNS = (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"
EVENTS = "0123456789*#ABCD"
FULL_DBM0 = 3.14

Sound = npt.NDArray[np.float64]


def frequencies(event: int) -> tuple[int, int]:
    place = KEYS.index(EVENTS[event])
    return ROWS[place // 4], COLUMNS[place % 4]


def goertzel(block: list[int], frequency: float, rate_hz: int) -> float:
    """Mean square of the tone of this frequency."""
    turn = 2 * math.cos(2 * math.pi * frequency / rate_hz)
    last = before = 0.0
    for sample in block:
        last, before = sample + turn * last - before, last
    return 2 * (last * last + before * before - turn * last * before) / len(block) ** 2


def tone(
    event: int,
    on_ms: float,
    *,
    rate_hz: int = 8000,
    level_dbm0: float = -10,
    twist_db: float = 0,
    off: float = 0,
) -> Sound:
    """The louder of the two at this level; `twist_db` above 0: the high one is; `off` is a part of the frequency."""
    low, high = frequencies(event)
    t = np.arange(int(rate_hz * on_ms / 1000)) / rate_hz
    sizes = [
        32767 * 10 ** ((level_dbm0 + down - FULL_DBM0) / 20) for down in (min(-twist_db, 0), min(twist_db, 0))
    ]
    return np.asarray(
        sizes[0] * np.sin(2 * np.pi * low * (1 + off) * t)
        + sizes[1] * np.sin(2 * np.pi * high * (1 + off) * t)
    )


def silence(ms: float, rate_hz: int = 8000) -> Sound:
    return np.zeros(int(rate_hz * ms / 1000))


def with_noise(sound: Sound, snr_db: float, seed: int = 1) -> Sound:
    """White noise over all of it, so much below the power of where it sounds."""
    sounding = sound[np.abs(sound) > 0]
    size = math.sqrt(float(np.mean(sounding**2)) / 10 ** (snr_db / 10))
    return np.asarray(sound + np.random.default_rng(seed).normal(0, size, len(sound)))


def pcm(sound: Sound) -> bytes:
    return np.clip(np.round(sound), -32768, 32767).astype(np.int16).tobytes()


def event_packets(
    event: int, units: int, tick: int, update: int, start: int, volume: int
) -> list[tuple[bool, int, bytes]]:
    """RFC 4733 2.5.1: what is sent for one digit shorter than a segment."""
    times: list[int] = []
    told = 0
    for elapsed in range(tick, units + tick, tick):
        if elapsed >= units:
            break
        if not times or elapsed - told >= update:
            times.append(elapsed)
            told = elapsed
    made = [struct.pack("!BBH", event, volume, elapsed) for elapsed in times]
    made += [struct.pack("!BBH", event, 0x80 | volume, units)] * 3
    return [(n == 0, start, payload) for n, payload in enumerate(made)]
