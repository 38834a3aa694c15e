"""What a codec's library itself takes for 20 ms, in ns: the yardstick for ours. SpanDSP's G.722 is called by ctypes."""

from __future__ import annotations

import ctypes
import time

from media_ext.codec_door import CodecProbe
from tests.oracles.spandsp import g722_coders

__all__ = ["decode_ns", "encode_ns", "paced_opus_ns"]

AT_ONCE = 5
PAUSE_S = 0.0035


def encode_ns(name: str, rate_hz: int, pcm: bytes) -> float:
    """A mean over this sound."""
    if name != "G722":
        return CodecProbe(name, rate_hz).time_encode_ns(pcm, bare=True)
    encode, _ = g722_coders(rate_hz)
    out = ctypes.create_string_buffer(len(pcm))
    began = time.perf_counter_ns()
    encode(out, pcm, len(pcm) // 2)
    return (time.perf_counter_ns() - began) / (len(pcm) / 2 / rate_hz / 0.02)


def decode_ns(name: str, rate_hz: int, payloads: list[bytes]) -> float:
    if name != "G722":
        return CodecProbe(name, rate_hz).time_decode_ns(payloads, bare=True)
    _, decode = g722_coders(rate_hz)
    payload = b"".join(payloads)
    out = ctypes.create_string_buffer(4 * len(payload))
    began = time.perf_counter_ns()
    decode(out, payload, len(payload))
    return (time.perf_counter_ns() - began) / len(payloads)


def paced_opus_ns(rate_hz: int, frames: list[bytes], payloads: list[bytes], legs: int) -> float:
    """Encoding and decoding 20 ms on so many legs, a few and then a pause: in a loop without one, caches stay warm."""
    codecs = [CodecProbe("OPUS", rate_hz) for _ in range(legs)]
    spent = 0.0
    for pcm, payload in zip(frames, payloads, strict=True):
        for n, codec in enumerate(codecs):
            spent += codec.time_encode_ns(pcm, bare=True) + codec.time_decode_ns([payload], bare=True)
            if n % AT_ONCE == AT_ONCE - 1:
                time.sleep(PAUSE_S)
    return spent / len(frames) / legs
