"""Tones as prompts, made once when first asked for: ring-back, busy, congestion, hold, the echo test's greeting.

Frequencies and cadences are those that ITU-T E.180 Supplement 2 lists per country. A tone is rendered as one
cadence whose length is a whole number of 20 ms frames, so it loops without a click. Plain Python, not numpy: that
costs megabytes of imports for a moment's work.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from media_ext.engine import Prompt

CLOCK_HZ = 8000
FRAME_MS = 20
FRAME_SAMPLES = CLOCK_HZ * FRAME_MS // 1000
_RAMP_SAMPLES = 40  # 5 ms: a tone that starts at once is heard as a click


@dataclass(frozen=True, slots=True)
class Burst:
    """`ms` of these frequencies together, or of silence when there are none."""

    ms: int
    hz: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Tone:
    """A cadence. `level_dbm0` is that of each frequency (0 dBm0 is 3.17 dB under full scale for µ-law)."""

    bursts: tuple[Burst, ...]
    level_dbm0: float = -16.0

    @property
    def ms(self) -> int:
        return sum(burst.ms for burst in self.bursts)


def _cadence(hz: tuple[float, ...], *times_ms: int) -> Tone:
    """On and off by turns, starting with on."""
    return Tone(tuple(Burst(ms, hz if index % 2 == 0 else ()) for index, ms in enumerate(times_ms)))


RINGBACK: Mapping[str, Tone] = {
    "us": _cadence((440, 480), 2000, 4000),
    "gb": _cadence((400, 450), 400, 200, 400, 2000),
    "de": _cadence((425,), 1000, 4000),
    "fr": _cadence((440,), 1500, 3500),
}
BUSY: Mapping[str, Tone] = {
    "us": _cadence((480, 620), 500, 500),
    "gb": _cadence((400,), 380, 380),
    "de": _cadence((425,), 480, 480),
    "fr": _cadence((440,), 500, 500),
}
CONGESTION: Mapping[str, Tone] = {
    "us": _cadence((480, 620), 240, 260),
    "gb": Tone((Burst(400, (400,)), Burst(340), Burst(220, (400,)), Burst(520))),
    "de": _cadence((425,), 240, 240),
    "fr": _cadence((440,), 240, 260),
}
HOLD = Tone((Burst(300, (440,)), Burst(9700)), level_dbm0=-24.0)
"""A short pip every ten seconds: the line is not dead, and nobody is annoyed."""
MILLIWATT = Tone((Burst(1000, (1004,)),), level_dbm0=0.0)
"""The reference tone of ITU-T O.6 for *44 and measurements."""
CLOCK_PIP = Tone((Burst(100, (1000,)), Burst(900)), level_dbm0=-13.0)
"""One pip a second, like a speaking clock that has nothing to say."""


@cache
def tone_prompt(tone: Tone, encoding: str) -> Prompt:
    """`tone` as a prompt of one cadence in "PCMU" or "PCMA"; play it with `loop`. Raises `ValueError`."""
    return Prompt(encode(render(tone), encoding), encoding=encoding, frame_bytes=FRAME_SAMPLES)


def ringback(encoding: str, country: str = "us") -> Prompt:
    """What a caller hears while the phone rings."""
    return tone_prompt(RINGBACK[country], encoding)


def busy(encoding: str, country: str = "us") -> Prompt:
    return tone_prompt(BUSY[country], encoding)


def congestion(encoding: str, country: str = "us") -> Prompt:
    return tone_prompt(CONGESTION[country], encoding)


def hold_tone(encoding: str) -> Prompt:
    """What somebody on hold hears."""
    return tone_prompt(HOLD, encoding)


def milliwatt(encoding: str) -> Prompt:
    return tone_prompt(MILLIWATT, encoding)


def clock_tone(encoding: str) -> Prompt:
    """One pip a second."""
    return tone_prompt(CLOCK_PIP, encoding)


def silence(encoding: str, ms: int = 1000) -> Prompt:
    """Nothing at all, as packets: keeps NAT bindings and impatient phones alive."""
    return tone_prompt(Tone((Burst(ms),)), encoding)


def render(tone: Tone) -> array[int]:
    """16-bit samples at 8 kHz, in whole frames. Raises `ValueError` when the cadence is not made of whole frames."""
    if tone.ms % FRAME_MS or tone.ms <= 0:
        raise ValueError(f"a cadence of {tone.ms} ms is not made of frames of {FRAME_MS} ms")
    amplitude = 32124 / 10 ** (3.17 / 20) * 10 ** (tone.level_dbm0 / 20)
    steady = len(tone.bursts) == 1
    samples = array("h")
    for burst in tone.bursts:
        samples.extend(_burst(burst, amplitude, ramp=not steady))
    return samples


def _burst(burst: Burst, amplitude: float, *, ramp: bool) -> array[int]:
    count = burst.ms * CLOCK_HZ // 1000
    if not burst.hz:
        return array("h", bytes(2 * count))
    steps = [2 * math.pi * hz / CLOCK_HZ for hz in burst.hz]
    if len(steps) * amplitude > 32767:
        raise ValueError(f"{len(steps)} frequencies at this level do not fit 16 bits")
    edge = _RAMP_SAMPLES if ramp else 0
    return array(
        "h",
        (
            round(amplitude * _envelope(n, count, edge) * sum(math.sin(step * n) for step in steps))
            for n in range(count)
        ),
    )


def _envelope(n: int, count: int, edge: int) -> float:
    """A raised cosine at both ends."""
    distance = min(n, count - 1 - n)
    return 1.0 if distance >= edge else 0.5 - 0.5 * math.cos(math.pi * (distance + 0.5) / edge)


def encode(samples: array[int], encoding: str) -> bytes:
    """G.711 of 16-bit samples. Raises `ValueError` for other encodings."""
    if encoding not in ("PCMU", "PCMA"):
        raise ValueError(f"prompts cannot be made in {encoding}")
    table = _table(encoding)
    return bytes(table[(sample & 0xFFFF) >> 2] for sample in samples)


@cache
def _table(encoding: str) -> bytes:
    """The code of each 14-bit sample; both laws look at no more bits."""
    law = ulaw if encoding == "PCMU" else alaw
    return bytes(law((index ^ 0x2000) * 4 - 0x8000) for index in range(1 << 14))


def ulaw(sample: int) -> int:
    """One 16-bit sample as µ-law (ITU-T G.711 table 2a)."""
    magnitude = min(abs(sample), 32635) + 0x84
    exponent = magnitude.bit_length() - 8
    mantissa = magnitude >> (exponent + 3) & 0x0F
    return ~((0x80 if sample < 0 else 0) | exponent << 4 | mantissa) & 0xFF


def alaw(sample: int) -> int:
    """One 16-bit sample as A-law (ITU-T G.711 table 1a), even bits inverted."""
    magnitude = (sample if sample >= 0 else -sample - 1) >> 3
    exponent = max(magnitude.bit_length() - 5, 0)
    mantissa = magnitude >> (max(exponent, 1)) & 0x0F
    return ((0x80 if sample >= 0 else 0) | exponent << 4 | mantissa) ^ 0x55
