"""Puts together what the node says: its voice, its phrases, and the prompts of the office."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from pbx.call.talk import Sound
from pbx.feature.answering import Phrase
from pbx.feature.prompts import Prompts
from pbx.feature.sounds import SpokenSounds, joined
from pbx.feature.wording import BUILT_IN, Wording
from pbx.media.prompt_files import PROMPTS, PromptFiles
from pbx.media.speech_cache import SpeechCache
from pbx.media.speech_synthesis import Voices, voices_of
from pbx.media.streamed import Streamer
from pbx.media.tones import ask_tone, beep, confirmation, queue_pip, silence, tone_of
from pbx.model.kinds import PROMPT

if TYPE_CHECKING:
    from pbx.app.ground import Ground
    from pbx.call.call import Call
    from pbx.call.ports import Prompt as Playable
    from pbx.core.config import NodeConfig
    from pbx.feature.office import Office
    from pbx.feature.queue.waiting import Announcement

__all__ = ["SoundParts", "build_sounds", "voices"]

log = logging.getLogger(__name__)

SPEECH, PHRASES = "speech", "phrases"
"""Folders of the data directory."""
ANSWER_MS = 2000


def voices(config: NodeConfig) -> Voices:
    """Who speaks. Raises `StartupError` for a Piper that cannot."""
    return voices_of(
        language=config.language,
        voice=config.tts_voice,
        piper_voice=config.tts_piper_voice,
        piper_program=config.tts_piper_program,
    )


class SoundParts(msgspec.Struct, frozen=True):
    """`sounds` say things, `prompts` keep what the office has recorded. `country` is that of the tones."""

    sounds: SpokenSounds
    prompts: Prompts
    country: str

    async def answer(self, phrase: Phrase) -> Sound:
        """What a feature code says; without a voice, a tone for the outcome."""
        clip = confirmation(phrase.outcome)
        name = phrase.name if phrase.outcome == "refused" else f"{phrase.name}_{phrase.outcome}"
        values = {key: value for key, value in (("number", phrase.number), ("name", phrase.spoken)) if value}
        return await self.sounds.spoken(name, **values) or Sound.of(clip)

    async def announce(self, announcement: Announcement) -> Sound:
        """What somebody hears who waits in a queue."""
        say = self.sounds.spoken
        if announcement.name == "call_back":
            return await say("queue_call_back") or Sound.of(confirmation("on"))
        place = await say("queue_position", count=announcement.position)
        wait = offer = None
        if announcement.wait_s is not None:
            wait = await say("queue_wait", count=round(announcement.wait_s / 60))
        if announcement.key:
            offer = await say("queue_offer_call_back", key=announcement.key)
        return joined(place or Sound.of(queue_pip()), wait, offer)

    async def question(self, call: Call) -> Playable:
        """What somebody hears, again and again, whom follow-me asks for a key."""
        caller = call.shown.name or call.shown.number
        said = await self.sounds.spoken("follow_me_question", name=caller) if caller else None
        said = said or await self.sounds.spoken("follow_me_question_unknown")
        return [said.prompt, silence(ANSWER_MS)] if said is not None else ask_tone()

    async def refusal(self, words: str) -> Sound:
        """The special information tone (ITU-T E.180), and why the call cannot be made."""
        tone = tone_of("information", self.country)
        said = await self.sounds.spoken("call_refused", reason=words)
        return joined(Sound.of(tone), said) if said is not None else joined(Sound.of(tone), Sound.of(tone))

    async def unknown_number(self, _words: str = "") -> Sound:
        """What an extension hears that has dialled a number nobody has."""
        tone = Sound.of(tone_of("information", self.country))
        return joined(tone, await self.sounds.spoken("number_unknown") or tone)

    @staticmethod
    def beep() -> Sound:
        """Speak now."""
        return Sound.of(beep())


def build_sounds(ground: Ground, office: Office) -> SoundParts:
    """Raises `StartupError` for a Piper that cannot speak."""
    config, clock = ground.config, ground.clock
    spoken = voices(config)
    if not spoken:
        log.warning("the node has no voice: tones are heard in place of speech; install espeak-ng")
    files = PromptFiles(config.data_dir / PROMPTS)
    sounds = SpokenSounds(
        voices=spoken,
        wording=Wording(BUILT_IN, config.data_dir / PHRASES),
        cache=SpeechCache(config.data_dir / SPEECH),
        prompts=files,
        streamer=Streamer(ground.supervisor),
        find=partial(office.get, PROMPT),
        language=config.language,
        now=lambda: clock.now().astimezone(),
    )
    prompts = Prompts(ground.stores.records, files, spoken, clock, language=config.language)
    return SoundParts(sounds, prompts, config.country)
