"""Queues on scripted legs and virtual time: one rule a test."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from unittest.mock import Mock

import pytest

from pbx.core.errors import UserError
from pbx.core.tasks import Supervisor
from pbx.feature.features import Features
from pbx.feature.queue.codes import QueueCodes
from pbx.feature.queue.duty import QueueDuty
from pbx.feature.queue.lamps import QueueLamps
from pbx.feature.queue.strategy import Candidate, choose
from pbx.model.call_event import CallEnded
from pbx.model.flow_event import FlowEntered
from pbx.model.leg_event import Ended, InfoDigit, LegCause, Referred, Refused
from pbx.model.queue import Queue, QueueAgent, VipCaller
from pbx.model.queue_event import AgentMissed, QueueJoined, QueueLeft, QueueRang
from pbx.model.queue_status import AgentDuty
from tests.fakes.virtual_loop import run_virtual
from tests.feature.queue.parts import CallCentre, later, queue

Story = Callable[[CallCentre], Coroutine[Any, Any, None]]


def story(*queues: Queue) -> Callable[[Story], Callable[[], None]]:
    """A test on virtual time, in a call centre with these queues, in which nothing may be left in the end."""

    def of(tell: Story) -> Callable[[], None]:
        def test() -> None:
            async def whole() -> None:
                async with Supervisor() as supervisor:
                    centre = CallCentre(*queues, supervisor=supervisor)
                    await tell(centre)
                    for call in list(centre.switch._calls.values()):
                        centre.switch.hang_up(call.id)
                    await later(1)
                    centre.assert_clean()

            run_virtual(whole)

        test.__name__ = tell.__name__
        test.__doc__ = tell.__doc__
        return test

    return of


@story(queue("201"))
async def test_a_caller_hears_music_and_talks_with_the_agent(centre: CallCentre) -> None:
    caller = centre.arrives()
    await later(3)
    assert caller.leg.answers, "who waits in a line is answered"
    assert centre.media.playing == {f"{caller.call.id}/a": "hold"}, "and hears music while agents ring"
    assert centre.state("201") == "ringing"
    agent = await centre.picks_up("201")
    assert centre.state("201") == "talking"
    assert centre.media.links
    assert centre.media.playing == {}
    assert [each.agents for each in centre.events(QueueRang)] == [("201",)]
    (left,) = centre.events(QueueLeft)
    assert (left.reason, left.agent, left.waited_s) == ("answered", "201", 3.0)
    agent.tell(Ended(LegCause.NORMAL))
    await later()
    assert centre.state("201") == "free"


@story(queue("201", vips=(VipCaller(number="+499", priority=10),)))
async def test_the_line_is_in_order_of_priority_then_of_time(centre: CallCentre) -> None:
    first = centre.arrives("+490")
    await later(1)
    callers = [centre.arrives(each) for each in ("+491", "+492", "+499")]
    urgent = centre.arrives("+493", priority=5)
    await later(1)
    (status,) = centre.queues.statuses()
    assert [each.number for each in status.callers] == ["+499", "+493", "+490", "+491", "+492"]
    assert status.callers[2].ringing == ("201",), "who rings already is not passed over"
    served = []
    for _ in range(5):
        agent = await centre.picks_up("201")
        served.append(centre.events(QueueLeft)[-1].call)
        agent.tell(Ended(LegCause.NORMAL))
        await later()
    wanted = [first, callers[2], urgent, callers[0], callers[1]]
    assert served == [each.call.id for each in wanted]


@story(queue("201", "202"))
async def test_two_callers_ring_two_agents_and_a_third_waits(centre: CallCentre) -> None:
    for number in ("+491", "+492", "+493"):
        centre.arrives(number)
    await later()
    assert [each.agents for each in centre.events(QueueRang)] == [("201",), ("202",)]
    await centre.picks_up("202")
    assert len(centre.ringing("202")) == 0
    (status,) = centre.queues.statuses()
    assert (status.waiting, status.answered) == (2, 1)


@story(queue("201", "202", "203", strategy="all"))
async def test_all_ring_and_those_who_were_not_needed_ring_for_the_next(centre: CallCentre) -> None:
    centre.arrives()
    centre.arrives()
    await later()
    assert [each.agents for each in centre.events(QueueRang)] == [("201", "202", "203")]
    await centre.picks_up("202")
    assert [each.agents for each in centre.events(QueueRang)][1:] == [("201", "203")]
    assert not centre.events(AgentMissed)


@story(
    queue("201", number="700", name="A"),
    queue("201", number="701", name="B"),
)
async def test_an_agent_of_two_queues_is_rung_for_one_caller(centre: CallCentre) -> None:
    centre.arrives("+491", "700")
    centre.arrives("+492", "701")
    await later()
    assert len(centre.ringing("201")) == 1
    agent = await centre.picks_up("201")
    assert len(centre.ringing("201")) == 0
    agent.tell(Ended(LegCause.NORMAL))
    await later()
    assert len(centre.ringing("201")) == 1
    assert [each.queue for each in centre.events(QueueRang)] == ["700", "701"]


@story(queue("201", "202", agent_timeout_s=15, retry_s=30, auto_pause_after=2))
async def test_missed_rings_go_to_the_next_agent_and_pause_in_the_end(centre: CallCentre) -> None:
    centre.arrives()
    await later(15.1)
    assert [each.state for each in centre.queues.statuses()[0].agents] == ["missed", "ringing"]
    assert centre.ringing("202")
    centre.ringing("202")[0].tell(Refused(486, "Busy"))
    await later()
    assert not centre.ringing("202"), "left alone for a moment"
    await later(30)
    assert centre.ringing("201")
    await later(15.1)
    assert centre.state("201") == "paused"
    (status,) = centre.queues.statuses()
    assert (status.agents[0].pause_reason, status.agents[0].paused) == ("missed", True)
    assert [(each.agent, each.paused) for each in centre.events(AgentMissed)] == [
        ("201", False),
        ("202", False),
        ("201", True),
    ]


@story(queue("201", wrap_up_s=30))
async def test_after_a_call_the_agent_has_time(centre: CallCentre) -> None:
    centre.arrives()
    centre.arrives()
    await later()
    (await centre.picks_up("201")).tell(Ended(LegCause.NORMAL))
    await later(29)
    assert centre.state("201") == "wrap_up"
    assert not centre.ringing("201")
    await later(2)
    assert centre.ringing("201")


@story(queue("201", "202", strategy="in_order"))
async def test_a_transfer_frees_the_agent(centre: CallCentre) -> None:
    centre.arrives()
    await later()
    agent = await centre.picks_up("201")
    agent.tell(Referred("300"))
    await later()
    assert centre.state("201") == "talking", "until somebody has answered there"
    centre.answer(centre.ringing("300")[0])
    await later()
    agent.tell(Ended(LegCause.NORMAL))
    await later()
    assert centre.state("201") == "free"
    centre.arrives()
    await later()
    assert centre.ringing("201")


@story(queue("201", max_wait_s=60, agent_timeout_s=50, retry_s=0))
async def test_after_the_longest_wait_the_caller_goes_on(centre: CallCentre) -> None:
    caller = centre.arrives()
    await later(59)
    assert not caller.leg.ended
    await later(2)
    assert caller.gone
    assert centre.left() == ["timeout"]
    assert centre.queues.statuses()[0].overflowed == 1
    assert len(centre.events(AgentMissed)) == 1, "a ring that was cut short is not missed"


@story(queue("201", max_callers=1))
async def test_a_full_line_takes_nobody(centre: CallCentre) -> None:
    centre.arrives()
    await later()
    second = centre.arrives()
    await later()
    assert second.leg.rejected == [480], "not answered, so that the overflow may be anything"
    assert centre.left() == ["full"]


@story(Queue(number="700", name="Help", agents=(QueueAgent(extension="201"),)))
async def test_nobody_joins_an_empty_queue(centre: CallCentre) -> None:
    centre.arrives()
    await later()
    assert centre.left() == ["empty"]
    centre.queues.set_duty("700", "201", AgentDuty(logged_in=True))
    centre.arrives()
    await later()
    assert centre.ringing("201")


@story(
    Queue(
        number="700",
        name="Help",
        agents=(QueueAgent(extension="201"),),
        join_needs="nobody",
        stay_needs="not_paused",
    )
)
async def test_who_waits_is_sent_on_when_nobody_is_there_any_more(centre: CallCentre) -> None:
    centre.queues.set_duty("700", "201", AgentDuty(logged_in=True))
    centre.without_phone.add("201")
    caller = centre.arrives()
    await later()
    assert not caller.gone
    centre.queues.set_duty("700", "201", AgentDuty(logged_in=True, paused=True))
    await later()
    assert centre.left() == ["empty"]


@story(Queue(number="700", name="Help", agents=(QueueAgent(extension="201"),), join_needs="nobody"))
async def test_logging_in_brings_the_next_caller(centre: CallCentre) -> None:
    centre.arrives()
    await later()
    assert centre.state("201") == "logged_out"
    status = centre.queues.set_duty("700", "201", AgentDuty(logged_in=True))
    assert status.state == "free"
    await later()
    assert centre.ringing("201")
    with pytest.raises(UserError):
        centre.queues.set_duty("700", "999", AgentDuty(logged_in=True))


@story(queue("201"))
async def test_a_busy_agent_is_rung_when_the_other_call_is_over(centre: CallCentre) -> None:
    other = centre.arrives()
    await later()
    agent = await centre.picks_up("201")
    centre.queues.agents.free("201")  # as if that call were none of the queues
    assert centre.queues.statuses()[0].agents[0].state == "busy"
    centre.arrives()
    await later(5)
    assert not centre.ringing("201")
    agent.tell(Ended(LegCause.NORMAL))
    await later()
    centre.queues.look_again()
    await later(0.2)
    assert centre.ringing("201")
    other.hang_up()


@story(queue("201", announce_every_s=30))
async def test_the_place_is_announced_between_the_music(centre: CallCentre) -> None:
    centre.without_phone.add("201")
    centre.arrives()
    caller = centre.arrives()
    await later(30.5)
    assert [each.position for each in centre.said] == [1, 2]
    assert centre.media.playing[f"{caller.call.id}/a"] == "position"
    await later(1)
    assert centre.media.playing[f"{caller.call.id}/a"] == "hold"


@story(queue("201", service_level_s=10))
async def test_the_figures_of_the_day(centre: CallCentre) -> None:
    for wait_s in (5, 15):
        centre.without_phone.add("201")
        centre.arrives()
        await later(wait_s)
        centre.without_phone.clear()
        centre.queues.records_changed()
        await later()
        (await centre.picks_up("201")).tell(Ended(LegCause.NORMAL))
        await later()
    centre.without_phone.add("201")
    caller = centre.arrives()
    await later(3)
    caller.hang_up()
    await later()
    (status,) = centre.queues.statuses()
    assert (status.answered, status.abandoned, status.answered_in_time) == (2, 1, 1)
    assert (status.service_level, status.average_wait_s) == (0.3333, 10.0)
    assert status.agents[0].calls == 2


@story(queue("201"))
async def test_a_call_that_tries_a_flow_out_counts_in_no_figures(centre: CallCentre) -> None:
    centre.without_phone.add("201")
    caller = centre.arrives()
    call = caller.call
    call.record(FlowEntered(call=call.id, at=call.now(), flow="main", name="Main", revision=0, test="*45"))
    await later(3)
    caller.hang_up()
    await later()
    (status,) = centre.queues.statuses()
    assert (status.waiting, status.abandoned) == (0, 0)
    assert any(isinstance(each, QueueLeft) for each in call.events)


@story(queue("201", call_back_key="1"))
async def test_a_call_back_keeps_the_place(centre: CallCentre) -> None:
    first = centre.arrives("+490")
    await later()
    agent = await centre.picks_up("201")
    asker, last = centre.arrives("+491"), centre.arrives("+492")
    await later()
    asker.leg.tell(InfoDigit("1"))
    await later(2)
    assert asker.leg.ended == [LegCause.NORMAL], "it is said that it worked, then the call is over"
    (status,) = centre.queues.statuses()
    assert [(each.number, each.call_back) for each in status.callers] == [("+491", True), ("+492", False)]
    agent.tell(Ended(LegCause.NORMAL))
    await later()
    assert first.gone
    agent = await centre.picks_up("201")
    assert centre.media.playing[f"{centre.events(QueueJoined)[-1].call}/b1"] == "ringback"
    (outside,) = centre.ringing("out:+491")
    assert centre.channels == 1
    centre.answer(outside)
    await later()
    back = centre.events(QueueLeft)[-1]
    assert (back.reason, back.agent) == ("answered", "201")
    assert centre.media.links
    cdr = next(each for each in reversed(centre.log.cdrs) if each.id == back.call)
    assert (cdr.from_number, cdr.answered_by, cdr.answered_at is not None) == ("+491", "201", True)
    outside.tell(Ended(LegCause.NORMAL))
    await later()
    assert centre.channels == 0
    assert centre.ringing("201"), "the next one"
    last.hang_up()


@story(queue("201", call_back_key="1", call_back_tries=2))
async def test_a_call_back_that_reaches_nobody_is_tried_again_and_given_up(centre: CallCentre) -> None:
    asker = centre.arrives("+491")
    centre.without_phone.add("201")
    await later()
    asker.leg.tell(InfoDigit("1"))
    await later(2)
    centre.without_phone.clear()
    centre.queues.records_changed()
    for _ in range(2):
        await later()
        await centre.picks_up("201")
        centre.ringing("out:+491")[0].tell(Refused(486, "Busy"))
        await later()
        assert centre.state("201") == "free"
        assert not centre.ringing("201")
        await later(121)
    assert centre.left()[-1] == "not_reached"
    assert len(centre.switch) == 0
    assert [each.cause for each in centre.events(CallEnded)][1:] == ["no_answer", "no_answer"]


@story(queue("201", call_back_key="1"))
async def test_the_agent_hangs_up_while_the_caller_is_dialled(centre: CallCentre) -> None:
    asker = centre.arrives("+491")
    await later()
    first = centre.ringing("201")
    asker.leg.tell(InfoDigit("1"))
    await later(2)
    assert first[0].ended, "who asks for a call back lets the agents ring no longer"
    agent = await centre.picks_up("201")
    (outside,) = centre.ringing("out:+491")
    agent.tell(Ended(LegCause.NORMAL))
    await later()
    assert outside.ended == [LegCause.CANCELLED]
    assert centre.ringing("201"), "the place is kept"
    await centre.picks_up("201")
    centre.answer(centre.ringing("out:+491")[0])
    await later()
    assert centre.left() == ["call_back", "answered"]


def test_what_survives_a_restart() -> None:
    async def whole() -> None:
        async with Supervisor() as supervisor:
            record = Queue(
                number="700",
                name="Help",
                agents=(QueueAgent(extension="201"), QueueAgent(extension="202")),
                call_back_key="1",
                strategy="round_robin",
            )
            centre = CallCentre(record, supervisor=supervisor)
            centre.queues.set_duty("700", "201", AgentDuty(logged_in=True))
            centre.queues.set_duty("700", "202", AgentDuty(logged_in=True, paused=True))
            centre.without_phone.add("201")
            caller = centre.arrives("+491")
            await later()
            caller.leg.tell(InfoDigit("1"))
            await later(2)
            saved = centre.queues._to_remember()
            after = CallCentre(record, supervisor=supervisor)
            after.without_phone |= {"201"}
            after.queues.agents.saved = saved.agents
            after.queues._take_back(saved.call_backs)
            assert (after.state("201"), after.state("202")) == ("no_phone", "paused")
            (status,) = after.queues.statuses()
            assert [(each.number, each.call_back) for each in status.callers] == [("+491", True)]
            after.without_phone.clear()
            after.queues.records_changed()
            await later()
            await after.picks_up("201")
            after.answer(after.ringing("out:+491")[0])
            await later()
            assert after.left() == ["answered"]
            await after.switch.drain()

    run_virtual(whole)


@pytest.mark.parametrize(
    ("strategy", "wanted"),
    [
        ("in_order", ["b"]),
        ("round_robin", ["d"]),
        ("longest_idle", ["c"]),
        ("least_recent", ["d"]),
        ("fewest_calls", ["b"]),
        ("all", ["b", "c", "d"]),
    ],
)
def test_the_strategies(strategy: Any, wanted: list[str]) -> None:
    free = [
        Candidate("a", 0, penalty=5),
        Candidate("b", 1, free_since=30, last_call_at=30, calls=1),
        Candidate("c", 2, free_since=10, last_call_at=20, calls=2),
        Candidate("d", 3, free_since=20, last_call_at=10, calls=3),
    ]
    assert [each.extension for each in choose(strategy, free, last_place=2)] == wanted
    assert choose(strategy, []) == []


def test_at_random_is_anybody_of_the_lowest_penalty() -> None:
    free = [Candidate(each, place) for place, each in enumerate("abc")] + [Candidate("z", 9, penalty=1)]
    assert {choose("random", free)[0].extension for _ in range(100)} == {"a", "b", "c"}


def test_round_robin_begins_anew_after_the_last() -> None:
    free = [Candidate(each, place) for place, each in enumerate("abc")]
    assert [choose("round_robin", free, last_place=place)[0].extension for place in (-1, 0, 1, 2)] == [
        "a",
        "b",
        "c",
        "a",
    ]


def test_the_lamps_of_an_agent() -> None:
    async def whole() -> None:
        async with Supervisor() as supervisor:
            record = Queue(number="700", name="Help", agents=(QueueAgent(extension="201"),))
            centre = CallCentre(record, supervisor=supervisor)
            features = Features()
            codes = QueueCodes(centre.queues, Mock())
            for name, feature in codes.features():
                features.register(name, feature)
            told: list[int] = []
            centre.queues.agents.duty_changed = lambda: told.append(1)
            lamps = QueueLamps(features, QueueDuty(centre.queues))

            def shine(name: str) -> tuple[bool, bool]:
                lamp = lamps.lamp(name, "201")
                assert lamp is not None
                return lamp.on, lamp.blinks

            assert (shine("*45"), shine("*48700")) == ((False, False), (False, False))
            centre.queues.set_duty("700", "201", AgentDuty(logged_in=True))
            assert (shine("*45"), shine("*48700")) == ((True, False), (False, False))
            centre.queues.set_duty("700", "201", AgentDuty(logged_in=True, paused=True))
            assert (shine("*45"), shine("*48700")) == ((True, True), (True, False))
            assert len(told) == 2
            assert lamps.lamp("*45", "202") is None
            assert lamps.lamp("*45999", "201") is None
            assert lamps.lamp("*76", "201") is None

    run_virtual(whole)
