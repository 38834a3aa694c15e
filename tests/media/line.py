"""A bad line to the node, and the sound that came out of the node as a phone would have played it.

The line loses, delays and reorders by a plan made beforehand from a seed; a thread sends by that plan. What the far
phone gets is put on a time line by its timestamps, and measured there: delay, gaps, level, pitch, intelligibility.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tests.media.phone import Phone, Rtp, write_rtp
from tests.oracles.tones import Samples

__all__ = ["FRAME_MS", "Heard", "Impairment", "Spoken", "Talk", "converse"]

FRAME_MS = 20
START_S = 0.15


@dataclass(frozen=True, slots=True)
class Impairment:
    """What the line does: `jitter_ms` is the most that a packet is late, evenly spread; over 20 ms they overtake."""

    loss: float = 0.0
    jitter_ms: float = 0.0
    seed: int = 1

    def __str__(self) -> str:
        return f"{self.loss:.0%} lost, {self.jitter_ms:.0f} ms jitter"


CLEAN = Impairment()


@dataclass(frozen=True, slots=True)
class Talk:
    """A phone that says these payloads to a port of the node, a frame each, over such a line."""

    phone: Phone
    port: int
    payloads: Sequence[bytes]
    payload_type: int = 0
    units: int = 160
    """Timestamp units of a frame."""
    line: Impairment = CLEAN


@dataclass(frozen=True, slots=True)
class Spoken:
    """What left the line."""

    at: float
    """When the first frame was said, in seconds of the wall clock."""
    sent: tuple[int, ...]
    """Numbers of the frames that were not lost."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Sound on a time line. `at` is when its first sample could have been played at the earliest."""

    samples: Samples
    rate_hz: int
    at: float
    missing: tuple[int, ...]
    """Starts, in ms from the first sample, of frames that no packet brought."""
    packets: int

    def delay_ms(self, said: Samples, spoken: Spoken) -> float:
        """From mouth to ear, by where what was said fits best into what was heard."""
        return (self.at - spoken.at) * 1000 + self.lag(said) / self.rate_hz * 1000

    def lag(self, said: Samples) -> int:
        """At which sample of this what was said begins; negative when its start was not heard."""
        size = 1 << (len(self.samples) + len(said)).bit_length()
        product = np.fft.rfft(self.samples, size) * np.conj(np.fft.rfft(said, size))
        best = int(np.argmax(np.fft.irfft(product, size)))
        return best if best < size // 2 else best - size

    def aligned(self, said: Samples) -> Samples:
        """Shifted and cut so that it lies over what was said."""
        lag = self.lag(said)
        found = self.samples[lag:] if lag >= 0 else np.concatenate([np.zeros(-lag), self.samples])
        return np.pad(found[: len(said)], (0, max(0, len(said) - len(found))))

    def holes_ms(self, below: float = 40.0) -> list[int]:
        """Lengths of stretches of 10 ms and more in which there is nothing, before the last sound."""
        step = self.rate_hz // 100
        count = len(self.samples) // step
        quiet = np.abs(self.samples[: count * step].reshape(count, step)).max(axis=1) < below
        loud = np.flatnonzero(~quiet)
        if not len(loud):
            return [10 * count]
        return _runs(quiet[loud[0] : loud[-1]])


def _runs(quiet: NDArray[np.bool_]) -> list[int]:
    found, length = [], 0
    for each in [*quiet, False]:
        if each:
            length += 1
        elif length:
            found.append(10 * length)
            length = 0
    return found


def plan(talk: Talk) -> list[tuple[float, int]]:
    """(seconds from the start, frame) of each packet that arrives, in order of arrival."""
    chance = random.Random(talk.line.seed)
    due = []
    for number in range(len(talk.payloads)):
        late_ms = chance.uniform(0, talk.line.jitter_ms)
        if chance.random() >= talk.line.loss:
            due.append(((number * FRAME_MS + late_ms) / 1000, number))
    return sorted(due)


async def converse(talks: Sequence[Talk], *, tail_s: float = 0.3) -> list[Spoken]:
    """All talk at once; returns when the last has ended and what is on its way has had time to arrive."""
    begin = time.time() + START_S
    spoken = [Spoken(begin, tuple(sorted(number for _, number in plan(talk)))) for talk in talks]
    thread = threading.Thread(target=_send, args=(talks, begin), daemon=True)
    thread.start()
    while thread.is_alive():
        await asyncio.sleep(0.02)
    await asyncio.sleep(tail_s)
    return spoken


def _send(talks: Sequence[Talk], begin: float) -> None:
    due = sorted((at, number, index) for index, talk in enumerate(talks) for at, number in plan(talk))
    offset = begin - time.time() + time.monotonic()
    for at, number, index in due:
        talk = talks[index]
        time.sleep(max(0.0, offset + at - time.monotonic()))
        phone = talk.phone
        packet = write_rtp(
            phone.seq + number, phone.rtp_ts + number * talk.units, ssrc=phone.ssrc,
            payload_type=talk.payload_type, payload=talk.payloads[number],
        )  # fmt: skip
        phone.throw(packet, talk.port)


def heard_by(
    packets: Sequence[Rtp], decode: Callable[[bytes], Samples], rate_hz: int, units: int = 160
) -> Heard:
    """Put packets of 20 ms on their time line; `units` is what a frame lasts in their clock."""
    assert packets, "nothing was heard at all"
    assert len({packet.ssrc for packet in packets}) == 1, "one stream"
    ordered = sorted(packets, key=lambda packet: (packet.rtp_ts - packets[0].rtp_ts + 2**31) & 0xFFFFFFFF)
    frame = rate_hz * FRAME_MS // 1000
    sounds: dict[int, Samples] = {}
    earliest = float("inf")
    last = ordered[0]
    for number, packet in enumerate(ordered):
        assert number == 0 or packet.rtp_ts != last.rtp_ts, "a timestamp came twice"
        # Silence lasts as long as it lasts: the talkspurt after it (RFC 3550 5.1) begins at no multiple of a frame.
        step = (packet.rtp_ts - last.rtp_ts) & 0xFFFFFFFF
        assert step % units == 0 or packet.marker, "timestamps step by whole frames"
        place = ((packet.rtp_ts - ordered[0].rtp_ts) & 0xFFFFFFFF) * frame // units
        sounds[place] = decode(packet.payload)
        earliest = min(earliest, packet.at - place / rate_hz)
        last = packet
    sound = np.zeros(max(sounds) + frame)
    for place, part in sounds.items():
        sound[place : place + frame] = part
    missing = tuple(
        at * 1000 // rate_hz
        for begin, following in pairwise(sounds)
        for at in range(begin + frame, following, frame)
    )
    return Heard(sound, rate_hz, earliest, missing, len(packets))
