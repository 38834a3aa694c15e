"""How a feature answers: pick up, say whether it is done, hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

from pbx.call.call import Call
from pbx.call.pick_up import pick_up
from pbx.call.silence import SilenceWatch
from pbx.call.talk import Sound
from pbx.core.errors import PeerError

__all__ = ["Answering", "Outcome", "Phrase", "own_extension"]

Outcome = Literal["on", "off", "refused"]
"""Something is set; something is cleared; nothing has changed."""


class Phrase(msgspec.Struct, frozen=True):
    """What is to be said: the sentence `name_outcome`, or `name` when it is refused.

    `number` belongs into it, and `spoken`, the name of what has been changed.
    """

    name: str
    outcome: Outcome
    number: str = ""
    spoken: str = ""


class Answering:
    """Says phrases; `sounds` gives the sound of one."""

    def __init__(self, sounds: Callable[[Phrase], Awaitable[Sound]]) -> None:
        self._sounds = sounds

    async def say(self, call: Call, phrase: Phrase) -> None:
        """Answer the caller, say it, and return when it has been heard: the call ends when the feature returns."""
        sound = await self._sounds(phrase)
        await pick_up(call)
        with SilenceWatch(call, call.a):
            call.ports.media.play(call.a.stream, sound.prompt)
            await asyncio.sleep(sound.seconds)


def own_extension(call: Call) -> str:
    """The extension that dialled by itself and may change its own things.

    Raises `PeerError` 403 for a caller from outside, and for a call that was sent on to the code.
    """
    if call.trunk is not None or call.diverted or call.transferring is not None or not call.party.extension:
        raise PeerError(403, "Only For Extensions")
    return call.party.extension
