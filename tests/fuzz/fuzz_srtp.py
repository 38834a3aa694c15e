"""Damaged SRTP and SRTCP, and keys as SDP brings them: `python -m tests.fuzz.fuzz_srtp [SECONDS] [SEED]`.

A receiver gets genuine packets in disorder, twice, and damaged in between, over changes of the key. It may take only
genuine ones, each once, and gives back exactly what was sent. Worth most on a sanitized build
(`tests/media/sanitized.py`). Prints the seed, so that a failure can be had again.
"""

from __future__ import annotations

import random
import sys
import time

from media_ext.srtp_door import SrtpProbe
from pbx.sip.errors import ParseError
from pbx.sip.sdp import crypto
from tests.media.srtp_samples import PROFILES, material, rtcp, rtp


def damaged(rng: random.Random, packet: bytes) -> bytes:
    """One to three changes: flipped bytes, a cut, something put in or appended, other lengths claimed."""
    data = bytearray(packet)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(5):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del data[at:]
            case 2:
                data[at:at] = rng.randbytes(rng.randrange(8))
            case 3:
                data += rng.randbytes(rng.randrange(1, 30))
            case _:
                data[:1] = bytes([0x80 | rng.randrange(64)])
    return bytes(data)


class Story:
    """A sender, and a receiver behind a bad network and a stranger."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.profile = rng.choice(tuple(PROFILES))
        self.keys = 1
        self.sender = SrtpProbe(self.profile, material(self.profile), sending=True)
        self.receiver = SrtpProbe(self.profile, material(self.profile), sending=False)
        self.plain: dict[tuple[bool, bytes], bytes] = {}
        self.taken: set[tuple[bool, bytes]] = set()
        self.seq = rng.randrange(0x8000)

    def send(self) -> None:
        if is_rtcp := self.rng.random() < 0.2:
            packet = rtcp(body=self.rng.randbytes(4 * self.rng.randrange(20)))
            status, data = self.sender.protect_rtcp(packet, encrypt=self.rng.random() < 0.9)
        else:
            self.seq += self.rng.choice((1, 1, 1, 2, 100, 20000))
            between = self.rng.randbytes(4 * 15)
            flags = self.rng.choice((0, 0, 15))
            packet = rtp(
                self.seq,
                payload=self.rng.randbytes(self.rng.choice((0, 1, 160, 1400))),
                flags=flags,
                between=between if flags else b"",
            )
            status, data = self.sender.protect(packet)
        assert status == "ok", status
        self.plain[is_rtcp, data] = packet

    def deliver(self) -> None:
        is_rtcp, data = self.rng.choice(list(self.plain)[-20:])
        if self.rng.random() < 0.6:
            data = damaged(self.rng, data)
        is_rtcp ^= self.rng.random() < 0.02
        status, found = (self.receiver.unprotect_rtcp if is_rtcp else self.receiver.unprotect)(data)
        if status != "ok":
            assert found == data
            return
        assert found == self.plain[is_rtcp, data], "only what was sent is taken"
        assert (is_rtcp, data) not in self.taken, "and only once"
        self.taken.add((is_rtcp, data))

    def change_key(self) -> None:
        self.keys += 1
        self.profile = self.rng.choice(tuple(PROFILES))
        for probe in (self.sender, self.receiver):
            probe.rekey(self.profile, material(self.profile, self.keys))

    def run(self, steps: int) -> None:
        self.send()
        for _ in range(steps):
            what = self.rng.random()
            if what < 0.3:
                self.send()
            elif what < 0.995:
                self.deliver()
            else:
                self.change_key()


def try_line(rng: random.Random) -> None:
    line = crypto.write(crypto.offer(rng.randbytes)[rng.randrange(4)]) + rng.choice(
        ("", "|2^20", "|1:4", " WSH=64")
    )
    text = damaged(rng, line.encode()).decode("latin-1")
    try:
        found = crypto.parse(text)
    except ParseError:
        return
    assert len(found.material) == found.suite.material_bytes


def fuzz(seconds: float, seed: int) -> int:
    """Returns how many packets were delivered or lines read."""
    rng, tried = random.Random(seed), 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        story = Story(rng)
        story.run(200)
        assert story.taken, "some packets arrive as they were sent"
        for _ in range(20):
            try_line(rng)
        tried += 220
    return tried


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 2**32
    print(f"seed {seed}", flush=True)
    print(f"{fuzz(seconds, seed)} packets and lines, nothing found")


if __name__ == "__main__":
    main()
