"""What held parties hear: a sound file of the office, decoded once and shared by all, or the tone.

A file that is missing or damaged costs nobody their call: the tone is heard instead, `problem` says why, and the file
is looked at again now and then.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from media_ext.decode_door import Converter
from media_ext.sound_door import Clip
from pbx.media.sound import open_sound
from pbx.media.sound_error import SoundError
from pbx.media.tones import hold_tone

__all__ = ["HoldMusic"]

log = logging.getLogger(__name__)

RATE_HZ = 16000
"""The best that is kept: what most phones speak, and 2 MB a minute."""
LONGEST_S = 600
LOOK_AGAIN_S = 30.0


class HoldMusic:
    """The office's hold music: a file in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = ""
        self._clip: Clip | None = None
        self._loaded: tuple[str, int] = ("", 0)
        self._wanted = asyncio.Event()
        self.problem = ""
        """Why the music that is wanted is not heard, in words for the administrator."""

    def __call__(self) -> Clip:
        """What to play in a loop."""
        return self._clip or hold_tone()

    def want(self, name: str) -> None:
        """This file from now on, "" for the tone."""
        self._name = name
        self._wanted.set()

    async def run(self) -> None:
        """Follow the wish, and the file on the disk, for ever."""
        while True:
            await self.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._wanted.wait()
            self._wanted.clear()

    async def look(self) -> None:
        """Read the file that is wanted, unless it has been read and is still the same."""
        name = self._name
        state = (name, _changed_at(self._folder / name) if name else 0)
        if state == self._loaded:
            return
        self._loaded = state
        self._clip, self.problem = None, ""
        if not name:
            return
        try:
            clip = await asyncio.get_running_loop().run_in_executor(None, _read, self._folder / name)
        except (SoundError, OSError, ValueError) as error:
            self.problem = f"The hold music {name} cannot be played: {error}."
            log.warning("hold music cannot be played", extra={"file": name, "reason": str(error)})
            return
        self._clip = clip
        log.info("hold music is ready", extra={"file": name, "seconds": clip.duration_ms // 1000})


def _changed_at(path: Path) -> int:
    """Differs when the file does; 0 when it cannot be read."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _read(path: Path) -> Clip:
    """The first ten minutes. Blocks. Raises `SoundError`."""
    reader = open_sound(path)
    try:
        rate_hz = min(reader.rate_hz, RATE_HZ)
        convert = bytes if rate_hz == reader.rate_hz else Converter(reader.rate_hz, rate_hz).convert
        pieces: list[bytes] = []
        left = 2 * rate_hz * LONGEST_S
        while left > 0 and (piece := reader.read()):
            pieces.append(convert(piece)[:left])
            left -= len(pieces[-1])
    finally:
        reader.close()
    if left == 0:
        log.info("only the first ten minutes of the hold music are played", extra={"file": path.name})
    samples = b"".join(pieces)
    if not samples:
        raise SoundError("there is no sound in the file")
    return Clip(samples, rate_hz)
