"""What a caller lives through in a line: music, announcements, agents that ring, a key that asks for a call back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import msgspec
from msgspec.structs import replace

from pbx.call.call import Call
from pbx.call.fork import Fork, Lost, Redirect
from pbx.call.fork_rules import ForkRules
from pbx.call.leg import CallLeg
from pbx.call.scope import Stoppable
from pbx.call.silence import SilenceWatch
from pbx.call.talk import Sound
from pbx.core.tasks import cancelled
from pbx.feature.queue.line import Entry, Line
from pbx.model.leg_event import LegCause
from pbx.model.party import DialTarget, Party
from pbx.model.queue import Queue
from pbx.model.queue_event import AgentMissed, QueueRang

__all__ = ["Announcement", "Announcer", "Waiting"]

log = logging.getLogger(__name__)


class Announcement(msgspec.Struct, frozen=True):
    """What is to be said in a line: "position" with its number and how long others waited, or "call_back".

    `key` is the one that asks for a call back, if there is any.
    """

    name: str
    position: int = 0
    wait_s: float | None = None
    key: str | None = None


class Announcer(Protocol):
    """Gives the sound of an announcement; None says nothing."""

    async def __call__(self, announcement: Announcement) -> Sound | None: ...


class _Unheard(ForkRules):
    """Who waits hears music, not that phones ring; an agent who declines does so for no other."""

    tells_ringing = False

    def declines_for_all(self, _target: DialTarget) -> bool:
        return False


class Waiting:
    """One caller in one line. `phones` gives an agent's phones; `average_s` is how long others waited."""

    def __init__(
        self,
        call: Call,
        line: Line,
        entry: Entry,
        *,
        phones: Callable[[str], Sequence[DialTarget]],
        redirect: Redirect,
        announcer: Announcer,
        average_s: Callable[[], float | None],
    ) -> None:
        self._call = call
        self._line = line
        self._entry = entry
        self._phones = phones
        self._redirect = redirect
        self._announcer = announcer
        self._average_s = average_s
        self._ringing = Stoppable()

    async def run(self, queue: Queue) -> CallLeg | str:
        """The agent's leg, or why the caller leaves."""
        call = self._call
        deadline = asyncio.get_running_loop().time() + queue.max_wait_s if queue.max_wait_s else None
        announcing = call.scope.spawn(self._announce(queue.announce_every_s))
        served = call.a
        served.pressed = self._pressed
        try:
            with SilenceWatch(call, served):
                call.play(call.ports.hold_tone(), loop=True)
                return await self._until_agent(deadline)
        finally:
            served.pressed = None
            await cancelled(announcing)

    async def _until_agent(self, deadline: float | None) -> CallLeg | str:
        entry = self._entry
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    reason = await entry.next_offer()
            except TimeoutError:
                return "timeout"
            queue = self._line.queue()
            if reason or queue is None:
                return reason or "empty"
            leg: CallLeg | None = None
            with Stoppable() as self._ringing:
                leg = await self.ring(queue, deadline)
            if leg is not None:
                return leg
            if entry.leave:
                return entry.leave

    async def ring(self, queue: Queue, deadline: float | None = None) -> CallLeg | None:
        """Ring the agents that were found; None when none of them took the call."""
        call, entry, agents = self._call, self._entry, self._line.agents
        rung = entry.seated
        call.record(QueueRang(call=call.id, at=call.now(), queue=queue.number, agents=rung))
        ring_s = float(queue.agent_timeout_s)
        if deadline is not None:
            ring_s = max(0.0, min(ring_s, deadline - asyncio.get_running_loop().time()))
        cut_short = ring_s < queue.agent_timeout_s
        targets = [phone for agent in rung for phone in self._shown(queue, agent)]
        fork = Fork(call, ring_timeout_s=ring_s, redirect=self._redirect, rules=_Unheard())
        gone: set[str] = set()

        def withdraw(agent: str) -> None:
            gone.add(agent)
            fork.withdraw(agent)

        entry.withdraw = withdraw
        try:
            outcome = await fork.ring(targets)
        finally:
            entry.withdraw = None
        entry.seated = ()
        if not isinstance(outcome, Lost):
            self._seat(queue, outcome, rung)
            return outcome
        for each in rung:
            if each in gone or (cut_short and outcome.cause is LegCause.NO_ANSWER):
                agents.free(each)
                continue
            paused = agents.missed(each, queue)
            call.record(
                AgentMissed(call=call.id, at=call.now(), queue=queue.number, agent=each, paused=paused)
            )
        return None

    def _seat(self, queue: Queue, leg: CallLeg, rung: Sequence[str]) -> None:
        """Who answered talks until that leg closes, wherever it is by then; the others are free."""
        agents, answered = self._line.agents, leg.party.extension
        for each in rung:
            if each != answered:
                agents.free(each)
        if answered is None or all(each.extension != answered for each in queue.agents):
            return  # somebody has picked it up who is no agent
        if agents.talks(answered, queue.number):
            leg.on_close(partial(agents.done, answered, queue.number, queue.wrap_up_s))

    def _shown(self, queue: Queue, agent: str) -> list[DialTarget]:
        caller = self._call.shown
        if queue.name_prefix:
            caller = Party(
                caller.number, f"{queue.name_prefix}{caller.name or caller.number}", caller.extension
            )
        return [replace(each, caller=caller) for each in self._phones(agent)]

    def _pressed(self, digit: str) -> None:
        queue = self._line.queue()
        if queue is not None and digit == queue.call_back_key and self._entry.number:
            self._entry.leave = "call_back"
            self._entry.tell()
            self._ringing.stop()

    async def _announce(self, every_s: float) -> None:
        """Tell the place in the line now and then, between two pieces of music."""
        call = self._call
        while every_s:
            await asyncio.sleep(every_s)
            queue = self._line.queue()
            key = queue.call_back_key if queue is not None and self._entry.number else None
            sound = await self._announcer(
                Announcement("position", self._line.position(self._entry), self._average_s(), key)
            )
            if sound is not None:
                call.play(sound.prompt)
                await asyncio.sleep(sound.seconds)
                call.play(call.ports.hold_tone(), loop=True)
