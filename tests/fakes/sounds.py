"""Sounds without sound: what is said is its name and its values, and lasts a second."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

from pbx.call.talk import Sound
from pbx.feature.answering import Phrase
from pbx.feature.spoken_values import Value

__all__ = ["FakeSoundParts", "FakeSounds"]


class FakeSounds:
    """Implements `pbx.feature.sounds.Sounds`; `said` is everything that was asked for."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def phrase(self, name: str, /, *, language: str = "", **values: Value) -> Sound:
        return self._sound(" ".join([name, *(f"{key}={value}" for key, value in values.items())]))

    async def text(self, text: str, *, language: str = "") -> Sound:
        return self._sound(f"text {text}")

    async def prompt(self, id: str) -> Sound:
        return self._sound(f"prompt {id}")

    async def file(self, path: Path) -> Sound:
        return self._sound(f"file {path.name}")

    def _sound(self, what: str) -> Sound:
        self.said.append(what)
        return Sound(what, 1.0)


class FakeSoundParts:
    """What `register_features` takes of a node's sounds."""

    def __init__(self) -> None:
        self.sounds = FakeSounds()
        self.prompts = Mock()

    async def answer(self, phrase: Phrase) -> Sound:
        return await self.sounds.phrase(f"{phrase.name} {phrase.outcome}")

    @staticmethod
    def beep() -> Sound:
        return Sound("beep", 0.5)
