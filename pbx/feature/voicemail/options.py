"""Setting up a box by phone: greeting, name, PIN.

1 record a greeting   2 record the name   3 which greeting   4 new PIN   * back
"""

from __future__ import annotations

import logging
from pathlib import Path

from msgspec.structs import replace

from pbx.core.errors import PbxError
from pbx.feature.voicemail.session import Session
from pbx.model.mailbox import Greeting
from pbx.model.voicemail import GreetingName

__all__ = ["Options"]

log = logging.getLogger(__name__)

LONGEST_S: dict[GreetingName, int] = {"custom": 180, "name": 10}
GREETINGS: dict[str, Greeting] = {"1": "default", "2": "name", "3": "custom"}
TRIES = 3


class Options:
    """The menu, and the set-up of a box that has no PIN yet."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def run(self) -> None:
        session = self._session
        while True:
            key = await session.menu("menu_options", "1234*")
            if key == "1":
                await self.record("custom")
            elif key == "2":
                await self.record("name")
            elif key == "3":
                await self._choose()
            elif key == "4":
                await self.new_pin()
            else:
                return

    async def set_up(self) -> None:
        """The first time: a PIN, then the name. Whoever gives none is asked again next time."""
        await self._session.tell("welcome")
        if await self.new_pin():
            await self.record("name")

    async def new_pin(self) -> bool:
        """Ask twice for a new one. Whether it is set."""
        session = self._session
        for _ in range(TRIES):
            pin = await session.talk.ask(await session.voice.phrase("new_pin"), most=12)
            if not pin:
                return False
            if not 4 <= len(pin) <= 12 or not pin.isdecimal() or self._too_easy(pin):
                await session.tell("pin_bad")
                continue
            if await session.talk.ask(await session.voice.phrase("new_pin_again"), most=12) != pin:
                await session.tell("pin_differs")
                continue
            try:
                await session.pins.set(session.box, pin)
            except PbxError as error:
                log.warning(
                    "a PIN could not be stored", extra={"mailbox": session.box.number, "reason": str(error)}
                )
                await session.tell("no_room")
                return False
            await session.tell("pin_set")
            return True
        return False

    def _too_easy(self, pin: str) -> bool:
        """What everybody tries first."""
        return pin == self._session.box.number or len(set(pin)) == 1 or pin in "01234567890"

    async def record(self, name: GreetingName) -> None:
        """Record, hear, keep; what there was before stays until then."""
        session = self._session
        while True:
            try:
                draft = await session.shelf.draft_path(session.box.number)
                key = await session.say("record_greeting" if name == "custom" else "record_name")
                if key == "*":
                    return
                key = await self._recorded(name, draft)
            except (OSError, PbxError) as error:
                log.warning(
                    "a greeting could not be kept",
                    extra={"mailbox": session.box.number, "reason": str(error)},
                )
                await session.tell("no_room")
                return
            if key != "2":
                return

    async def _recorded(self, name: GreetingName, draft: Path) -> str:
        """The key that was chosen when it was heard: 1 has kept it, 2 is once more."""
        session = self._session
        try:
            seconds = await session.record(draft, max_s=LONGEST_S[name])
            if seconds < 0.5:
                await session.tell("too_short")
                return "2"
            key = await session.menu("keep_recording", "12*", await session.voice.file(draft))
            if key == "1":
                await session.shelf.save_greeting(session.box.number, name, draft)
                await self._use(name)
                await session.tell("kept")
            return key
        finally:
            await session.shelf.drop(draft)

    async def _use(self, name: GreetingName) -> None:
        """Who records a greeting wants it to be heard."""
        if name == "custom" or self._session.box.greeting == "default":
            await self._change(name)

    async def _choose(self) -> None:
        key = await self._session.menu("choose_greeting", "123*")
        if key in GREETINGS:
            await self._change(GREETINGS[key])
            await self._session.tell("kept")

    async def _change(self, greeting: Greeting) -> None:
        session = self._session
        session.box = await session.change(session.box.number, lambda old: replace(old, greeting=greeting))
