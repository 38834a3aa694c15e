"""Whether bytes are a WAV file as Twilio makes them, and how long it is. Nothing is decoded."""

from __future__ import annotations

import struct

__all__ = ["MOST_BYTES", "NotSound", "seconds_of"]

MOST_BYTES = 24 << 20
FORMATS = (1, 6, 7)
"""PCM, A-law, µ-law (RFC 2361)."""


class NotSound(ValueError):  # noqa: N818
    """Anything else."""


def seconds_of(data: bytes) -> float:
    """Of a RIFF file with one of the formats of telephony. Raises `NotSound`."""
    if len(data) > MOST_BYTES:
        raise NotSound(f"{len(data)} bytes are more than {MOST_BYTES}")
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise NotSound("it is no WAV file")
    at, bytes_a_second = 12, 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            bytes_a_second = _rate(body)
        elif name == b"data":
            if not bytes_a_second:
                raise NotSound("its format is not said")
            if not body:
                raise NotSound("there is no sound in it")
            return len(body) / bytes_a_second
        at += 8 + size + size % 2
    raise NotSound("there is no sound in it")


def _rate(body: bytes) -> int:
    if len(body) < 16:
        raise NotSound("its format is cut off")
    format, channels, _, rate = struct.unpack_from("<HHII", body)
    if format not in FORMATS or channels not in (1, 2) or not 1000 <= rate <= 400_000:
        raise NotSound(f"format {format} with {channels} channels is not that of a recording")
    return int(rate)
