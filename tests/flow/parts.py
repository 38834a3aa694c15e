"""A caller who does what a test says, and an office that remembers what nodes asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from pbx.flow.context import Context
from pbx.flow.graph import exits_of
from pbx.flow.node import Node, NodeError
from pbx.flow.ports import CallOver, Phrase, Ports, Prompt, Reached, Say, WebAnswer, WebRequest
from pbx.flow.template import Value
from pbx.model.schedule import Schedule

__all__ = ["Caller", "World", "run"]


def words(what: Say) -> str:
    """What a test writes for something that is said."""
    if isinstance(what, Prompt):
        return f"prompt:{what.id}"
    return f"phrase:{what.name}" if isinstance(what, Phrase) else what.text


@dataclass
class Caller:
    """`keys`: what is pressed at each question, one text a question; "" is nothing."""

    keys: list[str] = field(default_factory=list)
    now: datetime = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    heard: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    shown: dict[str, str | None] = field(default_factory=dict)
    ended: tuple[int, str] | None = None
    recording: list[str] = field(default_factory=list)
    _ahead: str = ""

    async def say(self, *what: Say, barge_in: bool = True) -> str:
        self.heard += map(words, what)
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
        self.heard += map(words, what)
        if what or most > 1:  # a new question; else the next key of an answer
            self._ahead = self.keys.pop(0) if self.keys else ""
        taken = ""
        while len(taken) < most:
            key, self._ahead = self._ahead[:1], self._ahead[1:]
            if not key:
                self.waits.append(between_s if taken else first_s)
            if not key or key in end:
                break
            taken += key
        return taken

    async def wait(self, seconds: float, *, music: bool = False) -> str:
        pressed = self.keys.pop(0) if self.keys else ""
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds / 2 if pressed else seconds)
        return pressed

    def show(self, *, number: str | None = None, name: str | None = None) -> None:
        self.shown = {"number": number, "name": name}

    async def record(self, do: Literal["on", "off", "pause", "resume"]) -> None:
        self.recording.append(do)

    async def hang_up(self, status: int = 0, *, tone: Literal["", "busy", "congestion"] = "") -> None:
        self.ended = (status, tone)
        raise CallOver


@dataclass
class World:
    """Everything else that nodes reach. `reached` is what becomes of whoever is given somewhere."""

    caller: Caller = field(default_factory=Caller)
    reached: Reached = "talked"
    asked: list[tuple[object, ...]] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    rules: dict[str, Literal["allow", "block", "vip", ""]] = field(default_factory=dict)
    holidays: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=lambda: {"101": "Alice", "102": "Bob"})
    zone: str = "UTC"
    schedules: dict[str, Schedule] = field(default_factory=dict)
    answer: WebAnswer | None = None
    requests: list[WebRequest] = field(default_factory=list)

    def context(self, **values: Value) -> Context:
        known = {name.replace("__", "."): value for name, value in values.items()}
        ports = Ports(line=self.caller, reach=self, office=self, web=self, messages=_Messages(self))
        return Context(ports, known)

    # -- reach

    def _reach(self, *what: object) -> Reached:
        self.asked.append(what)
        return self.reached

    async def extension(self, number: str, *, ring_s: int | None, voicemail: bool) -> Reached:
        return self._reach("extension", number, ring_s, voicemail)

    async def ring_group(self, number: str) -> Reached:
        return self._reach("ring_group", number)

    async def queue(self, number: str, *, priority: int = 0) -> Reached:
        return self._reach("queue", number, priority)

    async def dial(
        self, destination: str, *, rights: str | None = None, ring_s: int | None = None
    ) -> Reached:
        return self._reach("dial", destination, rights, ring_s)

    async def transfer(self, destination: str, *, rights: str | None = None) -> Reached:
        return self._reach("transfer", destination, rights)

    async def voicemail(self, mailbox: str, *, greeting: bool = True) -> Reached:
        return self._reach("voicemail", mailbox, greeting)

    async def check_voicemail(self, mailbox: str | None) -> Reached:
        return self._reach("check_voicemail", mailbox)

    async def conference(self, number: str) -> Reached:
        return self._reach("conference", number)

    async def park(self, slot: str = "") -> Reached:
        return self._reach("park", slot)

    async def page(self, group: str) -> Reached:
        return self._reach("page", group)

    # -- office

    def caller_list(self, number: str) -> Literal["allow", "block", "vip", ""]:
        return self.rules.get(number, "")

    def flag(self, id: str) -> bool:
        return id in self.flags

    def schedule(self, id: str) -> Schedule:
        if id not in self.schedules:
            raise NodeError(f"there is no schedule {id}")
        return self.schedules[id]

    def is_holiday(self, at: datetime, country: str, region: str = "") -> str:
        return self.holidays.get(f"{at:%Y-%m-%d}", "")

    def people(self) -> Mapping[str, str]:
        return self.numbers

    def exists(self, number: str) -> bool:
        return number in self.numbers

    def state_of(self, number: str) -> Literal["free", "busy", "unreachable", ""]:
        return "free" if number in self.numbers else ""

    @property
    def time_zone(self) -> str:
        return self.zone

    # -- web

    async def request(self, request: WebRequest) -> WebAnswer:
        self.requests.append(request)
        if self.answer is None:
            raise NodeError("no answer")
        return self.answer


@dataclass
class _Messages:
    world: World

    async def mail(self, to: str, subject: str, text: str) -> None:
        self.world.asked.append(("mail", to, subject, text))

    async def text(self, to: str, text: str) -> None:
        self.world.asked.append(("text", to, text))

    async def call_back(self, number: str, destination: str, note: str) -> None:
        self.world.asked.append(("call_back", number, destination, note))


async def run(node: Node, world: World, context: Context | None = None) -> str:
    """Run one node; what it returns must be one of its exits."""
    found = await node.run(context or world.context())
    assert found in {"", *(each.name for each in exits_of(node))}
    return found
