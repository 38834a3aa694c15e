"""What the phones say: speech-like sound, encoded once, as RTP packets that are sent again and again.

Plain Python: a machine that only runs a node has no numpy.
"""

from __future__ import annotations

import math
import random
import struct
from array import array
from dataclasses import dataclass
from functools import cache

from media_ext.codec_door import CodecProbe
from media_ext.srtp_door import SrtpProbe

__all__ = ["SEALING_KEY", "SEALING_PROFILE", "Series", "sealed", "speech", "spoken"]

FRAMES = 50
"""One second, sent again and again."""
SEALING_PROFILE = 1  # AES_CM_128_HMAC_SHA1_80, what every phone has
SEALING_KEY = bytes(range(30))

PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8, "G722": 9, "OPUS": 111}
RATES_HZ = {"PCMU": 8000, "PCMA": 8000, "G722": 16000, "OPUS": 48000}


@dataclass(frozen=True, slots=True)
class Series:
    """RTP packets of 20 ms. Those of a sealed series may be sent once only, and by every phone as they are."""

    packets: tuple[bytes, ...]
    sealed: bool = False


def speech(rate_hz: int, seconds: float, seed: int = 1) -> bytes:
    """16-bit samples of a buzzing voice: a pitch that wanders, formants, syllables, breath."""
    chance = random.Random(seed)
    samples = array("h")
    phase, tilt = 0.0, [1.0, 0.8, 0.9, 0.5, 0.35, 0.4, 0.2, 0.12, 0.1, 0.05]
    for n in range(round(rate_hz * seconds)):
        t = n / rate_hz
        phase += 2 * math.pi * (120 + 25 * math.sin(2 * math.pi * 1.0 * t)) / rate_hz
        voice = sum(level * math.sin((h + 1) * phase) for h, level in enumerate(tilt))
        syllable = max(0.0, math.sin(2 * math.pi * 4 * t)) ** 0.5
        samples.append(round(2500 * syllable * voice + chance.gauss(0, 120)))
    return samples.tobytes()


@cache
def spoken(encoding: str) -> Series:
    """A second of speech in this codec, Opus as phones send it: 48 kHz, in-band FEC."""
    rate_hz = RATES_HZ[encoding]
    codec = CodecProbe(encoding, rate_hz, decodes=False, fec=encoding == "OPUS")
    step = 2 * codec.frame_samples
    pcm = speech(rate_hz, FRAMES / 50)
    payloads = [codec.encode(pcm[at : at + step]) for at in range(0, len(pcm), step)]
    kind = PAYLOAD_TYPES[encoding]
    return Series(tuple(rtp(kind, n, n * codec.frame_units, payload) for n, payload in enumerate(payloads)))


def rtp(payload_type: int, seq: int, rtp_ts: int, payload: bytes) -> bytes:
    return struct.pack("!BBHII", 0x80, payload_type, seq & 0xFFFF, rtp_ts, 0x51000000) + payload


def sealed(series: Series, seconds: float) -> Series:
    """µ-law as SRTP under the key that every leg of the load has: enough packets for so many seconds."""
    sender = SrtpProbe(SEALING_PROFILE, SEALING_KEY, sending=True)
    packets = []
    for n in range(round(seconds * 50) + 50):
        status, data = sender.protect(rtp(0, n, n * 160, series.packets[n % len(series.packets)][12:]))
        if status != "ok":
            raise RuntimeError(f"a packet could not be protected: {status}")
        packets.append(data)
    return Series(tuple(packets), sealed=True)
