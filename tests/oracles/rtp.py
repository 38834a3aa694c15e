"""RTP as slow, obvious Python: what RFC 3550 says, with sets and big integers instead of windows and wraps."""

from __future__ import annotations

import struct
from fractions import Fraction
from itertools import pairwise


def parse(data: bytes) -> tuple[int, bool, int, int, int, bytes] | None:
    """(payload_type, marker, seq, rtp_ts, ssrc, payload), or None."""
    if len(data) < 12 or data[0] >> 6 != 2:
        return None
    rest = data[12:]
    contributing = 4 * (data[0] & 15)
    if len(rest) < contributing:
        return None
    rest = rest[contributing:]
    if data[0] & 16:
        if len(rest) < 4:
            return None
        extension = 4 + 4 * struct.unpack("!H", rest[2:4])[0]
        if len(rest) < extension:
            return None
        rest = rest[extension:]
    if data[0] & 32:
        if not 1 <= data[-1] <= len(rest):
            return None
        rest = rest[: -data[-1]]
    seq, rtp_ts, ssrc = struct.unpack("!HII", data[2:12])
    return data[1] & 127, data[1] > 127, seq, rtp_ts, ssrc, rest


class Sender:
    """Sequence numbers as integers that never wrap."""

    def __init__(self) -> None:
        self.ssrc: int | None = None
        self.first = self.highest = 0
        self.seen: set[int] = set()
        self.count = 0
        self.suspect: int | None = None
        self.past_expected = 0
        self.past_received = 0

    def _restart(self, ssrc: int, seq: int) -> str:
        self.past_expected, self.past_received = self.expected, self.received
        self.ssrc, self.first, self.highest = ssrc, seq, seq
        self.seen, self.count, self.suspect = {seq}, 1, None
        return "restart"

    def receive(self, ssrc: int, seq: int) -> str:
        if ssrc != self.ssrc:
            return self._restart(ssrc, seq)
        distance = (seq - self.highest + 0x8000) % 0x10000 - 0x8000
        if 0 < distance < 3000:
            self.highest += distance
            self.seen.add(self.highest)
            self.count, self.suspect = self.count + 1, None
            return "new"
        if -100 < distance <= 0:
            self.count += 1
            number = self.highest + distance
            if number in self.seen and distance > -64:
                return "duplicate"
            self.seen.add(number)
            return "late"
        if seq == self.suspect:
            return self._restart(ssrc, seq)
        self.suspect = (seq + 1) % 0x10000
        return "suspect"

    @property
    def expected(self) -> int:
        return self.past_expected + (self.highest - self.first + 1 if self.ssrc is not None else 0)

    @property
    def received(self) -> int:
        return self.past_received + self.count


def jitter(arrivals: list[tuple[Fraction, int]], clock_hz: int) -> Fraction:
    """RFC 3550 6.4.1 in exact numbers: (arrival in seconds, RTP timestamp) → jitter in timestamp units."""
    figure = Fraction(0)
    for (earlier_at, earlier_ts), (at, rtp_ts) in pairwise(arrivals):
        difference = abs((at - earlier_at) * clock_hz - (rtp_ts - earlier_ts))
        figure += (difference - figure) / 16
    return figure
