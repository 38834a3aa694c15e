"""Hearing messages one after the other.

1 again from the beginning   2 save        3 delete, or bring back
4 back 5 s                   5 who, when   6 on 5 s
7 previous                   8 call back   9 or # next
0 send on to another box                   * main menu
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import msgspec

from pbx.core.errors import PeerError
from pbx.feature.voicemail.session import Session
from pbx.feature.voicemail.shelf import BoxFullError, NoRoomError
from pbx.feature.voicemail.voice import Heard, load, tell
from pbx.model.voicemail import Folder, Voicemail, VoicemailPatch

__all__ = ["Listening"]

STEP_S = 5.0
KEYS = "0123456789#*"
LONGEST_COMMENT_S = 120


class _Place(msgspec.Struct):
    """Where in a message we are."""

    message: Voicemail
    heard: Heard
    second: float = 0.0
    told: bool = msgspec.field(default=False)

    def move(self, by_s: float) -> None:
        self.second = min(max(self.second + by_s, 0.0), self.heard.seconds)


class Listening:
    """The messages of one folder."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.call_back = ""
        """Whom to call when the box is closed; empty: nobody."""

    async def run(self, folder: Folder) -> None:
        """Oldest first, until the last one or the key for the main menu."""
        session = self._session
        found, _ = await session.shelf.page(session.box.number, folder)
        messages = list(reversed(found))
        if not messages:
            await session.tell("none")
            return
        index = 0
        while 0 <= index < len(messages):
            step = await self._one(messages[index], index + 1)
            if step is None:
                return
            index = max(index + step, 0)
        await session.tell("no_more")

    async def _one(self, message: Voicemail, number: int) -> int | None:
        """How far to go from here; None: back to the main menu."""
        session = self._session
        message = await session.shelf.get(message.id) or message
        heard = await load(session.shelf.path(message))
        if heard is None:
            await session.tell("damaged")
            return 1
        place = _Place(message, heard)
        key = await session.talk.say(
            await session.voice.phrase("message", number=number), *await session.voice.envelope(message)
        )
        while True:
            if not key:
                key = await self._play(place)
            if not key:
                await self._read(place)
                key = await session.menu("menu_message", KEYS)
            if not key or key == "*":
                return None
            step = await self._press(key, place)
            if step is not None or self.call_back:
                return step
            key = ""

    async def _play(self, place: _Place) -> str:
        """From where we are; returns the key that stopped it."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        key = await self._session.talk.say(place.heard.at(place.second))
        if key:
            place.move(loop.time() - began)
        else:
            place.second = place.heard.seconds
        return key

    async def _press(self, key: str, place: _Place) -> int | None:
        """Do what a key says; how many messages to go on, None to stay at this one."""
        if key in "146":
            place.move({"1": -place.heard.seconds, "4": -STEP_S, "6": STEP_S}[key])
        elif key == "5":
            await tell(self._session.talk, *await self._session.voice.envelope(place.message))
        elif key == "8":
            await self._call_back(place)
        elif key == "0":
            await self._forward(place)
        elif key in "79#":
            await self._read(place)
            return -1 if key == "7" else 1
        elif key in "23":
            return await self._put_away(key, place)
        return None

    async def _put_away(self, key: str, place: _Place) -> int:
        session, message = self._session, place.message
        if key == "2":
            patch, phrase = VoicemailPatch(saved=True, read=True), "saved"
        elif message.deleted_at is None:
            patch, phrase = VoicemailPatch(deleted=True, read=True), "deleted"
        else:
            patch, phrase = VoicemailPatch(deleted=False), "undeleted"
        await session.shelf.patch(message.id, patch)
        await session.tell(phrase)
        return 1

    async def _read(self, place: _Place) -> None:
        if not place.message.read:
            made = await self._session.shelf.patch(place.message.id, VoicemailPatch(read=True))
            place.message = made or place.message

    async def _call_back(self, place: _Place) -> None:
        """Only from a phone of the office: nobody calls out through a box."""
        message = place.message
        number = message.from_extension or message.from_number
        if self._session.by is None or not number:
            await self._session.tell("no_call_back")
            return
        await self._read(place)
        self.call_back = number

    async def _forward(self, place: _Place) -> None:
        session = self._session
        number = await session.talk.ask(await session.voice.phrase("forward_to"), most=10)
        box = session.boxes.find(number) if number else None
        if box is None or not box.enabled:
            await session.tell("no_such_box")
            return
        key = await session.menu("forward_comment", "1#*")
        if key in ("", "*"):
            return
        comment = None
        try:
            if key == "1":
                comment = await session.shelf.draft_path(session.box.number)
                await session.record(comment, max_s=LONGEST_COMMENT_S)
            await session.shelf.forward(place.message, box, comment)
            phrase = "forwarded"
        except BoxFullError:
            phrase = "that_box_full"
        except (NoRoomError, OSError, PeerError):
            phrase = "no_room"
        finally:
            if comment is not None:
                with suppress(OSError):
                    await session.shelf.drop(comment)
        await session.tell(phrase)
