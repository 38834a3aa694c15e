"""Phones that say tones into a running engine, in time, and what a recording of them holds."""

from __future__ import annotations

import asyncio
import time
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from media_ext.codec_door import CodecProbe
from tests.media.phone import Phone, write_rtp
from tests.media.sound import packets
from tests.oracles.tones import Samples, from_bytes, tone

__all__ = ["Saying", "channels", "onset_ms", "read_wav", "say_all", "tone_packets"]


def tone_packets(hz: float, seconds: float, name: str = "PCMU", rate_hz: int = 8000) -> list[bytes]:
    """20 ms each."""
    return packets(CodecProbe(name, rate_hz), tone(hz, rate_hz, seconds))


class Saying:
    """One phone's packets to one port: when each is sent, after its 20 ms, and in which order."""

    def __init__(
        self,
        phone: Phone,
        to_port: int,
        payloads: Sequence[bytes],
        *,
        payload_type: int = 0,
        units: int = 160,
        delay_ms: Callable[[int], float | None] = lambda _: 0.0,
    ) -> None:
        self.phone = phone
        self.to_port = to_port
        self.due: list[tuple[float, bytes]] = []
        for n, payload in enumerate(payloads):
            late = delay_ms(n)
            if late is not None:
                data = write_rtp(
                    phone.seq + n,
                    phone.rtp_ts + n * units,
                    ssrc=phone.ssrc,
                    payload_type=payload_type,
                    payload=payload,
                )
                self.due.append((n * 0.02 + late / 1000, data))
        phone.seq += len(payloads)
        phone.rtp_ts += len(payloads) * units
        self.due.sort(key=lambda each: each[0])


async def say_all(*sayings: Saying) -> None:
    """Send every packet at its time; returns after the last."""
    due = sorted(
        ((at, each, data) for each in sayings for at, data in each.due), key=lambda one: (one[0], id(one[1]))
    )
    started = time.monotonic()
    for at, each, data in due:
        if (wait := started + at - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        each.phone.throw(data, each.to_port)


def read_wav(path: Path) -> tuple[int, Samples]:
    """(rate, frames by channels) by Python's own reader."""
    with wave.open(str(path)) as file:
        assert file.getsampwidth() == 2
        pcm = file.readframes(file.getnframes())
        return file.getframerate(), from_bytes(pcm).reshape(-1, file.getnchannels())


def channels(path: Path) -> tuple[int, Samples, Samples]:
    rate_hz, frames = read_wav(path)
    assert frames.shape[1] == 2
    return rate_hz, frames[:, 0], frames[:, 1]


def onset_ms(samples: Samples, rate_hz: int, threshold: float = 1000.0) -> float:
    """When it becomes loud."""
    return float(np.argmax(np.abs(samples) > threshold)) * 1000 / rate_hz
