"""How a feature answers: pick up, say whether it is done, hang up. Today in tones; each confirmation has its phrase."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pbx.call.call import Call
from pbx.call.codecs import voice
from pbx.call.ports import Prompt
from pbx.call.silence import SilenceWatch
from pbx.core.errors import PeerError
from pbx.model.stream import TELEPHONE_EVENT

__all__ = ["Answering", "Outcome", "Phrase", "Sound", "own_extension", "pick_up"]

Outcome = Literal["on", "off", "refused"]
"""Something is set; something is cleared; nothing has changed."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is to be said: `name` is that of the sentence, `number` one that belongs into it."""

    name: str
    outcome: Outcome
    number: str = ""


@dataclass(frozen=True, slots=True)
class Sound:
    """Something to play, and how long it lasts."""

    prompt: Prompt
    seconds: float


class Answering:
    """Says phrases; `sounds` gives the sound of one."""

    def __init__(self, sounds: Callable[[Phrase], Sound]) -> None:
        self._sounds = sounds

    async def say(self, call: Call, phrase: Phrase) -> None:
        """Answer the caller, say it, and return when it has been heard: the call ends when the feature returns."""
        sound = self._sounds(phrase)
        await pick_up(call)
        with SilenceWatch(call, call.a):
            call.ports.media.play(call.a.stream, sound.prompt)
            await asyncio.sleep(sound.seconds)


async def pick_up(call: Call) -> None:
    """Answer in whatever codec the caller likes best; one that made no offer gets all our codecs to choose from."""
    offered = call.offered_formats()
    formats = voice(offered) if call.offer is None else voice(offered)[:1]
    clocks = {each.clock_hz for each in formats}
    digits = tuple(each for each in offered if each.encoding == TELEPHONE_EVENT and each.clock_hz in clocks)
    await call.answer_caller(formats + digits)


def own_extension(call: Call) -> str:
    """The extension that dialled by itself and may change its own things.

    Raises `PeerError` 403 for a caller from outside, and for a call that was forwarded to the code.
    """
    if call.trunk is not None or call.diverted or not call.caller.extension:
        raise PeerError(403, "Only For Extensions")
    return call.caller.extension
