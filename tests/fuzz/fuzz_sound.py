"""Damaged sound files, WAV and Ogg Opus: `python -m tests.fuzz sound`.

Whatever stands in a file, it is refused as a `SoundError` or played; no more sound comes out than its bytes can hold.
Every Ogg file is tried a second time with checksums that are right, so that damage reaches what lies behind them.
"""

from __future__ import annotations

import io
import struct
import sys
import wave

from media_ext.codec_door import CodecProbe
from media_ext.decode_door import page_checksum
from pbx.media.sound import LONGEST_WHOLE_S, open_sound, read_clip
from pbx.media.sound_error import SoundError
from tests.fuzz.mutation import main
from tests.oracles.ogg import ogg_opus
from tests.oracles.tones import speech_like, to_bytes

LACED_MS_PER_BYTE = 120
"""An Opus packet of one byte may be 120 ms of silence (RFC 6716 3.4)."""


def wav(channels: int, rate_hz: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((channels, 2, rate_hz, 0, "NONE", ""))
        out.writeframes(to_bytes(speech_like(8000, 0.05)))
    return file.getvalue()


def law(tag: int) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, tag, 1, 8000, 8000, 1, 8)
    body = b"WAVE" + form + b"data" + struct.pack("<I", 300) + bytes(range(256)) + bytes(44)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def opus(rate_hz: int) -> bytes:
    codec = CodecProbe("OPUS", rate_hz)
    sound = to_bytes(speech_like(rate_hz, 0.2))
    step = 2 * codec.frame_samples
    return ogg_opus([codec.encode(sound[at : at + step]) for at in range(0, len(sound), step)], packet_ms=20)


def two_streams(data: bytes) -> bytes:
    """The head says that packets hold two streams."""
    at = data.index(b"OpusHead")
    head = data[at : at + 9] + b"\2" + data[at + 10 : at + 18] + b"\1\2\0\0\1"
    return repaired(data[: at - 1] + bytes([len(head)]) + head + data[at + 19 :])


def repaired(data: bytes) -> bytes:
    """With checksums that are right, wherever a page is whole."""
    fixed = bytearray(data)
    at = data.find(b"OggS")
    while at >= 0:
        lacing = data[at + 27 : at + 27 + data[at + 26]] if at + 26 < len(data) else b""
        end = at + 27 + len(lacing) + sum(lacing)
        if lacing and end <= len(data):
            fixed[at + 22 : at + 26] = bytes(4)
            fixed[at + 22 : at + 26] = page_checksum(bytes(fixed[at:end])).to_bytes(4, "little")
        at = data.find(b"OggS", at + 1)
    return bytes(fixed)


CORPUS = [wav(1, 8000), wav(2, 44100), law(6), law(7), opus(8000), opus(48000), two_streams(opus(16000))]


def target(data: bytes) -> None:
    """Raises when a promise is broken."""
    try_one(data)
    if b"OggS" in data:
        try_one(repaired(data))


def try_one(data: bytes) -> None:
    try:
        clip = read_clip(data)
    except SoundError:
        return
    assert clip.duration_ms <= min(len(data) * LACED_MS_PER_BYTE, LONGEST_WHOLE_S * 1000)
    reader = open_sound(data)
    assert len(reader.read()) <= len(clip.pcm())
    reader.close()


if __name__ == "__main__":
    sys.exit(main("fuzz_sound", target, CORPUS))
