"""What a mailbox says: phrases in its language, greetings, messages. Its sounds come from the office's `Sounds`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from pbx.call.talk import Sound, Talk
from pbx.feature.sounds import Sounds
from pbx.media.engine import Clip
from pbx.media.sound import read_clip
from pbx.media.sound_error import SoundError
from pbx.model.mailbox import Mailbox
from pbx.model.voicemail import Voicemail

__all__ = ["Heard", "Voice", "load", "tell"]


class Heard(msgspec.Struct, frozen=True):
    """A message in memory, to be heard from any place on."""

    pcm: bytes
    rate_hz: int

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / self.rate_hz

    def at(self, second: float) -> Sound:
        """From there to the end."""
        start = min(max(int(second * self.rate_hz), 0) * 2, max(len(self.pcm) - 2, 0))
        rest = self.pcm[start:]
        return Sound(Clip(rest, self.rate_hz), len(rest) / 2 / self.rate_hz)


async def load(path: Path) -> Heard | None:
    """A message's sound; None when its file is gone or damaged."""

    def work() -> Heard | None:
        try:
            clip = read_clip(path)
        except (SoundError, OSError):
            return None
        return Heard(clip.pcm(), clip.rate_hz)

    return await asyncio.get_running_loop().run_in_executor(None, work)


async def tell(talk: Talk, *sounds: Sound) -> None:
    """Say it; a key cuts it short, and is an answer to what is asked next."""
    talk.keys = await talk.say(*sounds) + talk.keys


class Voice:
    """Says things for one box; `beep` is what comes before a recording."""

    def __init__(
        self, sounds: Sounds, beep: Callable[[], Sound], box: Mailbox | None, now: Callable[[], datetime]
    ) -> None:
        self._sounds = sounds
        self._beep = beep
        self._language = box.language if box is not None else ""
        self._now = now

    async def phrase(self, name: str, **values: str | int | datetime) -> Sound:
        return await self._sounds.phrase(f"voicemail_{name}", language=self._language, **values)

    async def file(self, path: Path) -> Sound:
        return await self._sounds.file(path)

    def beep(self) -> Sound:
        return self._beep()

    async def envelope(self, message: Voicemail) -> list[Sound]:
        """Who left it, and when."""
        if message.from_extension:
            who = await self.phrase("from_extension", number=message.from_extension)
        elif message.from_number:
            who = await self.phrase("from_number", number=message.from_number)
        else:
            who = await self.phrase("from_unknown")
        sounds = [await self.phrase("received", time=message.received_at.astimezone()), who]
        if message.urgent:
            sounds.insert(0, await self.phrase("urgent"))
        if message.forwarded_from:
            sounds.append(await self.phrase("forwarded_from", number=message.forwarded_from))
        return sounds
