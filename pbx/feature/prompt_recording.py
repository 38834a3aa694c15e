"""Recording a prompt by phone: hear it, speak, keep it. For the extensions that the prompt names; nobody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from pbx.call.call import Call
from pbx.call.talk import Sound, Talk
from pbx.core.errors import UserError
from pbx.feature.answering import own_extension
from pbx.feature.prompts import Prompts
from pbx.feature.sounds import Sounds
from pbx.media.prompt_conversion import LONGEST_S
from pbx.model.prompt import Prompt

__all__ = ["PromptRecording"]

RECORD, KEEP, HEAR, AGAIN, THROW_AWAY = "1", "1", "2", "3", "*"
ANSWER_S = 10.0
ASKED = 3
"""So often, then nothing is changed."""


class PromptRecording:
    """The feature. `all_prompts` are those of the office, `beep` says that the recording begins."""

    def __init__(
        self,
        prompts: Prompts,
        all_prompts: Callable[[], Sequence[Prompt]],
        sounds: Sounds,
        beep: Callable[[], Sound],
    ) -> None:
        self._prompts = prompts
        self._all = all_prompts
        self._sounds = sounds
        self._beep = beep

    async def run(self, call: Call, code: str) -> None:
        """Raises `PeerError` 403 for callers from outside."""
        extension = own_extension(call)
        prompt = next(
            (each for each in self._all() if code and each.code == code and extension in each.recorders), None
        )
        async with Talk(call) as talk:
            if prompt is None:
                await talk.say(await self._sounds.phrase("prompt_unknown"))
                return
            async with self._prompts.workshop() as folder:
                said = await self._record_until_decided(talk, prompt, extension, folder)
            await talk.say(await self._sounds.phrase(said), barge_in="")

    async def _record_until_decided(self, talk: Talk, prompt: Prompt, extension: str, folder: Path) -> str:
        """What to say at the end."""
        wanted = await self._choose(
            talk,
            "prompt_begin",
            (RECORD, THROW_AWAY),
            lambda: self._sounds.prompt(prompt.id),
            name=prompt.name,
        )
        attempt = 0
        while wanted in (RECORD, AGAIN):
            attempt += 1
            path = folder / f"{attempt}.wav"
            await talk.say(await self._sounds.phrase("prompt_speak"))
            await talk.say(self._beep(), barge_in="")
            await talk.record(path, max_s=LONGEST_S)
            wanted = await self._choose(
                talk, "prompt_choices", (KEEP, AGAIN, THROW_AWAY), partial(self._sounds.file, path)
            )
            if wanted == KEEP:
                try:
                    await self._prompts.recorded(prompt.id, path, by=extension)
                except UserError:
                    return "prompt_failed"
                return "prompt_kept"
        return "prompt_thrown_away"

    async def _choose(
        self,
        talk: Talk,
        phrase: str,
        keys: Sequence[str],
        hear: Callable[[], Awaitable[Sound]],
        **values: str,
    ) -> str:
        """One of the keys; the one to hear it plays it, and asks again. Silence throws away."""
        asked = 0
        while asked < ASKED:
            question = await self._sounds.phrase(phrase, **values)
            key = await talk.ask(question, most=1, end="", first_s=ANSWER_S)
            if key in keys:
                return key
            if key == HEAR:
                await talk.say(await hear(), barge_in="#*")
            else:
                asked += 1
        return THROW_AWAY
