"""Queues as the dial plan sees them: a caller joins, waits, and talks with an agent or goes to the overflow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from pbx.call.call import Call
from pbx.call.connect import join
from pbx.call.fork import Redirect
from pbx.call.leg import CallLeg
from pbx.core.clock import Clock
from pbx.core.errors import UserError
from pbx.feature.queue.agents import Agents, SavedAgents
from pbx.feature.queue.figures import DayFigures, Figures
from pbx.feature.queue.line import Entry, Line
from pbx.feature.queue.waiting import Announcement, Announcer, Waiting
from pbx.model.call_event import CallRouted
from pbx.model.party import DialTarget
from pbx.model.queue import Queue
from pbx.model.queue_event import QueueJoined, QueueLeft
from pbx.model.queue_status import AgentDuty, AgentStatus, QueueStatus
from pbx.store.state import StateStore

__all__ = ["Queues", "SavedCallBack"]

STATE_KEY = "queues"
SAVE_PAUSE_S = 0.2


class CallsBack(Protocol):
    """Makes the call for somebody who waits at home. Implemented by `pbx.feature.queue.call_back`."""

    def __call__(self, line: Line, entry: Entry) -> None: ...


class SavedCallBack(msgspec.Struct, kw_only=True):
    """A place in a line that somebody keeps at home."""

    queue: str
    number: str
    name: str
    priority: int
    since: float
    call_back_of: str
    extension: str | None = None
    tries: int = 0
    not_before: float = 0.0


class _Saved(msgspec.Struct, kw_only=True):
    agents: SavedAgents
    figures: dict[str, DayFigures] = {}
    call_backs: list[SavedCallBack] = []


class Queues:
    """`queues` are the office's. `phones` gives an extension's phones, none for one that takes no calls now; `busy`
    says who is in a call; `changed` is told the number of a queue about which something is different.
    """

    def __init__(
        self,
        queues: Callable[[], Sequence[Queue]],
        phones: Callable[[str], Sequence[DialTarget]],
        *,
        busy: Callable[[str], bool],
        redirect: Redirect,
        clock: Clock,
        announcer: Announcer,
        changed: Callable[[str], None] = lambda _queue: None,
    ) -> None:
        self.calls_back: CallsBack | None = None
        self.figures = Figures(clock)
        self.agents = Agents(
            clock, has_phone=lambda number: bool(phones(number)), busy=busy, changed=self._agent_changed
        )
        self._queues = queues
        self._phones = phones
        self._redirect = redirect
        self._clock = clock
        self._announcer = announcer
        self._changed = changed
        self._lines: dict[str, Line] = {}
        self._to_save = asyncio.Event()

    def clock_jumped(self, by_s: float) -> None:
        """The wall clock was set: everybody has waited, and been free, as long as before."""
        for line in self._lines.values():
            for entry in line.entries:
                entry.since += by_s
                entry.not_before += by_s if entry.not_before else 0.0
        free = self.agents.saved.free_since
        free.update({extension: since + by_s for extension, since in free.items()})

    # -- callers -------------------------------------------------------------------------------------------------------

    def find(self, number: str) -> Queue | None:
        return next((each for each in self._queues() if each.number == number), None)

    def line(self, number: str) -> Line:
        """The line of a queue; it lasts as long as the node."""
        if number not in self._lines:
            self._lines[number] = Line(
                lambda: self.find(number),
                self.agents,
                self._clock,
                call_back=self._call_back,
                changed=lambda: self._changed(number),
            )
        return self._lines[number]

    async def serve(self, call: Call, queue: Queue) -> str:
        """Wait, and talk. Returns why the caller is to go on to the overflow; empty when the call is over."""
        line = self.line(queue.number)
        place = _place_of(call, queue.number)
        if place is None:
            call.record(
                CallRouted(call=call.id, at=call.now(), kind="queue", to=queue.number, to_name=queue.name)
            )
            if refused := line.refuses(queue):
                self._left(call, queue, refused, 0.0)
                return refused
            await call.answer_caller(call.formats_for(call.offered_formats()))
        entry = self._entry(call, queue)
        outcome: CallLeg | str = "abandoned"
        if place is not None:
            entry.since, entry.priority = place.at.timestamp(), place.priority
        position = line.join(entry)
        if place is None:
            call.record(
                QueueJoined(
                    call=call.id,
                    at=call.now(),
                    queue=queue.number,
                    position=position,
                    priority=entry.priority,
                )
            )
        try:
            outcome = await self.waiting(call, line, entry).run(queue)
        finally:
            line.leave(entry)
            self.tell_left(call, queue, entry, outcome)
        if isinstance(outcome, CallLeg):
            await join(call, outcome)
            return ""
        if outcome != "call_back":
            return outcome
        self._stay_at_home(call, line, entry)
        await self._say_call_back(call)
        return ""

    def waiting(self, call: Call, line: Line, entry: Entry) -> Waiting:
        """What somebody in a line lives through."""
        queue = line.queue()
        number = queue.number if queue is not None else ""
        return Waiting(
            call,
            line,
            entry,
            phones=self._phones,
            redirect=self._redirect,
            announcer=self._announcer,
            average_s=lambda: self.figures.of(number).average_wait_s,
        )

    def tell_left(self, call: Call, queue: Queue, entry: Entry, outcome: CallLeg | str) -> None:
        """Write down that somebody waits no more, and count it."""
        waited_s = max(0.0, round(self._clock.now().timestamp() - entry.since, 3))
        if isinstance(outcome, CallLeg):
            self._left(call, queue, "answered", waited_s, agent=outcome.party.extension)
        else:
            self._left(call, queue, outcome, waited_s)

    def _left(
        self, call: Call, queue: Queue, reason: str, waited_s: float, *, agent: str | None = None
    ) -> None:
        event = QueueLeft(
            call=call.id, at=call.now(), queue=queue.number, reason=reason, waited_s=waited_s, agent=agent
        )
        call.record(event)
        if not call.tries_out:
            self.figures.take(event, service_level_s=queue.service_level_s)
        self.save_soon()
        self._changed(queue.number)

    def _entry(self, call: Call, queue: Queue) -> Entry:
        number = call.party.number
        vip = next((each.priority for each in queue.vips if each.number == number), 0)
        return Entry(
            number=number,
            name=call.party.name,
            priority=queue.priority + call.priority + vip,
            since=self._clock.now().timestamp(),
            call=call,
            extension=call.party.extension,
        )

    def wait_at_home(
        self, call: Call, queue: Queue, number: str, note: str, *, extension: str | None = None
    ) -> None:
        """Keep a place for somebody who is not on the line, because a call has asked for that; agents see the note.

        `extension` is whose number it is, where it is one of the office.
        """
        entry = self._entry(call, queue)
        entry.number, entry.extension = number, extension
        entry.name = " · ".join(each for each in (entry.name, note) if each)
        self._stay_at_home(call, self.line(queue.number), entry)

    def _stay_at_home(self, call: Call, line: Line, entry: Entry) -> None:
        """The same place, without a call."""
        entry.call, entry.leave, entry.call_back_of = None, "", call.id
        line.join(entry)
        self.save_soon()

    async def _say_call_back(self, call: Call) -> None:
        sound = await self._announcer(Announcement("call_back"))
        if sound is not None:
            call.play(sound.prompt)
            await asyncio.sleep(sound.seconds)

    def _call_back(self, line: Line, entry: Entry) -> None:
        if self.calls_back is None:
            line.release(entry)
        else:
            self.calls_back(line, entry)

    # -- what changes --------------------------------------------------------------------------------------------------

    def look_again(self) -> None:
        """Phones, calls or records are different: agents may be free by that. Costs nothing while nobody waits."""
        for line in self._lines.values():
            if line.entries:
                line.wake(within_s=0.1)

    def records_changed(self) -> None:
        for line in self._lines.values():
            line.wake()

    def _agent_changed(self, extension: str) -> None:
        self.save_soon()
        for queue in self._queues():
            agent = next((each for each in queue.agents if each.extension == extension), None)
            if agent is not None:
                line = self.line(queue.number)
                if not self.agents.on_duty(queue.number, agent) or self.agents.paused(queue.number, agent):
                    line.off_duty(extension)
                line.wake()

    def save_soon(self) -> None:
        """Something that is to survive a restart is different."""
        self._to_save.set()

    # -- agents and figures --------------------------------------------------------------------------------------------

    def of_agent(self, extension: str, number: str = "") -> list[Queue]:
        """The queues that an extension is an agent of: all, or the one of this number."""
        return [
            queue
            for queue in self._queues()
            if number in ("", queue.number) and any(each.extension == extension for each in queue.agents)
        ]

    def set_duty(self, number: str, extension: str, duty: AgentDuty) -> AgentStatus:
        """Raises `UserError` 404 when the extension is no agent there."""
        queue = next(iter(self.of_agent(extension, number)), None)
        if queue is None:
            raise UserError(f"extension {extension} is no agent of a queue {number}", http_status=404)
        agent = next(each for each in queue.agents if each.extension == extension)
        if self.agents.on_duty(number, agent) != duty.logged_in:
            self.agents.log_in(number, extension, on=duty.logged_in)
        if self.agents.paused(number, agent) != duty.paused:
            self.agents.pause(number, extension, on=duty.paused, reason="asked")
        return self.agents.status(queue, agent)

    def statuses(self) -> list[QueueStatus]:
        """How every queue is doing."""
        return [self._status(each) for each in self._queues()]

    def _status(self, queue: Queue) -> QueueStatus:
        line, day = self.line(queue.number), self.figures.of(queue.number)
        callers = line.callers()
        here = [each for each in callers if not each.call_back]
        return QueueStatus(
            queue=queue.number,
            name=queue.name,
            waiting=len(here),
            call_backs=len(callers) - len(here),
            longest_wait_s=max((each.waited_s for each in here), default=0.0),
            answered=day.answered,
            abandoned=day.abandoned,
            overflowed=day.overflowed,
            answered_in_time=day.in_time,
            service_level=day.service_level,
            average_wait_s=day.average_wait_s,
            callers=callers,
            agents=tuple(self.agents.status(queue, each) for each in queue.agents),
        )

    # -- across restarts -----------------------------------------------------------------------------------------------

    async def load(self, state: StateStore) -> None:
        """Take back what was known before the restart. Once, before the first call."""
        saved = await state.get(STATE_KEY, _Saved)
        if saved is not None:
            self.agents.saved, self.figures.saved = saved.agents, saved.figures
            self._take_back(saved.call_backs)

    async def remember(self, state: StateStore) -> None:
        """Store every change. Runs until it is cancelled."""
        while True:
            await self._to_save.wait()
            self._to_save.clear()
            await state.keep(STATE_KEY, self._to_remember)
            await asyncio.sleep(SAVE_PAUSE_S)

    def _take_back(self, saved: Iterable[SavedCallBack]) -> None:
        for each in saved:
            fields = {name: getattr(each, name) for name in each.__struct_fields__ if name != "queue"}
            self.line(each.queue).join(Entry(**fields))

    def _to_remember(self) -> _Saved:
        call_backs = [
            SavedCallBack(
                queue=number,
                number=each.number,
                name=each.name,
                priority=each.priority,
                since=each.since,
                call_back_of=each.call_back_of,
                extension=each.extension,
                tries=each.tries,
                not_before=each.not_before,
            )
            for number, line in self._lines.items()
            for each in line.entries
            if each.call_back_of is not None
        ]
        return _Saved(agents=self.agents.saved, figures=self.figures.saved, call_backs=call_backs)


def _place_of(call: Call, number: str) -> QueueJoined | None:
    """The place that a call has had in the line since before a restart."""
    for event in reversed(call.events):
        if isinstance(event, QueueLeft):
            return None
        if isinstance(event, QueueJoined):
            return event if event.queue == number and event.call_back_of is None else None
    return None
