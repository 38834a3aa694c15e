"""Tones as clips, rendered when first asked for: those of a country's network, hold, digits, and test signals.

A tone is one cadence, to be played in a loop without a click. Plain Python, not numpy: that costs megabytes of imports
for a moment's work.
"""

from __future__ import annotations

import math
from array import array
from functools import cache
from typing import Literal

import msgspec

from media_ext.sound_door import Clip
from pbx.media.tone_table import TONES

RATE_HZ = 8000
STEADY_MS = 1000
RAMP_SAMPLES = 40
"""5 ms: a tone that starts at once is heard as a click."""
MODULATION_DEPTH = 0.9
SINE_0_DBM0 = 32124 / 10 ** (3.17 / 20)
"""The amplitude of a sine of 0 dBm0: it lies 3.17 dB under the loudest one that µ-law has (ITU-T G.711)."""

ToneName = Literal["dial", "ringback", "busy", "congestion", "call_waiting", "information"]

USUAL = "de"
"""425 Hz, as ETSI recommends it."""


class Burst(msgspec.Struct, frozen=True):
    """`ms` of these frequencies together, or of silence when there are none; `by_hz` modulates the amplitude."""

    ms: int
    hz: tuple[float, ...] = ()
    by_hz: float = 0.0


class Tone(msgspec.Struct, frozen=True):
    """A cadence. `level_dbm0` is that of each frequency."""

    bursts: tuple[Burst, ...]
    level_dbm0: float = -16.0

    @property
    def ms(self) -> int:
        return sum(burst.ms for burst in self.bursts)


HOLD = Tone((Burst(300, (440,)), Burst(9700)), level_dbm0=-24.0)
"""A short pip every ten seconds: the line is not dead, and nobody is annoyed."""
RECORDING_BEEP = Tone((Burst(200, (1400,)),), level_dbm0=-20.0)
RECORDED = Tone((Burst(300, (1400,)), Burst(100), Burst(300, (1400,)), Burst(300)))
MILLIWATT = Tone((Burst(1000, (1004,)),), level_dbm0=0.0)
"""The reference tone of ITU-T O.6 for *44 and measurements."""
JOINED = Tone((Burst(90, (587.3,)), Burst(120, (880,))), level_dbm0=-20.0)
LEFT = Tone((Burst(90, (880,)), Burst(120, (587.3,))), level_dbm0=-20.0)
"""A step up when somebody comes into a conference, a step down when somebody goes."""
_PAUSE = Burst(300)
CONFIRMATIONS = {
    "on": Tone((_PAUSE, Burst(120, (660,)), Burst(60), Burst(120, (880,)), _PAUSE)),
    "off": Tone((_PAUSE, Burst(120, (880,)), Burst(60), Burst(120, (660,)), _PAUSE)),
    "refused": Tone((_PAUSE, *(Burst(160, (330,)), Burst(80)) * 3, _PAUSE)),
}
"""Two pips that rise: something is set. That fall: cleared. Three low ones: nothing has changed."""

PAGE = Tone((Burst(350, (784,)), Burst(350, (659,)), Burst(450, (523,)), Burst(150)), level_dbm0=-14.0)
"""Three notes downwards: attention, somebody is about to speak."""

TIME_IS_UP = Tone((Burst(150, (1400,)), Burst(100), Burst(150, (1400,))), level_dbm0=-16.0)
"""Two short beeps into a call that will be ended."""
ASK = Tone(
    (Burst(400), Burst(140, (523,)), Burst(140, (659,)), Burst(240, (784,)), Burst(1600)), level_dbm0=-14.0
)
"""Three notes upwards, and a pause to answer in: a key is asked for."""
BEEP = Tone((Burst(100), Burst(350, (1000,)), Burst(100)), level_dbm0=-14.0)
"""Speak now: it is recorded from here."""
SPOKEN_INSTEAD = Tone(
    (
        Burst(100),
        Burst(200, (440,)),
        Burst(80),
        Burst(200, (554,)),
        Burst(80),
        Burst(200, (440,)),
        Burst(300),
    ),
    level_dbm0=-18.0,
)
"""Where something would be said, if there were a voice."""
QUEUE_PIP = Tone((Burst(100), Burst(90, (587,)), Burst(60), Burst(90, (587,)), Burst(200)), level_dbm0=-20.0)
"""Two short pips: you are still in the line."""


def read_tone(notation: str) -> Tone:
    """A tone from the notation of `tone_table`. Raises `ValueError`."""
    return Tone(tuple(_read_burst(each) for each in notation.split(",")))


def _read_burst(notation: str) -> Burst:
    sound, _, ms = notation.partition("/")
    carrier, _, by_hz = sound.partition("*")
    hz = tuple(float(each) for each in carrier.split("+") if float(each))
    return Burst(int(ms or STEADY_MS), hz, float(by_hz or 0))


@cache
def tone_clip(tone: Tone) -> Clip:
    """One cadence of it; play it with `loop`. Raises `ValueError`."""
    return Clip(render(tone).tobytes(), RATE_HZ, round=True)


def national_tone(name: ToneName, country: str) -> Clip:
    """A tone of a country's network, by its ISO 3166 code. Raises `ValueError` for a country that is not known."""
    tones = TONES.get(country.lower())
    if tones is None:
        raise ValueError(f"no tones are known for {country!r}: there are {', '.join(sorted(TONES))}")
    return tone_clip(read_tone(getattr(tones, name)))


def tone_of(name: ToneName, country: str) -> Clip:
    """`national_tone`, or what most networks sound where a country's tones are not known."""
    return national_tone(name, country if country.lower() in TONES else USUAL)


def hold_tone() -> Clip:
    """What somebody on hold hears."""
    return tone_clip(HOLD)


def confirmation(outcome: Literal["on", "off", "refused"]) -> Clip:
    """What a feature says when it is done."""
    return tone_clip(CONFIRMATIONS[outcome])


def page_tone() -> Clip:
    """What is heard before an announcement."""
    return tone_clip(PAGE)


def time_is_up() -> Clip:
    """What is heard a while before the node ends a call."""
    return tone_clip(TIME_IS_UP)


def ask_tone() -> Clip:
    """What somebody hears who is to press a key; play it in a loop."""
    return tone_clip(ASK)


def queue_pip() -> Clip:
    """What somebody hears now and then who waits in a line."""
    return tone_clip(QUEUE_PIP)


def beep() -> Clip:
    """What is heard before a recording begins."""
    return tone_clip(BEEP)


def spoken_instead() -> Clip:
    """What is heard in place of speech."""
    return tone_clip(SPOKEN_INSTEAD)


def recording_beep() -> Clip:
    """What both hear now and then while their call is recorded (47 CFR 64.501: 1400 Hz)."""
    return tone_clip(RECORDING_BEEP)


def recording_tone() -> Clip:
    """Says that the call is recorded, where there is no voice to say it."""
    return tone_clip(RECORDED)


def milliwatt() -> Clip:
    return tone_clip(MILLIWATT)


def silence(ms: int = 1000) -> Clip:
    """Nothing at all, as packets: keeps NAT bindings and impatient phones alive."""
    return tone_clip(Tone((Burst(ms),)))


def joined_tone() -> Clip:
    """Somebody has come into the conference."""
    return tone_clip(JOINED)


def left_tone() -> Clip:
    return tone_clip(LEFT)


def render(tone: Tone) -> array[int]:
    """16-bit samples at 8 kHz. Raises `ValueError` when there are none, or they do not fit 16 bits."""
    if tone.ms <= 0:
        raise ValueError("a tone lasts some milliseconds")
    amplitude = SINE_0_DBM0 * 10 ** (tone.level_dbm0 / 20)
    steady = len(tone.bursts) == 1
    samples = array("h")
    for burst in tone.bursts:
        samples.extend(_burst(burst, amplitude, ramp=not steady))
    return samples


def _burst(burst: Burst, amplitude: float, *, ramp: bool) -> array[int]:
    count = burst.ms * RATE_HZ // 1000
    if not burst.hz:
        return array("h", bytes(2 * count))
    steps = [2 * math.pi * hz / RATE_HZ for hz in burst.hz]
    if len(steps) * amplitude > 32767:
        raise ValueError(f"{len(steps)} frequencies at this level do not fit 16 bits")
    edge = RAMP_SAMPLES if ramp else 0
    by = 2 * math.pi * burst.by_hz / RATE_HZ
    depth = MODULATION_DEPTH if by else 0.0
    return array(
        "h",
        (
            round(
                amplitude
                * _envelope(n, count, edge)
                * (1 + depth * math.cos(by * n))
                / (1 + depth)
                * sum(math.sin(step * n) for step in steps)
            )
            for n in range(count)
        ),
    )


def _envelope(n: int, count: int, edge: int) -> float:
    """A raised cosine at both ends."""
    distance = min(n, count - 1 - n)
    return 1.0 if distance >= edge else 0.5 - 0.5 * math.cos(math.pi * (distance + 0.5) / edge)
