"""Random office days: callers come, give up, ask to be called back; agents log in, pause, answer, refuse, transfer, go.

Whatever happens: nobody is lost or passed over, no agent is with two callers, and nothing is left (`check_history`
reads that from the events alone). In the end everybody who still waits gets an agent.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pbx.core.tasks import Supervisor
from pbx.model.leg_event import Ended, InfoDigit, LegCause, Referred, Refused
from pbx.model.queue import Queue, QueueAgent
from pbx.model.queue_event import QueueJoined, QueueLeft
from pbx.model.queue_status import AgentDuty
from tests.call.parts import ScriptedLeg
from tests.fakes.virtual_loop import run_virtual
from tests.feature.queue.parts import CallCentre, Caller, check_history, later

AGENTS = ("201", "202", "203")
STRATEGIES = ("all", "in_order", "round_robin", "random", "longest_idle", "least_recent", "fewest_calls")

agents = st.sampled_from(AGENTS)
steps = st.one_of(
    st.tuples(st.just("arrive"), st.sampled_from(("700", "701")), st.integers(0, 2)),
    st.tuples(st.just("hang_up"), st.integers(0, 9)),
    st.tuples(st.just("press"), st.integers(0, 9)),
    st.tuples(st.just("answer"), agents),
    st.tuples(st.just("refuse"), agents),
    st.tuples(st.just("end"), agents),
    st.tuples(st.just("transfer"), agents),
    st.tuples(st.just("duty"), st.sampled_from(("700", "701")), agents, st.booleans(), st.booleans()),
    st.tuples(st.just("phone"), agents, st.booleans()),
    st.tuples(st.just("outside"), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from((0.0, 1.0, 7.0, 30.0, 130.0))),
)


def records(strategy: Any) -> tuple[Queue, Queue]:
    common: dict[str, Any] = {
        "join_needs": "nobody",
        "call_back_key": "1",
        "max_wait_s": 0,
        "agent_timeout_s": 15,
        "wrap_up_s": 3,
        "auto_pause_after": 3,
        "call_back_tries": 3,
    }
    return (
        Queue(
            number="700",
            name="A",
            strategy=strategy,
            agents=tuple(QueueAgent(extension=each, penalty=place // 2) for place, each in enumerate(AGENTS)),
            **common,
        ),
        Queue(
            number="701",
            name="B",
            strategy=strategy,
            agents=tuple(QueueAgent(extension=each, always=each == "203") for each in AGENTS[1:]),
            **common,
        ),
    )


class Day:
    """Does the steps, as far as they are possible."""

    def __init__(self, centre: CallCentre) -> None:
        self.centre = centre
        self.callers: list[Caller] = []

    async def do(self, step: tuple[Any, ...]) -> None:
        verb, *arguments = step
        await getattr(self, verb)(*arguments)
        await later()

    async def arrive(self, queue: str, priority: int) -> None:
        number = f"+49{len(self.callers)}"
        self.callers.append(self.centre.arrives(number, queue, priority=priority))

    async def hang_up(self, index: int) -> None:
        if self.callers:
            caller = self.callers[index % len(self.callers)]
            if not caller.gone:
                caller.hang_up()

    async def press(self, index: int) -> None:
        if self.callers:
            caller = self.callers[index % len(self.callers)]
            if not caller.gone and not caller.call.talking:
                caller.leg.tell(InfoDigit("1"))

    async def answer(self, agent: str) -> None:
        for leg in self.centre.ringing(agent):
            self.centre.answer(leg)

    async def refuse(self, agent: str) -> None:
        for leg in self.centre.ringing(agent):
            leg.tell(Refused(486, "Busy"))

    async def end(self, agent: str) -> None:
        for leg in self.centre.talking(agent):
            leg.tell(Ended(LegCause.NORMAL))

    async def transfer(self, agent: str) -> None:
        for leg in self.centre.talking(agent):
            leg.tell(Referred("300"))
            await later()
            for other in self.centre.ringing("300"):
                self.centre.answer(other)

    async def duty(self, queue: str, agent: str, logged_in: bool, paused: bool) -> None:
        if self.centre.queues.of_agent(agent, queue):
            self.centre.queues.set_duty(queue, agent, AgentDuty(logged_in=logged_in, paused=paused))

    async def phone(self, agent: str, there: bool) -> None:
        if there:
            self.centre.without_phone.discard(agent)
        else:
            self.centre.without_phone.add(agent)
        self.centre.queues.look_again()

    async def outside(self, answers: bool) -> None:
        for uri in {uri for uri, _ in self.centre.rung if uri.startswith("out:")}:
            for leg in self.centre.ringing(uri):
                if answers:
                    self.centre.answer(leg)
                else:
                    leg.tell(Refused(486, "Busy"))

    async def wait(self, seconds: float) -> None:
        await later(seconds)

    async def finish(self) -> None:
        """All agents come, take whoever waits, and hang up; until nobody is left."""
        centre = self.centre
        centre.without_phone.clear()
        for _ in range(200):
            for queue in ("700", "701"):
                for agent in AGENTS:
                    await self.duty(queue, agent, True, False)
            await later(1)
            for agent in AGENTS:
                await self.answer(agent)
            await later()
            await self.outside(True)
            await later(1)
            for agent in AGENTS:
                await self.end(agent)
            for uri in {uri for uri, _ in centre.rung if uri.startswith(("300", "out:"))}:
                for leg in centre.talking(uri):
                    leg.tell(Ended(LegCause.NORMAL))
            centre.queues.look_again()
            await later(9)
            if not len(centre.switch) and not any(
                centre.queues.line(each).entries for each in ("700", "701")
            ):
                return


async def a_day(strategy: str, script: list[tuple[Any, ...]]) -> None:
    async with Supervisor() as supervisor:
        centre = CallCentre(*records(strategy), supervisor=supervisor)
        day = Day(centre)
        for step in script:
            await day.do(step)
            for agent in AGENTS:
                assert len(centre.ringing(agent)) + len(centre.talking(agent)) <= 1, f"{agent} is rung twice"
        check_history(centre.log.events, over=False)
        gave_up = sum(each.gone for each in day.callers)
        await day.finish()
        centre.assert_clean()
        joined = [each for each in centre.events(QueueJoined) if each.call_back_of is None]
        assert len(joined) == len(day.callers)
        ended = {each.call for each in centre.events(QueueLeft)}
        assert {each.call for each in joined} <= ended
        assert gave_up <= len(day.callers)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_day_in_a_call_centre(strategy: str) -> None:
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(steps, min_size=5, max_size=40))
    def day(script: list[tuple[Any, ...]]) -> None:
        run_virtual(partial(a_day, strategy, script))

    day()


@pytest.mark.parametrize("steps_before", range(40))
@pytest.mark.parametrize("who", ["caller", "agent"])
def test_a_hang_up_at_any_moment_leaks_nothing(steps_before: int, who: str) -> None:
    async def whole() -> None:
        async with Supervisor() as supervisor:
            centre = CallCentre(*records("all"), supervisor=supervisor)
            for agent in AGENTS:
                centre.queues.set_duty("700", agent, AgentDuty(logged_in=True))
            day = Day(centre)

            def at_once(uri: str, leg: ScriptedLeg) -> None:
                centre.rung.append((uri, leg))
                centre.answer(leg)

            centre.signaling.on_dial = at_once
            await day.arrive("700", 0)
            for _ in range(steps_before):
                await asyncio.sleep(0)
            if who == "caller":
                day.callers[0].hang_up()
            else:
                for _, leg in centre.rung:
                    leg.tell(Ended(LegCause.NORMAL))
            await later(1)
            if not day.callers[0].gone:
                day.callers[0].hang_up()
            await later(1)
            centre.assert_clean()

    run_virtual(whole)
