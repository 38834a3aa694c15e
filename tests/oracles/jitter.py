"""A network that delays and loses, and what a jitter buffer could do at best with the whole recording at hand."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Packet:
    """As it was sent, and when it came."""

    seq: int
    rtp_ts: int
    span: int
    at_ms: float

    @property
    def payload(self) -> bytes:
        return self.seq.to_bytes(4, "big")


def stream(
    count: int,
    *,
    ptime_ms: int = 20,
    jitter_ms: float = 0,
    loss: float = 0,
    clock_hz: int = 8000,
    seed: int = 1,
    first_seq: int = 65_500,
    first_ts: int = 2**32 - 50_000,
    drift_ppm: float = 0,
) -> list[Packet]:
    """In the order of arrival, over a network that delays each packet by 30 ms and up to `jitter_ms` more."""
    dice, sent = random.Random(seed), list[Packet]()
    span = clock_hz * ptime_ms // 1000
    for n in range(count):
        at_ms = 1000 + n * ptime_ms / (1 + drift_ppm / 1e6) + 30 + dice.random() * jitter_ms
        if dice.random() >= loss:
            sent.append(Packet((first_seq + n) % 2**16, (first_ts + n * span) % 2**32, span, at_ms))
    return sorted(sent, key=lambda packet: packet.at_ms)


def relative_delays_ms(packets: list[Packet], clock_hz: int = 8000) -> list[float]:
    """How much later than the fastest each came, after its timestamp."""
    first = packets[0].rtp_ts
    transits = [p.at_ms - ((p.rtp_ts - first + 2**31) % 2**32 - 2**31) * 1000 / clock_hz for p in packets]
    return [transit - min(transits) for transit in transits]


def best_delay_ms(packets: list[Packet], in_time: float = 0.99) -> float:
    """The shortest fixed delay with which this part comes in time."""
    delays = sorted(relative_delays_ms(packets))
    return delays[min(int(in_time * len(delays)), len(delays) - 1)]
