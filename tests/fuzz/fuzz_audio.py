"""Payloads that no codec made, and packets in no order at all: `python -m tests.fuzz audio`.

Decoders, concealment and FEC get damaged frames; the jitter buffer gets hostile sequence numbers, timestamps, lengths
and times. A decoder may refuse, and may give samples; the buffer gives out only what was put in, each packet once.
"""

from __future__ import annotations

import random
import time

from media_ext.codec_door import CodecProbe, TranscoderProbe
from media_ext.processing_door import DtmfDetectProbe, JitterProbe, PlcProbe
from tests.oracles.tones import speech_like, to_bytes

CODECS = (("PCMU", 8000), ("PCMA", 8000), ("G722", 16000), ("OPUS", 8000), ("OPUS", 48000), ("L16", 16000))
MOST_MS = 120  # of Opus in a packet
MOST_BYTES = 1500


def genuine(name: str, rate_hz: int) -> list[bytes]:
    codec = CodecProbe(name, rate_hz, fec=name == "OPUS")
    sound = to_bytes(speech_like(rate_hz, 0.2))
    step = 2 * codec.frame_samples
    return [codec.encode(sound[at : at + step]) for at in range(0, len(sound), step)]


PAYLOADS = {codec: genuine(*codec) for codec in CODECS}


def damaged(chance: random.Random, payload: bytes) -> bytes:
    data = bytearray(payload)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del data[at:]
            case 2:
                data[at:at] = chance.randbytes(chance.randrange(200))
            case 3:
                data[:1] = bytes([chance.randrange(256)])
            case 4:
                data += bytes(data)
            case _:
                data[:] = chance.randbytes(chance.randrange(1500))
    return bytes(data[:MOST_BYTES])


class Decoders:
    """One decoder, concealer and transcoder of each kind, which live through it all."""

    def __init__(self) -> None:
        self.decoders = {codec: CodecProbe(*codec) for codec in CODECS}
        self.transcoders = {
            codec: TranscoderProbe(CodecProbe(*codec), CodecProbe("PCMU", 8000)) for codec in CODECS
        }
        self.plc, self.digits = PlcProbe(8000), DtmfDetectProbe(8000)

    def step(self, chance: random.Random) -> None:
        codec = chance.choice(CODECS)
        payload = damaged(chance, chance.choice(PAYLOADS[codec]))
        decoder = self.decoders[codec]
        try:
            match chance.randrange(5):
                case 0:
                    decoder.conceal(chance.randrange(1, decoder.rate_hz // 8), payload)
                case 1:
                    self.transcoders[codec].put(payload)
                case 2:
                    self.transcoders[codec].lost(chance.choice((10, 20, 40)), payload)
                case _:
                    self.hear(decoder.decode(payload), decoder.rate_hz, chance)
        except ValueError:
            return

    def hear(self, pcm: bytes, rate_hz: int, chance: random.Random) -> None:
        assert len(pcm) <= 2 * max(rate_hz * MOST_MS // 1000, MOST_BYTES * 2), "more than can be said"
        if rate_hz == 8000 and len(pcm) >= 320:
            self.plc.hear(pcm[:320])
            self.plc.conceal(chance.randrange(1, 480))
            self.digits.feed(pcm)


class Buffer:
    """A jitter buffer, and all that was put into it."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.clock_hz = chance.choice((8000, 48000))
        self.jitter = JitterProbe(self.clock_hz, 480, 20, chance.choice((40, 200)))
        self.waiting: dict[bytes, int] = {}
        self.number = 0
        self.seq, self.rtp_ts, self.now_ms = chance.randrange(65536), chance.randrange(2**32), 1000.0

    def put(self) -> None:
        chance = self.chance
        if chance.random() < 0.05:
            self.seq, self.rtp_ts = chance.randrange(65536), chance.randrange(2**32)
        self.seq = (self.seq + chance.choice((1, 1, 1, 1, 2, -1, 0, 50, -3000))) & 0xFFFF
        self.rtp_ts = (self.rtp_ts + chance.choice((160, 160, 160, 0, 1, 960, -160, 2**31))) & 0xFFFFFFFF
        self.number += 1
        payload = self.number.to_bytes(8, "big") + bytes(chance.choice((0, 0, 100, 472, 473)))
        span = chance.choice((160, 160, 160, 0, -5, 1, 960, 5760, 2**31 - 1))
        self.waiting[payload] = 1
        self.jitter.put(self.seq, self.rtp_ts, span, payload, self.now_ms, chance.choice((1, 1, 1, 1, 2)))

    def tick(self) -> None:
        self.now_ms += self.chance.choice((20, 20, 20, 0, 1, 500, 100_000))
        for kind, span, payload, _ in self.jitter.tick(self.now_ms, self.chance.random() < 0.3):
            assert span >= 0, "time does not run backwards"
            if kind == "frame":
                assert payload is not None
                assert self.waiting.pop(payload, 0), "given out twice, or never put in"

    def run(self, steps: int) -> None:
        for _ in range(steps):
            if self.chance.random() < 0.01:
                self.jitter.restart(self.clock_hz)
            (self.put if self.chance.random() < 0.55 else self.tick)()
        assert self.jitter.stats["played"] <= self.number


def fuzz(seconds: float, seed: int) -> int:
    """Returns how many payloads and packets were tried."""
    chance, tried = random.Random(seed), 0
    decoders = Decoders()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for _ in range(50):
            decoders.step(chance)
        Buffer(chance).run(300)
        tried += 350
    return tried
