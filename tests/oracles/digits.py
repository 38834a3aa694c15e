"""RFC 4733 digits with the whole recording at hand: group packets by digit, then look at each group."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field


@dataclass
class Press:
    """One digit as a phone sends it."""

    event: int
    duration: int
    rtp_ts: int
    packets: list[tuple[int, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """A packet each 160 units, then the end three times; a segment ends at 0xffff units (2.5.1.3)."""
        start, left = self.rtp_ts, self.duration
        while left > 0xFFFF:
            self.packets += [(start, self._payload(length)) for length in range(160, 0xFFFF, 4000)]
            self.packets.append((start, self._payload(0xFFFF)))
            start, left = (start + 0xFFFF) % 2**32, left - 0xFFFF
        self.packets += [(start, self._payload(length)) for length in range(160, left, 160)]
        self.packets += [(start, self._payload(left, end=True))] * 3

    def _payload(self, length: int, *, end: bool = False) -> bytes:
        return struct.pack("!BBH", self.event, 128 if end else 0, length)

    def told(self, clock_hz: int) -> tuple[int, int]:
        return self.event, self.duration * 1000 // clock_hz
