"""`pbx serve` in which 700 is a receptionist: the node, the ears, the matcher and PocketSphinx as they are.

    python -m tests.live.receptionist_node serve …

What it says are short tones, and lines in the log. Whoever is chosen is rung as by any call.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from pbx.app.cli import main
from pbx.app.listening import Hearing
from pbx.call.call import Call
from pbx.call.talk import ALL_KEYS, Sound, Talk
from pbx.core.config import NodeConfig
from pbx.feature.dialplan import Dialplan
from pbx.flow.context import Context
from pbx.flow.nodes.receptionist import ReceptionChoice, Receptionist
from pbx.flow.ports import Phrase, Ports, Prompt, Reached, Say
from pbx.media.engine import MediaEngine

NUMBER = "700"
PEOPLE = {"101": "Alice Example", "102": "Robert Smith", "103": "Caroline Jones"}
NODE = Receptionist(choices=(ReceptionChoice(exit="sales", name="Sales department"),))
WIRED = frozenset({"sales", "operator", "not_reached", "nothing"})
OPERATOR = "103"

log = logging.getLogger("pbx.receptionist")
hearing = Hearing(NodeConfig())


class Line:
    """Tones for words."""

    def __init__(self, call: Call, talk: Talk) -> None:
        self._call = call
        self._talk = talk

    @property
    def now(self) -> datetime:
        return self._call.now()

    def _sounds(self, what: tuple[Say, ...]) -> list[Sound]:
        for each in what:
            if isinstance(each, Phrase):
                log.info("says %s %s", each.name, " ".join(map(str, each.values.values())))
            else:
                log.info("says %s", each.id if isinstance(each, Prompt) else each.text)
        return [Sound(self._call.ports.hold_tone(), 0.3) for _ in what]

    async def say(self, *what: Say, barge_in: bool = True) -> str:
        key = await self._talk.say(*self._sounds(what), barge_in=ALL_KEYS)
        self._talk.quiet()
        return key

    async def ask(self, *what: Say, **how: Any) -> str:
        return await self._talk.ask(*self._sounds(what), **how)

    async def wait(self, seconds: float, *, music: bool = False) -> str:
        return await self._talk.key(within_s=seconds)


class Around:
    """The rest of the office."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self.chosen = ""

    def people(self) -> Mapping[str, str]:
        return PEOPLE

    async def extension(self, number: str, *, ring_s: int | None, voicemail: bool) -> Reached:
        self.chosen = number
        return "talked"


async def receive(dialplan: Dialplan, call: Call) -> None:
    """Until it is known whom the caller wants; then ring there."""
    async with Talk(call) as talk:
        line, around = Line(call, talk), Around(talk)
        ears = hearing.listening(cast("MediaEngine", call.ports.media))(call, cast("Any", line))
        ports = Ports(
            line=cast("Any", line), reach=cast("Any", around), office=cast("Any", around), web=cast("Any", None),
            messages=cast("Any", None), listening=ears, chat=hearing.chat(),
        )  # fmt: skip
        exit = await NODE.run(Context(ports, wired=WIRED))
        log.info("leaves by %s to %s", exit or "-", around.chosen)
    number = around.chosen if exit == "" else OPERATOR if exit == "operator" else ""
    if number:
        await inside(dialplan, call, number)


inside = Dialplan._inside


async def _inside(dialplan: Dialplan, call: Call, dialled: str, *, pointed_to: bool = False) -> bool:
    if dialled != NUMBER:
        return await inside(dialplan, call, dialled, pointed_to=pointed_to)
    await receive(dialplan, call)
    return True


if __name__ == "__main__":
    Dialplan._inside = _inside  # type: ignore[method-assign,assignment]
    sys.exit(main())
