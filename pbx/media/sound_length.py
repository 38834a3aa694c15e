"""How long the sound in a recording is, also in one that a crash has cut short."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from pbx.media.ogg import OggReader
from pbx.media.ogg_opus import CLOCK_HZ, read_head
from pbx.media.sound_error import SoundError
from pbx.media.wav import WavReader

__all__ = ["sound_length_s"]

TAIL_BYTES = 64 * 1024
"""The last page of a recording lies in these: one page has at most 8,474 bytes."""


def sound_length_s(path: Path) -> float | None:
    """In seconds; None for a file without sound. Raises `OSError`."""
    with path.open("rb") as file:
        try:
            if path.suffix == ".opus":
                return _opus_s(file)
            return WavReader(file).duration_ms / 1000
        except SoundError:
            return None


def _opus_s(file: BinaryIO) -> float | None:
    first = OggReader(file).page()
    if first is None or not first.packets:
        return None
    pre_skip = read_head(first.packets[0]).pre_skip
    file.seek(max(0, file.seek(0, 2) - TAIL_BYTES))
    reader, last = OggReader(file), 0
    while (page := reader.page()) is not None:
        last = max(last, page.granule)
    return max(0, last - pre_skip) / CLOCK_HZ
