"""The line of one queue, and its dispatcher: gives free agents to those who wait, the most urgent first.

Nothing polls: whatever changes wakes the line, and a wake that is under way is not asked for twice. An agent that is
given to somebody is seated at once, so no two callers ever ring the same one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

import msgspec

from pbx.call.call import Call
from pbx.core.clock import Clock
from pbx.feature.queue.agents import Agents
from pbx.feature.queue.strategy import choose
from pbx.model.queue import Queue, Staffing
from pbx.model.queue_status import WaitingCaller

__all__ = ["Entry", "Line"]

_serial = count()


class Entry(msgspec.Struct, eq=False):
    """A place in the line. Without a `call` somebody waits at home, to be called back.

    `seated` are the agents that ring for it, or are about to. `not_before`: a call back that was in vain waits.
    """

    number: str
    name: str
    priority: int
    since: float
    call: Call | None = None
    extension: str | None = None
    call_back_of: str | None = None
    tries: int = 0
    not_before: float = 0.0
    seated: tuple[str, ...] = ()
    serial: int = msgspec.field(default_factory=lambda: next(_serial))
    leave: str = ""
    withdraw: Callable[[str], None] | None = None
    """While agents ring: lets one of them ring no more."""
    _waiter: asyncio.Future[None] | None = None

    @property
    def waits(self) -> bool:
        """Whether it would take an agent now."""
        return self._waiter is not None and not self._waiter.done()

    async def next_offer(self) -> str:
        """Wait for agents; empty when `seated` has some, else the reason to leave the line."""
        while not self.seated and not self.leave:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return "" if self.seated else self.leave

    def tell(self) -> None:
        """There is something new in `seated` or `leave`."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Line:
    """`queue` gives the record as it is now, None when it was deleted. `call_back` makes the call for a place without
    one; `changed` is told after everything.
    """

    def __init__(
        self,
        queue: Callable[[], Queue | None],
        agents: Agents,
        clock: Clock,
        *,
        call_back: Callable[[Line, Entry], None],
        changed: Callable[[], None],
    ) -> None:
        self.queue = queue
        self.agents = agents
        self.entries: list[Entry] = []
        self._clock = clock
        self._call_back = call_back
        self._changed = changed
        self._woken = False
        self._timer: asyncio.TimerHandle | None = None

    # -- the line ------------------------------------------------------------------------------------------------------

    def join(self, entry: Entry) -> int:
        """Take a place by priority and time; returns which."""
        self.entries.append(entry)
        self.entries.sort(key=lambda each: (-each.priority, each.since, each.serial))
        self.wake()
        return self.position(entry)

    def leave(self, entry: Entry) -> None:
        """Give the place up, and the agents that ring for it back."""
        if entry in self.entries:
            self.entries.remove(entry)
        self.release(entry)

    def off_duty(self, agent: str) -> None:
        """Who has just logged out, or pauses, rings no more."""
        for entry in self.entries:
            if agent in entry.seated and entry.withdraw is not None:
                entry.withdraw(agent)

    def release(self, entry: Entry) -> None:
        """Give the agents back that ring for this place."""
        seated, entry.seated = entry.seated, ()
        for each in seated:
            self.agents.free(each)
        self.wake()

    def position(self, entry: Entry) -> int:
        return self.entries.index(entry) + 1

    def waiting(self) -> int:
        """How many wait on the line."""
        return sum(each.call_back_of is None for each in self.entries)

    def refuses(self, queue: Queue) -> str:
        """Why nobody can join now; empty when anybody can."""
        if queue.max_callers and self.waiting() >= queue.max_callers:
            return "full"
        return "" if self.staffed(queue, queue.join_needs) else "empty"

    def staffed(self, queue: Queue, needs: Staffing) -> bool:
        if needs == "nobody":
            return True
        there = [each for each in queue.agents if self.agents.on_duty(queue.number, each)]
        return any(needs == "logged_in" or not self.agents.paused(queue.number, each) for each in there)

    def callers(self) -> tuple[WaitingCaller, ...]:
        """Everybody in the line, as others may see them."""
        now = self._clock.now()
        return tuple(
            WaitingCaller(
                call=each.call.id if each.call is not None else "",
                number=each.number,
                name=each.name,
                priority=each.priority,
                since=datetime.fromtimestamp(each.since, UTC),
                waited_s=round(max(0.0, now.timestamp() - each.since), 1),
                ringing=each.seated,
                call_back=each.call_back_of is not None,
            )
            for each in self.entries
        )

    # -- the dispatcher ------------------------------------------------------------------------------------------------

    def wake(self, *, within_s: float = 0.0) -> None:
        """Look soon at who waits and who is free; any number of wakes make one look."""
        loop = asyncio.get_running_loop()
        if within_s:
            if self._timer is None and not self._woken:
                self._timer = loop.call_later(within_s, self._look)
        elif not self._woken:
            self._woken = True
            loop.call_soon(self._look)

    def _look(self) -> None:
        self._woken = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        queue = self.queue()
        if queue is None:
            for entry in self.entries:
                entry.leave = "empty"
                entry.tell()
        else:
            self._give(queue)
            if not self.staffed(queue, queue.stay_needs):
                self._send_away()
        self._changed()

    def _give(self, queue: Queue) -> None:
        now = self._clock.now().timestamp()
        for entry in list(self.entries):
            at_home = entry.call is None
            if entry.seated or entry.leave or not (entry.waits or at_home):
                continue
            if entry.not_before > now:
                self.wake(within_s=entry.not_before - now)
                continue
            free = self.agents.candidates(queue)
            chosen = choose(queue.strategy, free, last_place=self.agents.last_place(queue))
            if not chosen:
                return
            for each in chosen:
                self.agents.take(each.extension, queue.number)
            entry.seated = tuple(each.extension for each in chosen)
            if at_home:
                self._call_back(self, entry)
            else:
                entry.tell()

    def _send_away(self) -> None:
        """Nobody is there any more: those on the line need not wait."""
        for entry in self.entries:
            if entry.call_back_of is None and not entry.seated:
                entry.leave = "empty"
                entry.tell()
