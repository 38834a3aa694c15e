"""The agents of all queues: who is on duty, and who is rung or talks now.

An agent has one seat, in whatever queue: whoever is rung for one caller, talks, or still writes something down, is
rung for no other. Duty and fairness survive a restart, seats do not: neither do calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from pbx.core.clock import Clock
from pbx.feature.queue.strategy import Candidate
from pbx.model.queue import Queue, QueueAgent
from pbx.model.queue_status import AgentState, AgentStatus

__all__ = ["Agents", "Duty", "SavedAgents"]


class Duty(msgspec.Struct, kw_only=True):
    """An agent in one queue. `calls` are those of `day`."""

    logged_in: bool = False
    paused: bool = False
    pause_reason: str = ""
    missed: int = 0
    calls: int = 0
    day: str = ""
    last_call_at: float = 0.0


class SavedAgents(msgspec.Struct, kw_only=True):
    """What survives a restart. `duties` by "queue/extension"; `last` is who rang last in each queue."""

    duties: dict[str, Duty] = {}
    free_since: dict[str, float] = {}
    last: dict[str, str] = {}


class _Seat(msgspec.Struct):
    state: Literal["ringing", "talking", "wrap_up", "missed"]
    queue: str
    timer: asyncio.TimerHandle | None = None


class Agents:
    """`has_phone` and `busy` are asked about an extension; `changed` is told of whom something is different."""

    def __init__(
        self,
        clock: Clock,
        *,
        has_phone: Callable[[str], bool],
        busy: Callable[[str], bool],
        changed: Callable[[str], None],
    ) -> None:
        self.saved = SavedAgents()
        self.duty_changed: Callable[[], None] = lambda: None
        """Told when somebody logs in or out, or pauses."""
        self._clock = clock
        self._has_phone = has_phone
        self._busy = busy
        self._changed = changed
        self._seats: dict[str, _Seat] = {}

    # -- duty ----------------------------------------------------------------------------------------------------------

    def on_duty(self, queue: str, agent: QueueAgent) -> bool:
        return agent.always or self._duty(queue, agent.extension).logged_in

    def paused(self, queue: str, agent: QueueAgent) -> bool:
        return self._duty(queue, agent.extension).paused

    def log_in(self, queue: str, extension: str, *, on: bool) -> None:
        """Whoever logs in begins unpaused, and behind those who have been free for longer."""
        duty = self._own(queue, extension)
        if on and not duty.logged_in:
            self.saved.free_since[extension] = self._now()
        duty.logged_in = on
        duty.paused, duty.pause_reason, duty.missed = False, "", 0
        self._changed(extension)
        self.duty_changed()

    def pause(self, queue: str, extension: str, *, on: bool, reason: str = "") -> None:
        duty = self._own(queue, extension)
        duty.paused, duty.pause_reason, duty.missed = on, reason if on else "", 0
        self._changed(extension)
        self.duty_changed()

    # -- seats ---------------------------------------------------------------------------------------------------------

    def take(self, extension: str, queue: str) -> None:
        """Ring this agent for somebody. Raises `RuntimeError` when the seat is taken."""
        if extension in self._seats:
            raise RuntimeError(f"agent {extension} is {self._seats[extension].state} already")
        self._seats[extension] = _Seat("ringing", queue)
        self.saved.last[queue] = extension
        self._changed(extension)

    def free(self, extension: str) -> None:
        """The agent may be rung again."""
        seat = self._seats.pop(extension, None)
        if seat is not None and seat.timer is not None:
            seat.timer.cancel()
        self._changed(extension)

    def missed(self, extension: str, queue: Queue) -> bool:
        """The agent was rung in vain, and is left alone for a moment; whether that was once too often."""
        duty = self._own(queue.number, extension)
        duty.missed += 1
        too_often = bool(queue.auto_pause_after) and duty.missed >= queue.auto_pause_after
        if too_often:
            duty.paused, duty.pause_reason, duty.missed = True, "missed", 0
            self.duty_changed()
        self._rest(extension, "missed", queue.number, queue.retry_s)
        return too_often

    def talks(self, extension: str, queue: str) -> bool:
        """The agent has taken a caller of this queue; False when another queue's caller keeps the seat."""
        seat = self._seats.get(extension)
        if seat is not None and seat.state == "talking":
            return False
        if seat is not None and seat.timer is not None:
            seat.timer.cancel()
        self._seats[extension] = _Seat("talking", queue)
        duty = self._own(queue, extension)
        duty.missed = 0
        duty.calls += 1
        self._changed(extension)
        return True

    def done(self, extension: str, queue: str, wrap_up_s: float) -> None:
        """The call with the agent is over."""
        self._own(queue, extension).last_call_at = self.saved.free_since[extension] = self._now()
        self._rest(extension, "wrap_up", queue, wrap_up_s)

    def _rest(self, extension: str, state: Literal["wrap_up", "missed"], queue: str, for_s: float) -> None:
        if for_s <= 0:
            self.free(extension)
            return
        timer = asyncio.get_running_loop().call_later(for_s, self.free, extension)
        self._seats[extension] = _Seat(state, queue, timer)
        self._changed(extension)

    # -- how they are --------------------------------------------------------------------------------------------------

    def state(self, queue: Queue, agent: QueueAgent) -> AgentState:
        """The one word for an agent of this queue."""
        seat = self._seats.get(agent.extension)
        if seat is not None and seat.state in ("ringing", "talking"):
            return seat.state
        if not self.on_duty(queue.number, agent):
            return "logged_out"
        if self.paused(queue.number, agent):
            return "paused"
        return seat.state if seat is not None else self._without_seat(queue, agent.extension)

    def _without_seat(self, queue: Queue, extension: str) -> AgentState:
        there = self._has_phone(extension)
        if (queue.skip_busy or not there) and self._busy(extension):
            return "busy"  # also who takes no second call
        return "free" if there else "no_phone"

    def candidates(self, queue: Queue) -> list[Candidate]:
        """The agents that can be rung now."""
        found = []
        for place, agent in enumerate(queue.agents):
            if self.state(queue, agent) == "free":
                duty = self._duty(queue.number, agent.extension)
                found.append(
                    Candidate(
                        agent.extension,
                        place,
                        agent.penalty,
                        self.saved.free_since.get(agent.extension, 0.0),
                        duty.last_call_at,
                        duty.calls if duty.day == self._today() else 0,
                    )
                )
        return found

    def last_place(self, queue: Queue) -> int:
        """The place in the list of who rang last; -1 for nobody."""
        last = self.saved.last.get(queue.number)
        return next((n for n, each in enumerate(queue.agents) if each.extension == last), -1)

    def status(self, queue: Queue, agent: QueueAgent) -> AgentStatus:
        duty = self._duty(queue.number, agent.extension)
        return AgentStatus(
            extension=agent.extension,
            state=self.state(queue, agent),
            logged_in=self.on_duty(queue.number, agent),
            paused=duty.paused,
            pause_reason=duty.pause_reason,
            penalty=agent.penalty,
            calls=duty.calls if duty.day == self._today() else 0,
            last_call_at=datetime.fromtimestamp(duty.last_call_at, UTC) if duty.last_call_at else None,
        )

    def _duty(self, queue: str, extension: str) -> Duty:
        return self.saved.duties.get(f"{queue}/{extension}") or Duty()

    def _own(self, queue: str, extension: str) -> Duty:
        """The one to change, with the count of today."""
        duty = self.saved.duties.setdefault(f"{queue}/{extension}", Duty())
        if duty.day != self._today():
            duty.day, duty.calls = self._today(), 0
        return duty

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _today(self) -> str:
        return self._clock.now().astimezone().date().isoformat()
