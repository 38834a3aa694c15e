"""Leaving a message: greeting, beep, and everything until the caller hangs up, is silent or presses a key.

What is said is on the disk as it is said; hanging up is the normal end. After # the caller may record it again, or mark
it as urgent.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Literal

from pbx.call.call import Call
from pbx.call.ports import Recording
from pbx.call.talk import Sound, Talk
from pbx.core.errors import PeerError
from pbx.feature.sounds import Sounds
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.shelf import BoxFullError, Draft, NoRoomError, Shelf
from pbx.feature.voicemail.voice import Voice, tell
from pbx.model.call_event import CallRouted, MessageBegun
from pbx.model.extension import Extension
from pbx.model.mailbox import Mailbox

__all__ = ["LeaveMessage", "Onward", "Outcome"]

log = logging.getLogger(__name__)

DISK = ("disk_full", "disk_failed", "disk_slow")
MOST_TRIES = 5

Outcome = Literal["served", "refused", "sent_on"]
"""The caller could leave a message; the box is full or switched off; a key has sent the caller elsewhere."""

Onward = Callable[[Call, str, Extension | None], Awaitable[bool]]
"""Sends a caller on, with the rights of the extension whose box it is; False when that leads nowhere."""


async def nowhere(_call: Call, _to: str, _by: Extension | None) -> bool:
    return False


class LeaveMessage:
    """Takes messages for all boxes. `onward` is set when there is a dial plan."""

    def __init__(self, shelf: Shelf, boxes: Boxes, sounds: Sounds, *, beep: Callable[[], Sound]) -> None:
        self.onward: Onward = nowhere
        self._shelf = shelf
        self._boxes = boxes
        self._sounds = sounds
        self._beep = beep

    async def dialled(self, call: Call, number: str) -> None:
        """By code. Raises `PeerError` 404 for a number that is no box."""
        box = self._boxes.find(number)
        if box is None:
            raise PeerError(404, "No Such Mailbox")
        await self.take(call, box)

    async def for_extension(self, call: Call, extension: Extension, reason: str) -> bool:
        """A call that the extension does not take; False when it has no box."""
        box = self._boxes.find(extension.mailbox) if extension.mailbox is not None else None
        if box is None:
            return False
        call.divert(extension.number, reason, f"*99{box.number}")
        await self.take(call, box)
        return True

    async def take(self, call: Call, box: Mailbox, *, greet: bool = True) -> Outcome:
        """Until the message is left, or all is over where a key has sent the caller. It does not hang up."""
        call.record(CallRouted(call=call.id, at=call.now(), kind="mailbox", to=box.number, to_name=box.name))
        voice = Voice(self._sounds, self._beep, box, call.now)
        refused = not box.enabled or self._boxes.state(box).full
        async with Talk(call) as talk:
            key = await self._serve(talk, box, voice, greet=greet, refused=refused)
        to = {"0": box.operator, "*": box.star}.get(key)
        if to is not None:
            call.divert(box.number, "unconditional", to)
            if not await self.onward(call, to, self._boxes.owner(box)):
                raise PeerError(404, "Not Found")
            return "sent_on"
        return "refused" if refused else "served"

    async def _serve(self, talk: Talk, box: Mailbox, voice: Voice, *, greet: bool, refused: bool) -> str:
        """Returns the key that sends the caller elsewhere, "" when the call is over."""
        ways_out = ("0" if box.operator else "") + ("*" if box.star else "")
        sounds = await self._greeting(box, voice, asks=not refused) if greet else []
        if refused and box.enabled:
            sounds.append(await voice.phrase("full"))
        key = await talk.say(*sounds, barge_in=ways_out if refused else f"{ways_out}#")
        if key in ways_out and key:
            return key
        if refused:
            if box.enabled:
                self._shelf.refuse("full")
            await talk.say(await voice.phrase("goodbye"), barge_in="")
            return ""
        for _ in range(MOST_TRIES):
            again, key = await self._take_one(talk, box, voice, ways_out)
            if not again:
                return key
        return ""

    async def _greeting(self, box: Mailbox, voice: Voice, *, asks: bool) -> list[Sound]:
        """What the caller hears; the sentence stands in for what is not recorded. `asks` for a message too."""
        sounds: list[Sound] = []
        custom = self._shelf.greeting(box.number, "custom")
        name = self._shelf.greeting(box.number, "name")
        if box.greeting == "custom" and custom is not None:
            sounds.append(await voice.file(custom))
        elif box.greeting == "name" and name is not None:
            sounds += [await voice.file(name), await voice.phrase("greeting_name")]
        else:
            sounds.append(await voice.phrase("greeting", number=box.number))
        if asks and not (box.greeting == "custom" and custom is not None):
            sounds.append(await voice.phrase("after_the_tone"))
        return sounds

    async def _take_one(self, talk: Talk, box: Mailbox, voice: Voice, ways_out: str) -> tuple[bool, str]:
        """One message, kept whatever happens. Whether the caller wants to say it again, and the key that leads away."""
        call = talk.call
        try:
            draft = await self._shelf.begin(box, call.shown, call.id)
        except (BoxFullError, NoRoomError) as error:
            phrase = "full" if isinstance(error, BoxFullError) else "no_room"
            await talk.say(await voice.phrase(phrase), await voice.phrase("goodbye"), barge_in="")
            return False, ""
        recording: Recording | None = None
        try:
            await talk.say(voice.beep(), barge_in="")
            talk.keys = ""
            recording = talk.start_recording(draft.path, max_s=box.max_message_s, format=box.sound_format)
            call.record(
                MessageBegun(call=call.id, at=call.now(), mailbox=box.number, message=draft.message.id)
            )
            key = await talk.until_said(recording, silence_s=box.silence_s, end="#" + ways_out)
            ended = await recording.stop()
            if key in ways_out and key:
                return False, key
            if ended.reason in DISK:
                log.error("a message was cut short", extra={"mailbox": box.number, "reason": ended.reason})
                await talk.say(await voice.phrase("no_room"), await voice.phrase("goodbye"), barge_in="")
                return False, ""
            return await self._review(talk, box, draft, voice, ended.duration_ms / 1000), ""
        except (OSError, RuntimeError) as error:
            log.error("a message cannot be taken", extra={"mailbox": box.number, "reason": str(error)})  # noqa: TRY400
            with suppress(RuntimeError):
                await talk.say(await voice.phrase("no_room"), barge_in="")
            return False, ""
        finally:
            self._shelf.finish(draft, recording)

    async def _review(self, talk: Talk, box: Mailbox, draft: Draft, voice: Voice, seconds: float) -> bool:
        """The caller has ended the message and is still there. Whether it is to be recorded again."""
        if seconds < max(box.min_message_s, 0.2):
            await tell(talk, await voice.phrase("too_short"))
            return True
        key = await talk.say(await voice.phrase("stored"), await voice.phrase("review"), barge_in="123#*")
        while True:
            key = key or await talk.key(within_s=4.0)
            if key == "2":
                draft.dropped = True
                return True
            if key == "3" and not draft.urgent:
                draft.urgent = True
                key = await talk.say(await voice.phrase("marked_urgent"), barge_in="12#*")
                continue
            if key == "1":
                key = ""
                heard = await voice.file(draft.path)
                key = await talk.say(heard, barge_in="23#*")
                continue
            await talk.say(await voice.phrase("goodbye"), barge_in="")
            return False
