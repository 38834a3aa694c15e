"""Sound in the frames that a codec takes."""

from __future__ import annotations

from collections.abc import Iterable

from media_ext.codec_door import CodecProbe
from tests.oracles.tones import Samples, from_bytes, to_bytes

__all__ = ["decoded", "frames", "packets", "through"]


def frames(pcm: bytes, samples: int) -> list[bytes]:
    """Whole frames; what is left at the end is dropped."""
    return [pcm[2 * at : 2 * (at + samples)] for at in range(0, len(pcm) // 2 - samples + 1, samples)]


def packets(codec: CodecProbe, sound: Samples) -> list[bytes]:
    return [codec.encode(frame) for frame in frames(to_bytes(sound), codec.frame_samples)]


def decoded(codec: CodecProbe, payloads: Iterable[bytes]) -> Samples:
    return from_bytes(b"".join(codec.decode(payload) for payload in payloads))


def through(name: str, rate_hz: int, sound: Samples) -> Samples:
    """Encoded by one codec, decoded by another of the same kind."""
    return decoded(CodecProbe(name, rate_hz), packets(CodecProbe(name, rate_hz), sound))
