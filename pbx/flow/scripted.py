"""A caller, an office and a world that are made up: the ports of `pbx.flow.ports`, played from a `FlowScript`.

Time is a number that is added to: a caller who waits for an hour takes none. What is heard and done is written down.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from pbx.feature.callers import CallerRules
from pbx.feature.public_holidays import public_holiday
from pbx.feature.wording import ENGLISH, Wording
from pbx.flow.node import NodeError
from pbx.flow.ports import (
    Answer,
    CallOver,
    Choice,
    Phrase,
    Reached,
    Say,
    Text,
    Wanted,
    WebAnswer,
    WebRequest,
)
from pbx.model.flow_run import Deed, Heard
from pbx.model.schedule import Schedule

if TYPE_CHECKING:
    from pbx.flow.ports import Office
    from pbx.model.flow_script import FlowScript

__all__ = [
    "RecordedOffice",
    "ScriptedChat",
    "ScriptedLine",
    "ScriptedListening",
    "ScriptedMessages",
    "ScriptedOffice",
    "ScriptedReach",
    "ScriptedWeb",
    "World",
]

LONGEST_S = 86_400.0
"""Whoever has not hung up after a day does so then."""
CHARACTERS_A_SECOND = 15.0
PROMPT_S = 3.0
KEY_S = 0.5
RINGS_S = 5.0
NO_ANSWER_S = 30.0
TALK_S = 60.0

Kind = Literal["prompt", "text", "phrase", "music", "tone"]


class World:
    """Time, and what has happened until now."""

    def __init__(self, script: FlowScript, started_at: datetime) -> None:
        self.script = script
        self.started_at = started_at
        self.at_s = 0.0
        self.step = 0
        self.heard: list[Heard] = []
        self.deeds: list[Deed] = []
        self.answered = False
        self.caller_left = False
        self.failed = False
        self.status = 0
        self.talked = False
        """What was done last was that somebody talked with the caller."""
        self._said = 0
        self._questions = 0
        self._timed = deque(
            sorted(
                (each.at_s + index * KEY_S, key)
                for each in script.pressed
                for index, key in enumerate(each.keys)
            )
        )
        self._keys = ""
        self._pressed_at_s = -1.0

    @property
    def now(self) -> datetime:
        return self.started_at + timedelta(seconds=self.at_s)

    def did(self, what: str, to: str = "", result: str = "", question: int | None = None) -> None:
        self.talked = result == "talked"
        at = round(self.at_s, 1)
        self.deeds.append(Deed(at_s=at, step=self.step, what=what, to=to, result=result, question=question))

    def hears(self, kind: Kind, what: str, name: str = "") -> None:
        self.talked = False
        self.heard.append(Heard(at_s=round(self.at_s, 1), step=self.step, kind=kind, what=what, name=name))

    async def passes(self, seconds: float) -> None:
        """Raises `CallOver` when the caller hangs up meanwhile."""
        await asyncio.sleep(0)
        wanted = self.at_s + max(0.0, seconds)
        end = min(LONGEST_S, LONGEST_S if self.script.hangs_up_at_s is None else self.script.hangs_up_at_s)
        if wanted >= end:
            self.at_s = max(self.at_s, end)
            self.caller_left = True
            raise CallOver
        self.at_s = wanted

    async def key(self, within_s: float) -> str:
        """The next key that is pressed, "" for none in that time."""
        if not self._keys and self._timed and self._timed[0][0] <= self.at_s + within_s:
            at, key = self._timed.popleft()
            await self.passes(at - self.at_s)
            self._pressed_at_s = self.at_s
            return key
        if self._keys:
            key, self._keys = self._keys[0], self._keys[1:]
            await self.passes(0)
            self._pressed_at_s = self.at_s
            return key
        await self.passes(within_s)
        return ""

    def answers_question(self, *, asked: bool) -> int | None:
        """Press what the script has for the next question, unless keys wait already; which one it is, if it is new.

        `asked`: something was said. A node that takes one key after the other says nothing before the second: that is
        the same question.
        """
        if self._keys or (not asked and self.at_s == self._pressed_at_s):
            return None
        index, self._questions = self._questions, self._questions + 1
        self._keys = self.script.keys[index] if index < len(self.script.keys) else ""
        return index

    def says(self) -> tuple[str, int]:
        """What the script has the caller say next, "" for nothing, and where."""
        index, self._said = self._said, self._said + 1
        return (self.script.said[index] if index < len(self.script.said) else ""), index


class ScriptedLine:
    """The caller."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def now(self) -> datetime:
        return self._world.now

    async def say(self, *what: Say, barge_in: bool = True) -> str:
        world = self._world
        world.answered = True
        for each in what:
            self._heard(each)
            if barge_in:
                if key := await world.key(_seconds(each)):
                    world.did("pressed", key)
                    return key
            else:
                await world.passes(_seconds(each))
        return ""

    async def ask(
        self,
        *what: Say,
        most: int = 1,
        end: str = "#",
        first_s: float = 5.0,
        between_s: float = 3.0,
        barge_in: bool = True,
    ) -> str:
        world = self._world
        world.answered = True
        key, question = "", None
        for each in what:
            self._heard(each)
            if barge_in and not key:
                key = await world.key(_seconds(each))
            elif not barge_in:
                await world.passes(_seconds(each))
            if key:
                break
        if not key:
            question = world.answers_question(asked=bool(what))
            key = await world.key(first_s)
        pressed = ""
        while key and key not in end:
            pressed += key
            if len(pressed) >= most:
                break
            key = await world.key(between_s)
        world.did("pressed", pressed + (key if key and key in end else ""), question=question)
        return pressed

    async def wait(self, seconds: float, *, music: bool = False) -> str:
        if music:
            self._world.hears("music", "")
        return await self._world.key(seconds)

    def show(self, *, number: str | None = None, name: str | None = None) -> None:
        self._world.did("shows", " ".join(each for each in (number, name) if each))

    async def record(self, do: Literal["on", "off", "pause", "resume"]) -> None:
        self._world.did("recording", do)

    async def hang_up(self, status: int = 0, *, tone: Literal["", "busy", "congestion"] = "") -> None:
        world = self._world
        if world.answered and tone:
            world.hears("tone", tone)
            await world.passes(PROMPT_S)
        world.status = 0 if world.answered else status or 480
        raise CallOver

    def _heard(self, what: Say) -> None:
        if isinstance(what, Phrase):
            self._world.hears("phrase", _sentence(what, self._world.now), what.name)
            self._world.failed |= what.name == "flow_failed"
        elif isinstance(what, Text):
            self._world.hears("text", what.text)
        else:
            self._world.hears("prompt", what.id)


class ScriptedReach:
    """The others. Whoever the script does not name answers, and talks for a minute."""

    def __init__(self, world: World, office: Office) -> None:
        self._world = world
        self._office = office

    async def extension(self, number: str, *, ring_s: int | None, voicemail: bool) -> Reached:
        return await self._reach("extension", number, ring_s=ring_s, there=True)

    async def ring_group(self, number: str) -> Reached:
        return await self._reach("ring group", number, there=True)

    async def queue(self, number: str, *, priority: int = 0) -> Reached:
        return await self._reach("queue", number, there=True)

    async def dial(
        self, destination: str, *, rights: str | None = None, ring_s: int | None = None
    ) -> Reached:
        return await self._reach("dial", destination, ring_s=ring_s)

    async def transfer(self, destination: str, *, rights: str | None = None) -> Reached:
        return await self._reach("transfer", destination)

    async def voicemail(self, mailbox: str, *, greeting: bool = True) -> Reached:
        return await self._reach("voicemail", mailbox)

    async def check_voicemail(self, mailbox: str | None) -> Reached:
        return await self._reach("check voicemail", mailbox or "")

    async def conference(self, number: str) -> Reached:
        return await self._reach("conference", number)

    async def park(self, slot: str = "") -> Reached:
        return await self._reach("park", slot)

    async def page(self, group: str) -> Reached:
        return await self._reach("page", group)

    def _result(self, what: str, number: str) -> Reached:
        """A mailbox has the number of its extension, so only its own line counts for it."""
        scripted = self._world.script.reached
        if own := scripted.get(f"{what} {number}"):
            return own
        return "talked" if "voicemail" in what else scripted.get(number, "talked")

    async def _reach(
        self, what: str, number: str, *, ring_s: int | None = None, there: bool = False
    ) -> Reached:
        world = self._world
        if there and not self._office.exists(number):
            raise NodeError(f"there is no {what} {number}")
        result = self._result(what, number)
        before = world.at_s
        if result == "no_answer":
            await world.passes(ring_s or NO_ANSWER_S)
        elif result in ("talked", "left"):
            await world.passes(RINGS_S)
        world.deeds.append(Deed(at_s=round(before, 1), step=world.step, what=what, to=number, result=result))
        world.talked = result == "talked"
        if result in ("talked", "left"):
            world.answered = True
            await world.passes(TALK_S)
        return result


class ScriptedOffice:
    """The office as it is, but for what the script says."""

    def __init__(self, world: World, office: Office) -> None:
        self._script = world.script
        self._office = office

    def caller_list(self, number: str) -> Literal["allow", "block", "vip", ""]:
        scripted = self._script.caller_list
        return self._office.caller_list(number) if scripted is None else scripted

    def flag(self, id: str) -> bool:
        return self._script.flags[id] if id in self._script.flags else self._office.flag(id)

    def schedule(self, id: str) -> Schedule:
        return self._office.schedule(id)

    def is_holiday(self, at: datetime, country: str, region: str = "") -> str:
        return self._script.holidays.get(at.date()) or self._office.is_holiday(at, country, region)

    def people(self) -> Mapping[str, str]:
        return self._office.people()

    def exists(self, number: str) -> bool:
        return self._office.exists(number)

    def state_of(self, number: str) -> Literal["free", "busy", "unreachable", ""]:
        if not self._office.state_of(number):
            return ""
        scripted = self._script.reached.get(number)
        return scripted if scripted in ("busy", "unreachable") else "free"

    @property
    def time_zone(self) -> str:
        return self._office.time_zone


class ScriptedWeb:
    """Web servers."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def request(self, request: WebRequest) -> WebAnswer:
        world = self._world
        found = next((each for each in world.script.web if each.url in request.url), None)
        if found is None or found.status == 0:
            await world.passes(request.timeout_s)
            world.did(f"web {request.method}", request.url, "no answer")
            raise NodeError(f"{request.url} did not answer")
        await world.passes(0.2)
        world.did(f"web {request.method}", request.url, str(found.status))
        return WebAnswer(found.status, found.fields)


class ScriptedMessages:
    """What is sent is written down."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def mail(self, to: str, subject: str, text: str) -> None:
        self._world.did("mail", to, subject)

    async def text(self, to: str, text: str) -> None:
        self._world.did("text message", to, text)

    async def call_back(self, number: str, destination: str, note: str) -> None:
        self._world.did("call back", number, destination)


class ScriptedListening:
    """Understands every word that the script has the caller say."""

    def __init__(self, world: World, line: ScriptedLine) -> None:
        self._world = world
        self._line = line

    async def listen(
        self, *what: Say, expected: Sequence[str], language: str = "", max_s: float = 8.0
    ) -> Answer:
        world = self._world
        if key := await self._line.say(*what):
            return Answer(key=key)
        words, place = world.says()
        if words:
            await world.passes(len(words) / CHARACTERS_A_SECOND)
            world.did("says", words, question=place)
            return Answer(text=words, confidence=1.0)
        question = world.answers_question(asked=True)
        if key := await world.key(max_s):
            world.did("pressed", key, question=question)
        else:
            world.did("says", question=place)
        return Answer(key=key)


class ScriptedChat:
    """Finds the choice whose words stand in what was said last."""

    async def decide(
        self, said: Sequence[tuple[Literal["caller", "us"], str]], *, choices: Sequence[Choice], facts: str
    ) -> Wanted:
        last = next((text.casefold() for who, text in reversed(said) if who == "caller"), "")
        for choice in choices:
            if any(word.casefold() in last for word in (*choice.words, choice.target) if word):
                return Wanted(exit=choice.exit, target=choice.target, sure=True)
        return Wanted()


class RecordedOffice:
    """What the records of an office say of it: every extension is there and free, no switch is on."""

    def __init__(
        self,
        records: Mapping[str, Sequence[Any]],
        numbers: frozenset[str],
        time_zone: str,
        country: str = "US",
    ) -> None:
        self._schedules: dict[str, Schedule] = {each.id: each for each in records.get("schedule", ())}
        self._flags = {each.id for each in records.get("office_flag", ())}
        self._callers = CallerRules(
            lambda: records.get("caller_rule", ()), country=country, colleague=lambda _: False
        )
        self._people = {each.number: each.name for each in records.get("extension", ()) if each.enabled}
        self._numbers = numbers
        self._time_zone = time_zone

    def caller_list(self, number: str) -> Literal["allow", "block", "vip", ""]:
        return self._callers.verdict(number)

    def flag(self, id: str) -> bool:
        if id not in self._flags:
            raise NodeError(f"there is no switch {id}")
        return False

    def schedule(self, id: str) -> Schedule:
        if id not in self._schedules:
            raise NodeError(f"there is no schedule {id}")
        return self._schedules[id]

    def is_holiday(self, at: datetime, country: str, region: str = "") -> str:
        try:
            return public_holiday(at.date(), country, region)
        except LookupError as error:
            raise NodeError(str(error)) from error

    def people(self) -> Mapping[str, str]:
        return self._people

    def exists(self, number: str) -> bool:
        return number in self._numbers

    def state_of(self, number: str) -> Literal["free", "busy", "unreachable", ""]:
        return "free" if number in self._people else ""

    @property
    def time_zone(self) -> str:
        return self._time_zone


@cache
def _wording() -> Wording:
    return Wording()


def _sentence(phrase: Phrase, now: datetime) -> str:
    """In English, whatever the caller would hear; the name of a phrase that nobody has written."""
    try:
        return _wording().sentence(phrase.name, ENGLISH, phrase.values, now).text
    except KeyError:
        return phrase.name


def _seconds(what: Say) -> float:
    if isinstance(what, Text):
        return max(1.0, len(what.text) / CHARACTERS_A_SECOND)
    return PROMPT_S
