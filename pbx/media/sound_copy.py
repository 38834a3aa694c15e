"""Copies of sounds as plain WAV files: one after the other, at one rate. What is wrong with one is a `SoundError`."""

from __future__ import annotations

import os
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path

from media_ext.decode_door import Converter
from pbx.media.sound import open_sound
from pbx.media.sound_error import SoundError

__all__ = ["duration_s", "write_wav"]

RATE_HZ = 8000


def write_wav(
    sources: Sequence[Path | bytes], target: Path, *, rate_hz: int = RATE_HZ, longest_s: float = 3600.0
) -> float:
    """All of `sources` in `target`, mono; returns its seconds. Blocks. There is the whole file or none.

    Raises `SoundError` for what is no sound, is empty or too long, and `OSError` from the disk.
    """
    draft = target.with_name(f".{target.name}.part")
    frames = 0
    try:
        with draft.open("wb") as file:
            with wave.open(file, "wb") as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(rate_hz)
                for piece in _pieces(sources, rate_hz):
                    frames += len(piece) // 2
                    if frames > longest_s * rate_hz:
                        raise SoundError(f"the sound is longer than {longest_s:.0f} s", action="Shorten it")
                    out.writeframesraw(piece)
            file.flush()
            os.fsync(file.fileno())
        if not frames:
            raise SoundError("there is no sound in the file")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return frames / rate_hz


def duration_s(source: Path) -> float:
    """How long a sound is; a file that was cut off counts as far as it goes. Blocks. Raises `SoundError`."""
    reader = open_sound(source)
    try:
        if reader.duration_ms is not None:
            return reader.duration_ms / 1000
        samples = 0
        while piece := reader.read():
            samples += len(piece) // 2
        return samples / reader.rate_hz
    finally:
        reader.close()


def _pieces(sources: Sequence[Path | bytes], rate_hz: int) -> Iterator[bytes]:
    for source in sources:
        reader = open_sound(source)
        try:
            same = reader.rate_hz == rate_hz
            convert = bytes if same else Converter(reader.rate_hz, rate_hz).convert
            while piece := reader.read():
                yield convert(piece)
        finally:
            reader.close()
