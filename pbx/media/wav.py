"""WAV files as they are read: 16-bit samples, µ-law and A-law, mono or stereo (Microsoft's RIFF, RFC 2361).

RIFF size WAVE   then chunks: a name of four letters, a size, the bytes, one more when the size is odd
fmt   tag, channels, rate, bytes a second, bytes a frame, bits a sample
data  the samples
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from media_ext.decode_door import g711_samples, mono
from pbx.media.sound_error import SoundError

PCM, ALAW, ULAW, EXTENSIBLE = 1, 6, 7, 0xFFFE
LAWS = {ULAW: "PCMU", ALAW: "PCMA"}
NAMES = {2: "Microsoft ADPCM", 3: "floating point", 17: "IMA ADPCM", 49: "GSM", 85: "MP3"}
UNKNOWN_SIZE = 0xFFFFFFFF
"""What a program writes that did not know how much would follow; so is 0."""
PIECE_MS = 500
CHUNKS_BEFORE_DATA = 100


class WavReader:
    """Reads from a file that stands at its beginning. Raises `SoundError` for what cannot be played."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        riff = file.read(12)
        if len(riff) < 12 or riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
            raise SoundError("this is no WAV file", needed="a RIFF header with WAVE in it")
        form = b""
        for _ in range(CHUNKS_BEFORE_DATA):
            name, size = self._chunk()
            if name == b"data":
                break
            after = file.tell() + size + size % 2
            if name == b"fmt ":
                form = file.read(min(size, 40))
            file.seek(after)
        else:
            raise SoundError("the WAV file has no data chunk")
        self._read_format(form)
        self._begin = file.tell()
        self._end = self._where_it_ends(size)

    def _chunk(self) -> tuple[bytes, int]:
        head = self._file.read(8)
        if len(head) < 8:
            raise SoundError("the WAV file ends before its sound")
        name, size = struct.unpack("<4sI", head)
        return name, size

    def _read_format(self, form: bytes) -> None:
        if len(form) < 16:
            raise SoundError("the WAV file does not say what its sound is")
        fields: tuple[int, int, int, int, int, int] = struct.unpack("<HHIIHH", form[:16])
        tag, self._channels, self.rate_hz, _, self._frame_bytes, bits = fields
        if tag == EXTENSIBLE and len(form) >= 26:
            tag = int.from_bytes(form[24:26], "little")
        if tag not in (PCM, ULAW, ALAW):
            raise SoundError(
                f"the WAV file is {NAMES.get(tag, f'of kind {tag}')}",
                action="Save it with 16-bit PCM samples",
            )
        if bits != (16 if tag == PCM else 8):
            raise SoundError(f"the WAV file has {bits}-bit samples", action="Save it with 16-bit PCM samples")
        if self._channels not in (1, 2):
            raise SoundError(f"the WAV file has {self._channels} channels", needed="1 or 2")
        if not 8000 <= self.rate_hz <= 48000:
            raise SoundError(f"the WAV file has {self.rate_hz} samples a second", needed="8000 to 48000")
        self._law = LAWS.get(tag)
        if self._frame_bytes != self._channels * bits // 8:
            raise SoundError("the WAV file contradicts itself about the size of a sample")

    def _where_it_ends(self, size: int) -> int:
        """A file that was cut, or never finished, is played as far as it goes."""
        there = self._file.seek(0, 2) - self._begin
        self._file.seek(self._begin)
        if size in (0, UNKNOWN_SIZE) or size > there:
            size = there
        return self._begin + size // self._frame_bytes * self._frame_bytes

    @property
    def duration_ms(self) -> int:
        return (self._end - self._begin) // self._frame_bytes * 1000 // self.rate_hz

    def read(self) -> bytes:
        """The next piece of sound, mono; empty at the end."""
        size = min(self.rate_hz * PIECE_MS // 1000 * self._frame_bytes, self._end - self._file.tell())
        data = self._file.read(max(size, 0))
        data = data[: len(data) // self._frame_bytes * self._frame_bytes]
        return mono(data if self._law is None else g711_samples(self._law, data), self._channels)

    def close(self) -> None:
        self._file.close()
