"""A refusal that is heard: a caller who may not is told so before the call is refused.

Phones show a Warning header (RFC 3261 20.43) or a reason phrase at best, so there is a sound too, as early media.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

from pbx.call.call import Call
from pbx.call.codecs import voice
from pbx.call.talk import Sound
from pbx.core.errors import PeerError

__all__ = ["MOST_HEARING", "Announcement", "Refusing", "warning"]

MOST_HEARING = 10
"""A thief who dials hundreds of times holds few ports: the others are refused in silence."""

Announcement = Callable[[str], Awaitable[Sound]]
"""What is played for some words."""


def warning(words: str) -> tuple[str, str]:
    """A Warning header with these words; 399 is for what has no number of its own."""
    text = "".join(each if " " <= each <= "~" and each not in '"\\' else "?" for each in words)
    return "Warning", f'399 bellwire "{text}"'


class Refusing:
    """Refuses calls aloud, `MOST_HEARING` at once. Without an `announcement` all are refused in silence."""

    def __init__(self, announcement: Announcement | None) -> None:
        self._announcement = announcement
        self._hearing = 0

    async def __call__(self, call: Call, error: PeerError, words: str = "") -> NoReturn:
        """Let the caller hear it, then raise `error`; at once for a caller that made no offer and cannot hear."""
        if self._announcement is None or self._hearing >= MOST_HEARING:
            raise error
        self._hearing += 1
        try:
            if await _heard(call):
                await _say(call, await self._announcement(words))
        finally:
            self._hearing -= 1
        raise error


async def _say(call: Call, sound: Sound) -> None:
    call.play(sound.prompt)
    try:
        await asyncio.sleep(sound.seconds)
    finally:
        call.ports.media.stop_playing(call.a.stream)


async def _heard(call: Call) -> bool:
    if call.a.answered:
        return True
    formats = voice(call.offered_formats())[:1]
    return call.offer is not None and bool(formats) and await call.let_hear(formats)
