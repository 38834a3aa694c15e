"""One call in one opened box: what its menus share."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from pbx.call.talk import Sound, Talk
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.pins import Pins
from pbx.feature.voicemail.shelf import Shelf
from pbx.feature.voicemail.voice import Voice, tell
from pbx.model.mailbox import Mailbox

__all__ = ["Change", "Session"]

log = logging.getLogger(__name__)

Change = Callable[[str, Callable[[Mailbox], Mailbox]], Awaitable[Mailbox]]
"""Changes the record of a box by its number."""

WAIT_S = 6.0
REPEATS = 3


class Session(msgspec.Struct):
    """`by` is the extension whose phone it is, None for a caller from outside."""

    talk: Talk
    voice: Voice
    box: Mailbox
    shelf: Shelf
    boxes: Boxes
    pins: Pins
    change: Change
    by: str | None

    async def say(self, phrase: str, **values: str | int) -> str:
        """A phrase, which any key cuts short; returns that key."""
        return await self.talk.say(await self.voice.phrase(phrase, **values))

    async def tell(self, phrase: str, **values: str | int) -> None:
        """A phrase; a key that cuts it short is an answer to what is asked next."""
        await tell(self.talk, await self.voice.phrase(phrase, **values))

    async def menu(self, phrase: str, keys: str, *before: Sound, first: str = "") -> str:
        """The key that was chosen; "" when nobody chooses one, however often it is asked. `first`: one that was pressed
        already.
        """
        key = first
        sounds = before
        for _ in range(REPEATS):
            key = key or await self.talk.say(*sounds, await self.voice.phrase(phrase))
            key = key or await self.talk.key(within_s=WAIT_S)
            if key and key in keys:
                return key
            sounds = (await self.voice.phrase("invalid"),) if key else ()
            key = ""
        return ""

    async def record(self, path: Path, *, max_s: int) -> float:
        """Beep, and record until a key, silence or the length; returns its seconds."""
        await self.talk.say(self.voice.beep(), barge_in="")
        self.talk.keys = ""
        ended = await self.talk.record(path, max_s=max_s, silence_s=float(self.box.silence_s), end="#*")
        return ended.duration_ms / 1000
