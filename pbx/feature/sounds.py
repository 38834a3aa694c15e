"""Everything that the node says: phrases of the system, texts, prompts of the office, sound files.

Where no voice can be had, or a file is missing or damaged, a tone stands in for it: nothing is silence, and no call
ends for it. What is short and heard often stays in memory; long sound files are read while they are heard.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from pbx.call.talk import Sound
from pbx.core.errors import UserError
from pbx.feature.spoken_values import Value
from pbx.feature.wording import Sentence, Wording
from pbx.media.engine import Clip
from pbx.media.prompt_conversion import RATES_HZ
from pbx.media.prompt_files import PromptFiles
from pbx.media.sound import open_sound, read_clip
from pbx.media.speech_cache import SpeechCache
from pbx.media.speech_synthesis import SPEECH_RATE_HZ, SpeechError, Voices
from pbx.media.streamed import Streamer
from pbx.media.tones import spoken_instead

if TYPE_CHECKING:
    from pbx.model.prompt import Prompt

__all__ = ["Sounds", "SpokenSounds", "joined", "tone"]

log = logging.getLogger(__name__)

T = TypeVar("T")

MEMORY_BYTES = 8 << 20
"""Of clips that are kept: four minutes of speech."""
LONGEST_CLIP_S = 120
"""What is longer is read while it is heard; a prompt, which may loop, is taken at the lower rate instead."""


class Sounds(Protocol):
    """Gives the sound of something. Never raises for a missing voice or file: then the sound is a tone."""

    async def phrase(self, name: str, /, *, language: str = "", **values: Value) -> Sound:
        """A sentence of `pbx/feature/phrases`, with its values."""
        ...

    async def text(self, text: str, *, language: str = "") -> Sound:
        """Any text."""
        ...

    async def prompt(self, id: str) -> Sound:
        """A prompt of the office."""
        ...

    async def file(self, path: Path) -> Sound:
        """A WAV or Ogg Opus file. It may be played once."""
        ...


class SpokenSounds:
    """Implements `Sounds`. `find` gives a prompt's record, `language` is the node's, `now` the local time."""

    def __init__(
        self,
        *,
        voices: Voices,
        wording: Wording,
        cache: SpeechCache,
        prompts: PromptFiles,
        streamer: Streamer,
        find: Callable[[str], Prompt | None],
        language: str,
        now: Callable[[], datetime],
    ) -> None:
        self.voices = voices
        self.language = language
        self.problem = ""
        """Why something was not said lately, in words for the administrator."""
        self._wording = wording
        self._cache = cache
        self._prompts = prompts
        self._streamer = streamer
        self._find = find
        self._now = now
        self._clips: OrderedDict[tuple[str, ...], Clip] = OrderedDict()
        self._making: dict[tuple[str, ...], asyncio.Lock] = {}

    async def phrase(self, name: str, /, *, language: str = "", **values: Value) -> Sound:
        return await self.spoken(name, language=language, **values) or tone()

    async def spoken(self, name: str, /, *, language: str = "", **values: Value) -> Sound | None:
        """The phrase, or None for those who have a better tone for it."""
        try:
            sentence = await _in_thread(
                lambda: self._wording.sentence(name, language or self.language, values, self._now())
            )
        except KeyError as error:
            log.error("there is no such phrase", extra={"phrase": name, "reason": str(error)})  # noqa: TRY400
            return None
        return await self._said(sentence)

    async def text(self, text: str, *, language: str = "") -> Sound:
        return await self._said(Sentence(text, language or self.language)) or tone()

    async def prompt(self, id: str) -> Sound:
        record = self._find(id)
        audio = await _in_thread(lambda: self._prompts.audio(id))
        if audio is not None:
            rate_hz = RATES_HZ[0] if audio.seconds <= LONGEST_CLIP_S else RATES_HZ[1]
            try:
                clip = await self._kept(("prompt", id, str(audio.made_at)), self._prompts.path(id, rate_hz))
            except UserError as error:
                self._complain(f"The prompt {id} cannot be played: {error.message}.")
            else:
                return Sound.of(clip)
        if record is not None and record.text:
            return await self.text(record.text, language=record.language)
        self._complain(f"The prompt {id} has neither a sound nor a text.")
        return tone()

    async def file(self, path: Path) -> Sound:
        try:
            duration_ms = await _in_thread(lambda: _duration_ms(path))
            if duration_ms is not None and duration_ms > LONGEST_CLIP_S * 1000:
                return Sound(await self._streamer.stream(path), duration_ms / 1000)
            return Sound.of(await _in_thread(lambda: read_clip(path)))
        except (UserError, OSError, ValueError) as error:
            log.warning("a sound file cannot be played", extra={"file": str(path), "reason": str(error)})
            return tone()

    async def _said(self, sentence: Sentence) -> Sound | None:
        """The sound of a sentence; None where nobody can say it."""
        text = " ".join(sentence.text.split())
        voice = self.voices.key(sentence.language)
        if not text or not voice:
            return None
        key = ("said", voice, sentence.language, text)
        lock = self._making.setdefault(key, asyncio.Lock())
        try:
            async with lock:  # whoever wants the same meanwhile waits for it
                if key not in self._clips and await _in_thread(lambda: self._cache.find(*key)) is None:
                    samples = await self.voices.speak(text, sentence.language)
                    path = await _in_thread(lambda: self._cache.keep(samples, *key))
                    if path is None:
                        self._remember(key, await _in_thread(lambda: Clip(samples.tobytes(), SPEECH_RATE_HZ)))
                return Sound.of(await self._kept(key, self._cache.path(*key)))
        except SpeechError as error:
            self._complain(f"The node's voice failed: {error.message}.")
        except UserError as error:  # somebody has emptied the folder this very moment
            self._complain(f"What the node's voice has said cannot be read: {error.message}.")
        finally:
            if not lock.locked():
                self._making.pop(key, None)
        return None

    async def _kept(self, key: tuple[str, ...], path: Path) -> Clip:
        """From memory, or from the disk. Raises `SoundError`."""
        clip = self._clips.get(key)
        if clip is None:
            clip = await _in_thread(lambda: read_clip(path, rate_hz=RATES_HZ[1]))
        self._remember(key, clip)
        return clip

    def _remember(self, key: tuple[str, ...], clip: Clip) -> None:
        """What was heard for longest ago makes room."""
        self._clips[key] = clip
        self._clips.move_to_end(key)
        size = sum(_bytes(each) for each in self._clips.values())
        while size > MEMORY_BYTES and len(self._clips) > 1:
            size -= _bytes(self._clips.popitem(last=False)[1])

    def _complain(self, problem: str) -> None:
        if problem != self.problem:
            log.warning("a tone stands in for speech", extra={"reason": problem})
        self.problem = problem


def tone() -> Sound:
    """What stands in for speech."""
    return Sound.of(spoken_instead())


def joined(*sounds: Sound | None) -> Sound:
    """One after the other, without a gap; for clips, which all but long files are."""
    there = [each for each in sounds if each is not None]
    clips = [
        clip for each in there for clip in (each.prompt if isinstance(each.prompt, list) else [each.prompt])
    ]
    return Sound(clips, sum(each.seconds for each in there))


def _bytes(clip: Clip) -> int:
    """At the rate it has, and at 8 kHz as well."""
    return clip.duration_ms * 2 * (clip.rate_hz + RATES_HZ[1]) // 1000


def _duration_ms(path: Path) -> int | None:
    reader = open_sound(path)
    try:
        return reader.duration_ms
    finally:
        reader.close()


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work)
