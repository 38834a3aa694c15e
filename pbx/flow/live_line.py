"""The caller of a real call, as nodes see it: answered when there is something to say, and not before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal, NoReturn

from pbx.call.call import Call
from pbx.call.ending import Ending
from pbx.call.ports import Prompt as Clip
from pbx.call.talk import ALL_KEYS, Sound, Talk
from pbx.feature.sounds import Sounds
from pbx.flow.node import NodeError
from pbx.flow.ports import CallOver, Phrase, Prompt, Say
from pbx.model.cause import cause_of_status
from pbx.model.leg_event import LegCause, LegFailed

__all__ = ["LiveLine", "Records"]

TONE_S = 4.0

Do = Literal["on", "off", "pause", "resume"]

Records = Callable[[Call, Do], Awaitable[None]]
"""Switches the recording of a call. Raises `NodeError`."""


class LiveLine:
    """Implements `pbx.flow.ports.Line`. `tone` gives busy and congestion; without `records` nothing is recorded.

    `release` must be called before anybody else does something with the caller.
    """

    def __init__(
        self,
        call: Call,
        sounds: Sounds,
        *,
        tone: Callable[[Literal["busy", "congestion"]], Clip],
        records: Records | None = None,
    ) -> None:
        self._call = call
        self._sounds = sounds
        self._tone = tone
        self._records = records
        self._talk: Talk | None = None

    @property
    def now(self) -> datetime:
        return self._call.now()

    async def say(self, *what: Say, barge_in: bool = True) -> str:
        sounds = [await self._sound(each) for each in what]
        talk = await self._answered()
        return await talk.say(*sounds, barge_in=ALL_KEYS if barge_in else "")

    async def ask(
        self,
        *what: Say,
        most: int = 1,
        end: str = "#",
        first_s: float = 5.0,
        between_s: float = 3.0,
        barge_in: bool = True,
    ) -> str:
        sounds = [await self._sound(each) for each in what]
        talk = await self._answered()
        return await talk.ask(
            *sounds, most=most, end=end, first_s=first_s, between_s=between_s, barge_in=barge_in
        )

    async def wait(self, seconds: float, *, music: bool = False) -> str:
        call = self._call
        if not call.a.answered:
            if music and await call.let_hear(call.formats_for(call.offered_formats())):
                call.play(call.ports.hold_tone(), loop=True)
            await asyncio.sleep(seconds)
            if music:
                call.ports.media.stop_playing(call.a.stream)
            return ""
        talk = await self._answered()
        if music:
            talk.music(call.ports.hold_tone())
        key = await talk.key(within_s=seconds)
        if music:
            talk.quiet()
        return key

    def show(self, *, number: str | None = None, name: str | None = None) -> None:
        self._call.a.show_as(number=number, name=name)

    async def record(self, do: Do) -> None:
        if self._records is None:
            raise NodeError("nothing is recorded here")
        await self._records(self._call, do)

    async def hang_up(self, status: int = 0, *, tone: Literal["", "busy", "congestion"] = "") -> NoReturn:
        call = self._call
        await self.release()
        if not call.a.answered:
            call.end_with(Ending(cause_of_status(status), status) if status else Ending(LegCause.NORMAL))
        elif tone:
            call.play(self._tone(tone), loop=True)
            await asyncio.sleep(TONE_S)
        call.end_with(Ending(LegCause.NORMAL))
        raise CallOver

    async def release(self) -> None:
        """Let go of the caller; keys that nobody has asked for are forgotten."""
        talk, self._talk = self._talk, None
        if talk is not None:
            await talk.__aexit__()

    # -- below ---------------------------------------------------------------------------------------------------------

    async def _answered(self) -> Talk:
        """The caller, answered. Raises `CallOver` when it has vanished, `PeerError` when it cannot be answered."""
        if self._talk is None:
            talk = Talk(self._call)
            try:
                await talk.__aenter__()
            except LegFailed as error:
                self._call.end_with(Ending(error.cause, error.status))
                raise CallOver from error
            self._talk = talk
        return self._talk

    async def _sound(self, what: Say) -> Sound:
        if isinstance(what, Prompt):
            return await self._sounds.prompt(what.id)
        if isinstance(what, Phrase):
            return await self._sounds.phrase(what.name, language=what.language, **what.values)
        return await self._sounds.text(what.text, language=what.language)
