"""A refusal that is heard: a caller who may not is told so before the call is refused.

Phones show a Warning header (RFC 3261 20.43) or a reason phrase at best, so there is a sound too, as early media.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pbx.call.call import Call
from pbx.call.codecs import voice
from pbx.call.talk import Sound
from pbx.core.errors import PeerError

__all__ = ["Announcement", "refuse_aloud", "warning"]

Announcement = Callable[[str], Awaitable[Sound]]
"""What is played for some words."""


def warning(words: str) -> tuple[str, str]:
    """A Warning header with these words; 399 is for what has no number of its own."""
    text = "".join(each if " " <= each <= "~" and each not in '"\\' else "?" for each in words)
    return "Warning", f'399 bellwire "{text}"'


async def refuse_aloud(call: Call, error: PeerError, announcement: Announcement | None, words: str) -> None:
    """Let the caller hear it, then raise `error`. A caller that made no offer cannot hear and is refused at once."""
    if announcement is not None and await _heard(call):
        sound = await announcement(words)
        call.play(sound.prompt)
        try:
            await asyncio.sleep(sound.seconds)
        finally:
            call.ports.media.stop_playing(call.a.stream)
    raise error


async def _heard(call: Call) -> bool:
    if call.a.answered:
        return True
    formats = voice(call.offered_formats())[:1]
    return call.offer is not None and bool(formats) and await call.let_hear(formats)
