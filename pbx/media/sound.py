"""Sound files for the engine: whole as clips, or read by an executor's thread while they are heard.

WAV, Ogg Opus, and raw samples as telephone systems keep them. What is wrong with a file is told as a `SoundError`.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, TypeVar

import msgspec

from media_ext.decode_door import Converter, g711_samples
from media_ext.sound_door import Clip, Feed
from pbx.media.ogg_opus import OggOpusReader
from pbx.media.sound_error import SoundError
from pbx.media.wav import WavReader

T = TypeVar("T")

LONGEST_WHOLE_S = 600
PIECE_MS = 500
FEED_MS = 2000
FEED_RATES_HZ = (8000, 16000, 24000, 32000, 44100, 48000)


class RawFormat(msgspec.Struct, frozen=True):
    """What the bytes of a file without a header are; "L16" is little-endian."""

    encoding: Literal["PCMU", "PCMA", "L16"]
    rate_hz: int = 8000


RAW_SUFFIXES = {
    ".ulaw": RawFormat("PCMU"),
    ".ul": RawFormat("PCMU"),
    ".alaw": RawFormat("PCMA"),
    ".al": RawFormat("PCMA"),
    ".sln": RawFormat("L16"),
    ".sln16": RawFormat("L16", 16000),
    ".sln48": RawFormat("L16", 48000),
}
"""As Asterisk names them."""


class SoundReader(Protocol):
    """A sound, mono, piece by piece. Blocks where the disk does."""

    rate_hz: int

    @property
    def duration_ms(self) -> int | None:
        """None: not known before it was read."""
        ...

    def read(self) -> bytes:
        """16-bit samples; empty at the end."""
        ...

    def close(self) -> None: ...


class RawReader:
    """Samples without a header."""

    def __init__(self, file: BinaryIO, form: RawFormat) -> None:
        self.rate_hz = form.rate_hz
        self._file = file
        self._law = form.encoding
        self._bytes = 2 if form.encoding == "L16" else 1
        self._end = file.seek(0, 2) // self._bytes * self._bytes
        file.seek(0)

    @property
    def duration_ms(self) -> int:
        return self._end // self._bytes * 1000 // self.rate_hz

    def read(self) -> bytes:
        data = self._file.read(
            min(self.rate_hz * PIECE_MS // 1000 * self._bytes, self._end - self._file.tell())
        )
        return data if self._law == "L16" else g711_samples(self._law, data)

    def close(self) -> None:
        self._file.close()


def open_sound(source: Path | bytes, *, raw: RawFormat | None = None) -> SoundReader:
    """A file, or a file's bytes; what it is, its first bytes say. Raises `SoundError`."""
    try:
        file: BinaryIO = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    except OSError as error:
        raise SoundError(f"the sound file cannot be read: {error}") from error
    try:
        if raw is None and isinstance(source, Path):
            raw = RAW_SUFFIXES.get(source.suffix.lower())
        return _reader(file, raw)
    except ValueError as error:
        file.close()
        raise SoundError(str(error)) from error
    except BaseException:
        file.close()
        raise


def _reader(file: BinaryIO, raw: RawFormat | None) -> SoundReader:
    if raw is not None:
        return RawReader(file, raw)
    magic = file.read(4)
    file.seek(0)
    if magic == b"RIFF":
        return WavReader(file)
    if magic == b"OggS":
        return OggOpusReader(file)
    raise SoundError("the file is neither WAV nor Ogg Opus", action="Convert it to WAV with 16-bit samples")


def read_clip(source: Path | bytes, *, raw: RawFormat | None = None, rate_hz: int = 0) -> Clip:
    """All of a sound, made ready for `rate_hz` as well. Blocks. Raises `SoundError`."""
    reader = open_sound(source, raw=raw)
    try:
        clip = _clip(reader)
        if rate_hz:
            clip.prepare(rate_hz)
    except (OSError, ValueError) as error:
        raise SoundError(str(error)) from error
    finally:
        reader.close()
    return clip


def _clip(reader: SoundReader) -> Clip:
    pieces: list[bytes] = []
    left = 2 * reader.rate_hz * LONGEST_WHOLE_S
    while piece := reader.read():
        pieces.append(piece)
        left -= len(piece)
        if left < 0:
            raise SoundError(f"the sound is longer than {LONGEST_WHOLE_S} s", action="Stream it")
    if not pieces:
        raise SoundError("there is no sound in the file")
    return Clip(b"".join(pieces), reader.rate_hz)


async def pour(reader: SoundReader, feed: Feed, *, begin: Callable[[], None] = lambda: None) -> None:
    """Fill a feed until the sound has ended, never more than the feed has room for; then finish it.

    `begin` is called when the first piece is in it. Raises `SoundError` when there is none.
    """
    same = reader.rate_hz == feed.rate_hz
    convert = bytes if same else Converter(reader.rate_hz, feed.rate_hz).convert

    def next_piece() -> bytes:
        """Of any length; empty only at the end."""
        while piece := reader.read():
            if made := convert(piece):
                return made
        return b""

    try:
        piece = await _in_thread(next_piece)
        if not piece:
            raise SoundError("there is no sound in the file")
        piece = piece[feed.push(piece) :]
        begin()
        while piece := piece or await _in_thread(next_piece):
            piece = piece[feed.push(piece) :]
            if piece:
                await asyncio.sleep(max(feed.waiting_ms / 2000, 0.02))
    except asyncio.CancelledError:
        feed.drop()
        raise
    finally:
        feed.finish()


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work)
