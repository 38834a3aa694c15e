"""A phone with a codec: it says sound as a lossy network carries it, and what it hears is laid out by timestamps."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from media_ext.codec_door import CodecProbe
from pbx.media.engine import MediaEngine
from pbx.media.stream import Stream
from pbx.model.stream import TELEPHONE_EVENT, StreamFormat
from tests.media.phone import Phone, Rtp, write_rtp
from tests.media.sound import frames
from tests.oracles.tones import Samples, from_bytes, to_bytes

PCMU = StreamFormat(0, "PCMU")
PCMA = StreamFormat(8, "PCMA")
G722 = StreamFormat(9, "G722")
OPUS = StreamFormat(111, "OPUS", 48000, 2)
L16 = StreamFormat(97, "L16", 16000)
DIGITS = StreamFormat(101, TELEPHONE_EVENT)
RATES = {"PCMU": 8000, "PCMA": 8000, "G722": 16000, "OPUS": 48000, "L16": 16000}


@dataclass(frozen=True, slots=True)
class Network:
    """What happens to packets on their way to the node."""

    loss: float = 0.0
    jitter_ms: float = 0.0
    seed: int = 1


class Talker:
    """A phone that sends and takes one voice format, and telephone-event unless `digits` is False."""

    def __init__(
        self,
        engine: MediaEngine,
        phone: Phone,
        voice: StreamFormat = PCMU,
        *,
        label: str,
        digits: bool = True,
    ) -> None:
        self.phone = phone
        self.voice = voice
        self.rate_hz = RATES[voice.encoding]
        self.encoder = CodecProbe(voice.encoding, self.rate_hz)
        self.formats = (voice, DIGITS) if digits else (voice,)
        self.stream: Stream = engine.open_stream(label=label)
        self.stream.set_remote(phone.remote(formats=self.formats))
        self.packets: list[Rtp] = []

    async def say(self, sound: Samples, network: Network = Network()) -> None:
        """In real time; packets may be lost, late, and so out of order."""
        dice = random.Random(network.seed)
        loop = asyncio.get_running_loop()
        start = loop.time()
        due: list[tuple[float, bytes]] = []
        for n, frame in enumerate(frames(to_bytes(sound), self.encoder.frame_samples)):
            data = write_rtp(
                self.phone.seq,
                self.phone.rtp_ts,
                ssrc=self.phone.ssrc,
                payload_type=self.voice.payload_type,
                payload=self.encoder.encode(frame),
            )
            self.phone.seq = (self.phone.seq + 1) & 0xFFFF
            self.phone.rtp_ts = (self.phone.rtp_ts + self.encoder.frame_units) & 0xFFFFFFFF
            if dice.random() >= network.loss:
                due.append((start + 0.02 * n + dice.random() * network.jitter_ms / 1000, data))
        for at, data in sorted(due):
            await asyncio.sleep(max(at - loop.time(), 0))
            self.phone.throw(data, self.stream.rtp_port)
            self.listen()

    def listen(self) -> list[Rtp]:
        """All that was heard so far."""
        self.packets += self.phone.hear()
        return self.packets

    def voices(self) -> list[Rtp]:
        """… without digits."""
        return [each for each in self.listen() if each.payload_type == self.voice.payload_type]

    def heard(self) -> Samples:
        """What was heard, decoded, at `rate_hz`; where no packet tells of the time, it is silent."""
        decoder, packets = CodecProbe(self.voice.encoding, self.rate_hz), self.voices()
        if not packets:
            return np.zeros(0)
        first, scale = packets[0].rtp_ts, self.rate_hz / self.encoder.rtp_clock_hz
        parts = [
            (round(((each.rtp_ts - first) & 0xFFFFFFFF) * scale), from_bytes(decoder.decode(each.payload)))
            for each in packets
        ]
        sound = np.zeros(max(at + len(part) for at, part in parts))
        for at, part in parts:
            sound[at : at + len(part)] = part
        return sound


def assert_one_stream(packets: list[Rtp], clock_hz: int = 8000) -> None:
    """One SSRC; every number follows the last; timestamps rise, about as fast as time passes (RFC 3550 5.1)."""
    assert len({packet.ssrc for packet in packets}) == 1
    for earlier, later in pairwise(packets):
        assert later.seq == (earlier.seq + 1) & 0xFFFF
        step = (later.rtp_ts - earlier.rtp_ts) & 0xFFFFFFFF
        assert 0 < step < 0x80000000
        assert abs(step / clock_hz - (later.at - earlier.at)) < 0.2
