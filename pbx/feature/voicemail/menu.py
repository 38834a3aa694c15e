"""The phone's way into a box: one's own by code, any box with its number and PIN.

1 new   2 old   3 saved   4 bin   0 greetings and PIN   # end
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from pbx.call.call import Call
from pbx.call.talk import Sound, Talk
from pbx.core.errors import PeerError
from pbx.feature.answering import own_extension
from pbx.feature.sounds import Sounds
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.listening import Listening
from pbx.feature.voicemail.options import Options
from pbx.feature.voicemail.pins import Pins
from pbx.feature.voicemail.session import Change, Session
from pbx.feature.voicemail.shelf import Shelf
from pbx.feature.voicemail.voice import Voice, tell
from pbx.model.mailbox import Mailbox
from pbx.model.voicemail import Folder

__all__ = ["CallBack", "Inbox"]

TRIES = 3
FOLDERS: dict[str, Folder] = {"1": "new", "2": "old", "3": "saved", "4": "bin"}

CallBack = Callable[[Call, str, str], Awaitable[bool]]
"""Calls a number with the rights of an extension; False when it leads nowhere."""


async def nowhere(_call: Call, _number: str, _by: str) -> bool:
    return False


class Inbox:
    """`call_back` is set when there is a dial plan."""

    def __init__(
        self,
        shelf: Shelf,
        boxes: Boxes,
        pins: Pins,
        sounds: Sounds,
        *,
        change: Change,
        beep: Callable[[], Sound],
    ) -> None:
        self.call_back: CallBack = nowhere
        self._shelf = shelf
        self._boxes = boxes
        self._pins = pins
        self._sounds = sounds
        self._change = change
        self._beep = beep

    # -- ways in -------------------------------------------------------------------------------------------------------

    async def own(self, call: Call, _argument: str = "") -> None:
        """The box of the extension that dialled. Raises `PeerError` 403 for anybody else."""
        extension = own_extension(call)
        box = self._boxes.of(extension)
        to = ""
        async with Talk(call) as talk:
            voice = Voice(self._sounds, self._beep, box, call.now)
            if box is None:
                await talk.say(await voice.phrase("no_box"), barge_in="")
                return
            session = self._session(talk, voice, box, extension)
            if not await self._pins.is_set(box.number):
                await Options(session).set_up()
            elif box.ask_pin and not await self._ask_pin(talk, voice, box.number):
                return
            to = await self._main(session)
        await self._go_on(call, to, extension)

    async def dialled(self, call: Call, number: str = "") -> None:
        """By code: whoever knows the PIN of a box."""
        await self.any(call, number)

    async def any(self, call: Call, number: str = "") -> bool:
        """Whoever knows the PIN of a box; asks for its number unless it is given. False: nobody was let in."""
        to = ""
        async with Talk(call) as talk:
            voice = Voice(self._sounds, self._beep, None, call.now)
            box = await self._log_in(talk, voice, number)
            if box is None:
                return False
            voice = Voice(self._sounds, self._beep, box, call.now)
            to = await self._main(self._session(talk, voice, box, call.party.extension))
        if call.party.extension is not None:
            await self._go_on(call, to, call.party.extension)
        return True

    async def _log_in(self, talk: Talk, voice: Voice, number: str) -> Mailbox | None:
        """None when nobody was let in. A number that is no box sounds like a wrong PIN."""
        for _ in range(TRIES):
            asked = number or await talk.ask(await voice.phrase("which_box"), most=10)
            if not asked:
                break
            pin = await talk.ask(await voice.phrase("pin"), most=12)
            if await self._pins.check(asked, pin) and (box := self._boxes.find(asked)) is not None:
                return box
            if self._pins.locked_s(asked):
                await talk.say(await voice.phrase("locked"), barge_in="")
                break
            await tell(talk, await voice.phrase("wrong_pin"))
        await talk.say(await voice.phrase("goodbye"), barge_in="")
        return None

    async def _ask_pin(self, talk: Talk, voice: Voice, number: str) -> bool:
        return await self._log_in(talk, voice, number) is not None

    def _session(self, talk: Talk, voice: Voice, box: Mailbox, by: str | None) -> Session:
        return Session(
            talk=talk,
            voice=voice,
            box=box,
            shelf=self._shelf,
            boxes=self._boxes,
            pins=self._pins,
            change=self._change,
            by=by,
        )

    async def _go_on(self, call: Call, to: str, by: str) -> None:
        """Call back whoever left a message. Raises `PeerError` 404."""
        if to and not await self.call_back(call, to, by):
            raise PeerError(404, "Not Found")

    # -- the main menu -------------------------------------------------------------------------------------------------

    async def _main(self, session: Session) -> str:
        """Returns the number that is to be called back, "" when the call is over."""
        before: Sequence[Sound] = await self._counts(session)
        while True:
            key = await session.menu("menu_main", "01234#", *before)
            before = ()
            if key in FOLDERS:
                listening = Listening(session)
                await listening.run(FOLDERS[key])
                if listening.call_back:
                    return listening.call_back
            elif key == "0":
                await Options(session).run()
            else:
                await session.talk.say(await session.voice.phrase("goodbye"), barge_in="")
                return ""

    async def _counts(self, session: Session) -> list[Sound]:
        state = self._boxes.state(session.box)
        sounds = [await session.voice.phrase("new", count=state.new)]
        if state.urgent:
            sounds.append(await session.voice.phrase("of_them_urgent", count=state.urgent))
        if state.old:
            sounds.append(await session.voice.phrase("old", count=state.old))
        if state.saved:
            sounds.append(await session.voice.phrase("saved_count", count=state.saved))
        if state.full:
            sounds.append(await session.voice.phrase("box_full"))
        return sounds
