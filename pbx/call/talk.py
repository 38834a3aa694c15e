"""The node and the party alone: it hears sounds, presses keys, may be recorded. What menus and mailboxes are made of.

    async with Talk(call) as talk:
        pin = await talk.ask(question, most=8)

Keys are kept until somebody asks for them, so a caller who knows the way need not wait for a sentence to end. The
party's hang-up cancels the program, as everywhere.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, Protocol, Self

import msgspec

from pbx.call.keys import hear_tones
from pbx.call.pick_up import pick_up
from pbx.call.scope import Stoppable
from pbx.call.silence import SilenceWatch
from pbx.core.errors import PeerError
from pbx.model.stream import RecordingEnded, StartedTalking, StoppedTalking, StreamEvent

if TYPE_CHECKING:
    from pathlib import Path

    from pbx.call.call import Call
    from pbx.call.leg import CallLeg
    from pbx.call.ports import Prompt, Recording

__all__ = ["ALL_KEYS", "Sound", "Talk"]

ALL_KEYS = "0123456789*#ABCD"
MOST_KEYS = 64
"""More are not kept: nobody types ahead so far."""


class Clip(Protocol):
    """Sound that is in memory."""

    @property
    def duration_ms(self) -> int: ...


class Sound(msgspec.Struct, frozen=True):
    """Something to play, and how long it lasts."""

    prompt: Prompt
    seconds: float

    @classmethod
    def of(cls, clip: Clip) -> Sound:
        return cls(clip, clip.duration_ms / 1000)


class Talk:
    """Entering it answers the party. Raises `LegFailed` when it vanished, `PeerError` when it cannot be answered."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.keys = ""
        """Pressed, and not yet asked for."""
        self._leg: CallLeg | None = None
        self._watch: SilenceWatch | None = None
        self._pressed = asyncio.Event()
        self._interrupts = ""
        self._saying = Stoppable()
        self._talks = False
        self._quiet_since: float | None = None

    async def __aenter__(self) -> Self:
        await pick_up(self.call)
        leg = self._leg = self.call.a
        leg.pressed = self._press
        hear_tones(self.call, leg, on=True)
        self._watch = SilenceWatch(self.call, leg, also=self._heard)
        return self

    async def __aexit__(self, *_: object) -> None:
        leg, self._leg = self._leg, None
        if leg is None:
            return
        leg.pressed = None
        if self._watch is not None:
            self._watch.close()
            self._watch = None  # it knows this talk: nothing of a call is to wait for the garbage collector
        hear_tones(self.call, leg, on=False)
        if not leg.closed:
            self.call.ports.media.stop_playing(leg.stream)

    # -- sounds ----------------------------------------------------------------------------------------------------

    async def say(self, *sounds: Sound, barge_in: str = ALL_KEYS) -> str:
        """Play one after the other; returns the key that cut them short, "" when all was heard.

        A key of `barge_in` cuts them short, also one that was pressed before; "" lets nothing do so.
        """
        if key := self._take(barge_in):
            return key
        self._interrupts = barge_in
        try:
            with Stoppable() as self._saying:
                for sound in sounds:
                    self.call.play(sound.prompt)
                    await asyncio.sleep(sound.seconds)
        finally:
            self._interrupts = ""
        if not self._saying.stopped:
            return ""
        self.quiet()
        return self._take(barge_in)

    def music(self, prompt: Prompt) -> None:
        """Play it again and again, until something else is played."""
        self.call.play(prompt, loop=True)

    def quiet(self) -> None:
        """Play nothing."""
        self.call.ports.media.stop_playing(self._party.stream)

    # -- keys ------------------------------------------------------------------------------------------------------

    async def key(self, *, within_s: float) -> str:
        """The next key; "" when none comes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not self.keys:
                    self._pressed.clear()
                    await self._pressed.wait()
        return self._take(ALL_KEYS)

    async def ask(
        self,
        *sounds: Sound,
        most: int,
        end: str = "#",
        first_s: float = 5.0,
        between_s: float = 3.0,
        barge_in: bool = True,
    ) -> str:
        """Play, and collect up to `most` keys, without the `end` key that may finish them; "" when none comes.

        `first_s` is how long to wait for the first after the sounds, `between_s` for each that follows.
        """
        first = await self.say(*sounds, barge_in=ALL_KEYS if barge_in else "")
        first = first or await self.key(within_s=first_s)
        pressed = ""
        while first and first not in end:
            pressed += first
            if len(pressed) >= most:
                break
            first = await self.key(within_s=between_s)
        return pressed

    # -- recording -------------------------------------------------------------------------------------------------

    def start_recording(self, path: Path, *, max_s: int, format: Literal["wav", "opus"] = "wav") -> Recording:
        """Record what the party says into a new file, from now until `stop`, the length or the hang-up.

        What was said is in the file as it is said. Raises `PeerError` 503 where nothing can be recorded.
        """
        recorder = self.call.ports.recorder
        if recorder is None:
            raise PeerError(503, "No Recorder Here")
        return recorder.record(self._party.stream, path, format=format, channels=1, max_s=max_s)

    async def until_said(self, recording: Recording, *, silence_s: float = 0.0, end: str = "#") -> str:
        """Wait until a key of `end` ends the recording, or `silence_s` (0: never) without a word, or it ends itself.

        Returns the key, "" without one. Other keys are forgotten.
        """
        self.keys = ""
        self._listen(on=bool(silence_s))
        try:
            while not recording.ended.done():
                key = await self.key(within_s=0.25)
                if key and key in end:
                    return key
                if silence_s and self._quiet_s() >= silence_s:
                    return ""
            return ""
        finally:
            self._listen(on=False)

    async def record(
        self,
        path: Path,
        *,
        max_s: int,
        silence_s: float = 0.0,
        end: str = "#",
        format: Literal["wav", "opus"] = "wav",
    ) -> RecordingEnded:
        """Both of the above. The file is complete when this returns, and when the hang-up has cancelled it."""
        recording = self.start_recording(path, max_s=max_s, format=format)
        try:
            await self.until_said(recording, silence_s=silence_s, end=end)
        finally:
            ended = await recording.stop()
        return ended

    # -- below -----------------------------------------------------------------------------------------------------

    @property
    def _party(self) -> CallLeg:
        if self._leg is None:
            raise RuntimeError("nobody has been answered")
        return self._leg

    def _press(self, digit: str) -> None:
        if len(self.keys) < MOST_KEYS:
            self.keys += digit
        self._pressed.set()
        if digit in self._interrupts:
            self._saying.stop()

    def _take(self, wanted: str) -> str:
        """The oldest key, where it is a wanted one."""
        if not self.keys or self.keys[0] not in wanted:
            return ""
        key, self.keys = self.keys[0], self.keys[1:]
        return key

    def _heard(self, event: StreamEvent) -> None:
        if isinstance(event, StartedTalking):
            self._talks = True
        elif isinstance(event, StoppedTalking):
            self._talks = False
            self._quiet_since = asyncio.get_running_loop().time()

    def _listen(self, *, on: bool) -> None:
        self._talks = False
        self._quiet_since = asyncio.get_running_loop().time() if on else None
        transcoder = self.call.ports.transcoder
        if transcoder is not None and not self._party.closed:
            with suppress(ValueError):
                transcoder.tell_talkers(self._party.stream, on)

    def _quiet_s(self) -> float:
        if self._talks or self._quiet_since is None:
            return 0.0
        return asyncio.get_running_loop().time() - self._quiet_since
