"""The sounds of prompts on the disk: two WAV files and what is known about them, in one folder.

    office-closed.json        a `PromptAudio`; written last: without it there is no sound
    office-closed.16000.wav
    office-closed.8000.wav

Everything here blocks: call it in an executor's thread.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from pbx.media.prompt_conversion import RATES_HZ
from pbx.model.prompt import PromptAudio

__all__ = ["PROMPTS", "PromptFiles"]

PROMPTS = "prompts"
"""The folder in the data directory."""

log = logging.getLogger(__name__)


class PromptFiles:
    """The folder is made when it is first written to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()  # a conversion has another working directory

    def audio(self, prompt: str) -> PromptAudio | None:
        """What is kept of a prompt; None without a sound."""
        try:
            return msgspec.json.decode((self._folder / f"{prompt}.json").read_bytes(), type=PromptAudio)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            log.warning(
                "the notes of a prompt cannot be read", extra={"prompt": prompt, "reason": str(error)}
            )
            return None

    def all(self) -> list[PromptAudio]:
        """Of all prompts, by name."""
        names = sorted(each.stem for each in self._folder.glob("*.json"))
        return [found for each in names if (found := self.audio(each)) is not None]

    def path(self, prompt: str, rate_hz: int = RATES_HZ[0]) -> Path:
        return self._folder / f"{prompt}.{rate_hz}.wav"

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """A folder on the same disk for what is not finished; it goes with all that is left in it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".making-") as made:
            yield Path(made)

    def keep(self, audio: PromptAudio, made: Path) -> None:
        """Take over the files of a conversion; they replace older ones. On the disk when this returns."""
        notes = made / "notes"
        notes.write_bytes(msgspec.json.encode(audio))
        moves = [(made / f"sound.{rate_hz}.wav", self.path(audio.prompt, rate_hz)) for rate_hz in RATES_HZ]
        moves.append((notes, self._folder / f"{audio.prompt}.json"))
        for source, _ in moves:
            _sync(source)
        for source, target in moves:
            source.replace(target)
        _sync(self._folder)

    def remove(self, prompt: str) -> bool:
        """Whether there was a sound."""
        notes = self._folder / f"{prompt}.json"
        there = notes.exists()
        notes.unlink(missing_ok=True)
        for rate_hz in RATES_HZ:
            self.path(prompt, rate_hz).unlink(missing_ok=True)
        return there

    def clear_workshops(self) -> None:
        """After a power cut: what was being made."""
        for left in self._folder.glob(".making-*"):
            for each in left.iterdir():
                each.unlink(missing_ok=True)
            left.rmdir()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
