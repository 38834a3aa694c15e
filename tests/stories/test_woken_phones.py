"""Calls to a phone that sleeps: woken by a push, rung when it registers, and never rung for a call that is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from random import Random

import pytest
from msgspec.structs import replace

from pbx.call.fork import QUIET_S
from pbx.core.errors import PeerError
from pbx.core.tasks import Supervisor
from pbx.model.call_event import CallEvent, PhoneNotWoken, PhonePushed, PhoneWoke
from pbx.model.leg_event import Answered, Ended, LegEvent, LegFailed, Progress, Refused
from pbx.model.push_phone import PushNotice, PushPhone, PushResult
from pbx.transport.sip_leg import SipLeg
from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import CALM, STORM, Weather
from tests.stories.office import ALICE, LONGEST_S, OFFER, target
from tests.stories.wake_office import DEADLINE_S, WakeOffice, answers, rings

Story = Callable[[WakeOffice], Awaitable[None]]


def tell(story: Story, *, seed: int = 1, weather: Weather = CALM) -> None:
    """Run a story, and see that nothing is left of it."""

    async def run() -> None:
        async with Supervisor() as supervisor:
            office = WakeOffice(supervisor, seed=seed, weather=weather)
            await office.node.directory.reload()
            await story(office)
            await asyncio.sleep(60 + 2 * LONGEST_S)
            for phone in (office.alice, office.desk, office.app.phone):
                phone.assert_clean()
            office.node.assert_clean()
            assert not office.wake._waiting
            assert not office.app.ghosts, office.network.transcript()
            assert supervisor.failures == 0

    run_virtual(run)


class Caller:
    """Alice's leg, and what she was told."""

    def __init__(self, office: WakeOffice, dialled: str = "102") -> None:
        host = office.node.phone.host
        place = replace(target(host), uri=f"sip:{dialled}@{host}", to_uri=f"sip:{dialled}@{host}")
        self.leg = office.alice.agent.dial(place, offer=OFFER, caller=ALICE, call="c")
        self.events: list[LegEvent] = []
        self.rang_at = 0.0

    async def until_final(self) -> LegEvent:
        while True:
            event = await self.leg.receive()
            self.events.append(event)
            if isinstance(event, Progress) and event.status == 180 and not self.rang_at:
                self.rang_at = asyncio.get_running_loop().time()
            if isinstance(event, Answered | Refused | Ended):
                return event

    async def done(self) -> None:
        await self.leg.end()


def test_a_sleeping_phone_is_woken_and_takes_the_call() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        office.app.behave = answers
        caller = Caller(office)
        assert isinstance(await caller.until_final(), Answered)
        (registered_at,), (invited_at,) = office.app.registered_at, office.app.invited_at
        assert 0 <= invited_at - registered_at <= 0.1, "the REGISTER is the event, no timer"
        ((pushed_at, notice),) = office.pushes.sent
        assert (notice.kind, notice.caller, notice.caller_name) == ("incoming", "101", "Phone 101")
        assert pushed_at < caller.rang_at < registered_at, "the caller hears ringing while the phone wakes"
        (phone,) = office.phones.all()
        assert (phone.pushes, phone.woke, phone.score, phone.last_reason) == (1, 1, 1.0, "")
        assert phone.last_woke_ms is not None
        assert phone.last_woke_ms < 1500
        pushed, woke = told(office)
        assert isinstance(pushed, PhonePushed)
        assert (pushed.extension, pushed.service, pushed.push) == ("102", "fcm", notice.call_id)
        assert isinstance(woke, PhoneWoke)
        assert woke.after_ms == phone.last_woke_ms
        await caller.done()

    tell(story)


def told(office: WakeOffice) -> list[CallEvent]:
    """What the records of calls say of waking."""
    of_waking = (PhonePushed, PhoneWoke, PhoneNotWoken)
    return [each for each in office.node.log.events if isinstance(each, of_waking)]


@pytest.mark.parametrize(
    ("dialled", "way"), [("600", "a ring group"), ("700", "a queue"), ("104", "somebody's follow-me")]
)
def test_a_sleeping_phone_is_woken_whichever_way_a_call_comes(dialled: str, way: str) -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        office.app.behave = answers
        caller = Caller(office, dialled)
        while not office.app.invited_at:
            await asyncio.sleep(0.1)
            assert asyncio.get_running_loop().time() < 100, way
        assert isinstance(await caller.until_final(), Answered)
        assert 0 <= office.app.invited_at[0] - office.app.registered_at[0] <= 0.1
        await asyncio.sleep(3)
        assert office.node.switch.is_busy("102"), way
        assert office.pushes.kinds() == ["incoming"]
        await caller.done()

    tell(story)


def test_a_phone_that_does_not_wake_leaves_the_call_to_the_mailbox() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        office.app.wakes = False
        assert isinstance(await Caller(office).until_final(), Refused)
        assert office.node.to_mailbox == [("102", "unavailable")]

    tell(story)


def test_a_lost_push_ends_as_unreachable_and_is_remembered() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        office.pushes.weather = lambda _: ()
        began = asyncio.get_running_loop().time()
        caller = Caller(office)
        refused = await caller.until_final()
        assert isinstance(refused, Refused)
        assert refused.status == 480
        assert DEADLINE_S <= asyncio.get_running_loop().time() - began < DEADLINE_S + 1
        await asyncio.sleep(1)
        assert office.pushes.kinds() == ["incoming", "cancel"]
        assert office.pushes.cancels() == [("no_answer", "")]
        (phone,) = office.phones.all()
        assert (phone.woke, phone.score) == (0, 0.75)
        assert "did not register within 15 s" in phone.last_reason
        _, not_woken = told(office)
        assert isinstance(not_woken, PhoneNotWoken)
        assert not_woken.reason == phone.last_reason

    tell(story)


@pytest.mark.parametrize("late_s", [16.0, 30.0])
def test_a_phone_that_registers_too_late_is_not_rung(late_s: float) -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        office.app.wakes_s = late_s
        assert isinstance(await Caller(office).until_final(), Refused)
        await asyncio.sleep(60)
        assert office.app.registered_at
        assert not office.app.invited_at
        assert set(office.app.shown.values()) == {"over"}, "the cancel has ended what the app showed"

    tell(story)


def test_a_push_that_comes_twice_rings_once() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        office.pushes.weather = lambda _: (0.2, 0.4, 3.0)
        office.app.behave = partial(answers, after_s=5.0)
        caller = Caller(office)
        assert isinstance(await caller.until_final(), Answered)
        await asyncio.sleep(5)
        assert len(office.app.registered_at) == 3
        assert len(office.app.invited_at) == 1
        await caller.done()

    tell(story)


def test_another_phone_rings_meanwhile_and_its_answer_takes_the_push_back() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        await office.desk_registers()
        office.app.wakes_s = 6.0
        caller = Caller(office)
        desk = await office.desk.incoming.get()
        assert not office.app.registered_at
        await desk.progress(180)
        await asyncio.sleep(2)
        office.spawn(desk.answer(OFFER))
        assert isinstance(await caller.until_final(), Answered)
        await asyncio.sleep(10)
        assert office.pushes.kinds() == ["incoming", "cancel"]
        assert office.pushes.cancels() == [("elsewhere", "")], "another phone of the same extension"
        assert office.app.registered_at
        assert not office.app.invited_at
        (phone,) = office.phones.all()
        assert phone.pushes == 0, "nobody knows whether it would have woken"
        await caller.done()
        await desk.end()

    tell(story)


def test_who_answered_in_a_group_is_named_to_whom_the_push_is_taken_back() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        await office.desk_registers("103")
        office.app.wakes_s = 6.0
        caller = Caller(office, "600")
        desk = await office.desk.incoming.get()
        office.spawn(desk.answer(OFFER))
        assert isinstance(await caller.until_final(), Answered)
        await asyncio.sleep(10)
        assert office.pushes.cancels() == [("elsewhere", "Carla")]
        await caller.done()
        await desk.end()

    tell(story)


def test_who_declines_for_all_takes_the_push_back() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        await office.desk_registers()
        office.app.wakes_s = 6.0
        caller = Caller(office)
        desk = await office.desk.incoming.get()
        await desk.reject(603)
        assert isinstance(await caller.until_final(), Refused)
        await asyncio.sleep(10)
        assert office.pushes.cancels() == [("declined", "")]
        assert not office.app.invited_at

    tell(story)


def test_a_caller_who_gives_up_takes_the_push_back() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        office.app.wakes_s = 5.0
        caller = Caller(office)
        await asyncio.sleep(1)
        await caller.done()
        await asyncio.sleep(20)
        assert office.pushes.kinds() == ["incoming", "cancel"]
        assert office.pushes.cancels() == [("gave_up", "")]
        assert office.app.registered_at
        assert not office.app.invited_at
        (push_id,) = {notice.call_id for _, notice in office.pushes.sent}
        assert office.app.shown == {push_id: "over"}

    tell(story)


def test_a_phone_that_declines_by_its_push_ends_the_call_when_nobody_else_rings() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        office.app.wakes = False
        caller = Caller(office)
        await asyncio.sleep(1)
        ((_, notice),) = office.pushes.sent
        assert not office.wake.decline(notice.call_id, notice.decline + "x")
        assert not office.wake.decline("another", notice.decline)
        assert office.wake.decline(notice.call_id, notice.decline)
        began = asyncio.get_running_loop().time()
        refused = await caller.until_final()
        assert isinstance(refused, Refused)
        assert refused.status == 486
        assert asyncio.get_running_loop().time() - began < 1, "the caller waits for nothing more"
        assert office.node.to_mailbox == [("102", "user-busy")]
        await asyncio.sleep(20)
        assert office.pushes.kinds() == ["incoming"], "who declined needs no cancel"
        assert not office.wake.decline(notice.call_id, notice.decline), "once"
        (phone,) = office.phones.all()
        assert phone.pushes == 0, "nobody knows whether it would have woken"

    tell(story)


def test_a_decline_stops_one_phone_and_the_others_ring_on() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        await office.desk_registers()
        office.app.wakes_s = 5.0
        caller = Caller(office)
        desk = await office.desk.incoming.get()
        await desk.progress(180)
        await asyncio.sleep(1)
        ((_, notice),) = office.pushes.sent
        assert office.wake.decline(notice.call_id, notice.decline)
        await asyncio.sleep(8)
        assert office.app.registered_at
        assert not office.app.invited_at
        office.spawn(desk.answer(OFFER))
        assert isinstance(await caller.until_final(), Answered)
        assert office.pushes.kinds() == ["incoming"]
        await caller.done()
        await desk.end()

    tell(story)


def test_a_phone_that_only_seemed_awake_can_decline_too() -> None:
    async def story(office: WakeOffice) -> None:
        await office.app.register(port=5099)  # a way through its router that is gone by now
        office.app.wakes = False
        caller = Caller(office)
        await asyncio.sleep(QUIET_S + 1)
        ((_, notice),) = office.pushes.sent
        assert office.wake.decline(notice.call_id, notice.decline)
        refused = await caller.until_final()
        assert isinstance(refused, Refused)
        assert refused.status == 486
        await asyncio.sleep(1)
        assert office.pushes.kinds() == ["incoming"]

    tell(story)


def test_a_woken_phone_that_loses_to_another_is_told_by_sip() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        await office.desk_registers()
        office.app.behave = rings
        caller = Caller(office)
        desk = await office.desk.incoming.get()
        await desk.progress(180)
        await asyncio.sleep(4)
        assert len(office.app.invited_at) == 1
        office.spawn(desk.answer(OFFER))
        assert isinstance(await caller.until_final(), Answered)
        await asyncio.sleep(1)
        assert office.pushes.kinds() == ["incoming"], "CANCEL says it, no push needs to"
        await caller.done()
        await desk.end()

    tell(story)


def test_a_phone_that_is_awake_gets_no_push() -> None:
    async def story(office: WakeOffice) -> None:
        await office.app.register()
        office.app.behave = answers
        caller = Caller(office)
        assert isinstance(await caller.until_final(), Answered)
        assert not office.pushes.sent
        await caller.done()

    tell(story)


def test_a_phone_that_only_seems_awake_is_woken_and_rung_where_it_is_then() -> None:
    async def story(office: WakeOffice) -> None:
        await office.app.register(port=5099)  # a way through its router that is gone by now
        office.app.behave = answers
        began = asyncio.get_running_loop().time()
        caller = Caller(office)
        assert isinstance(await caller.until_final(), Answered)
        ((pushed_at, _),) = office.pushes.sent
        assert pushed_at - began == pytest.approx(QUIET_S, abs=0.1)
        assert len(office.app.invited_at) == 1
        assert office.app.invited_at[0] - office.app.registered_at[-1] <= 0.1
        await caller.done()

    tell(story)


def test_a_slow_phone_that_answers_after_all_is_not_rung_twice_nor_cancelled() -> None:
    async def story(office: WakeOffice) -> None:
        await office.app.register()
        office.network.unreachable.add((office.app.phone.host, 5060))
        office.app.wakes = False
        office.app.behave = answers
        caller = Caller(office)
        await asyncio.sleep(QUIET_S + 1)
        office.network.unreachable.clear()  # the INVITE's next repetition gets through
        assert isinstance(await caller.until_final(), Answered)
        await asyncio.sleep(1)
        assert office.pushes.kinds() == ["incoming"]
        assert len(office.app.invited_at) == 1
        await caller.done()

    tell(story)


def test_a_dead_token_is_tried_once() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        office.pushes.result = PushResult(state="gone", reason="Unregistered")
        began = asyncio.get_running_loop().time()
        assert isinstance(await Caller(office).until_final(), Refused)
        assert asyncio.get_running_loop().time() - began < 1, (
            "the caller does not wait for a phone that is gone"
        )
        await asyncio.sleep(1)
        (phone,) = office.phones.all()
        assert (phone.dead, phone.last_reason) == (True, "Unregistered")
        assert isinstance(await Caller(office).until_final(), Refused)
        assert office.pushes.kinds() == ["incoming"]
        await office.app.register()
        (phone,) = office.phones.all()
        assert not phone.dead

    tell(story)


def test_a_phone_that_sleeps_is_woken_to_call_somebody_for_its_owner() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        await office.desk_registers()
        office.app.behave = answers
        office.node.click_to_call.call("102", "103")
        await asyncio.sleep(6)
        assert office.pushes.kinds() == ["incoming"]
        assert office.pushes.sent[0][1].caller == "103"
        assert len(office.app.invited_at) == 1
        desk = office.desk.incoming.get_nowait()  # it rang too, and the app was first
        assert isinstance(await desk.receive(), Ended)
        assert [type(each) for each in told(office)] == [PhonePushed, PhoneWoke]

    tell(story)


def test_whom_a_click_does_not_wake_is_told_that_it_is_over() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        office.app.wakes_s = 20.0
        office.node.click_to_call.call("102", "103")
        await asyncio.sleep(40)
        assert office.pushes.kinds() == ["incoming", "cancel"]
        assert not office.app.invited_at
        assert office.app.shown == {office.pushes.sent[0][1].call_id: "over"}

    tell(story)


def test_an_app_without_an_instance_is_known_by_how_it_came() -> None:
    async def story(office: WakeOffice) -> None:
        office.app.instance = False
        office.app.pushable = False
        await office.fall_asleep()
        phone = PushPhone(
            id="grant", extension="102", service="fcm", told_by="app", seen_at=LoopClock().now()
        )
        await office.phones.put(phone, "token")
        office.app.behave = answers
        for _ in range(2):
            caller = Caller(office)
            assert isinstance(await caller.until_final(), Answered)
            await asyncio.sleep(1)
            await caller.done()
            await asyncio.sleep(5)
        assert office.pushes.kinds() == ["incoming"], "the second time it is awake"
        office.app.sleep()
        await asyncio.sleep(700)
        await office.node.real.sweep()
        caller = Caller(office)
        assert isinstance(await caller.until_final(), Answered)
        await caller.done()
        assert office.pushes.kinds() == ["incoming"] * 2

    tell(story)


def test_a_phone_can_be_woken_to_see_whether_it_comes() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        (phone,) = office.phones.all()
        tried = await office.phones.try_out(phone.id)
        assert tried.state == "woke"
        assert tried.after_ms is not None
        assert (await office.phones.try_out(phone.id)).state == "awake"
        await asyncio.sleep(1)
        assert set(office.app.shown.values()) == {"over"}, "it shows a call for a moment"
        office.app.sleep()
        await asyncio.sleep(700)
        await office.node.real.sweep()
        office.app.wakes = False
        tried = await office.phones.try_out(phone.id)
        assert (tried.state, tried.reason) == ("silent", "it did not register within 15 s")
        office.pushes.result = PushResult(state="gone", reason="Unregistered")
        assert not office.phones.in_trouble()
        tried = await office.phones.try_out(phone.id)
        assert (tried.state, tried.reason) == ("refused", "Unregistered")
        assert office.phones.in_trouble() == office.phones.all()

    tell(story)


def test_two_calls_at_once_each_have_their_push_and_their_invite() -> None:
    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        office.app.behave = rings
        callers = [Caller(office), Caller(office)]
        await asyncio.sleep(5)
        assert len(office.app.invited_at) == 2
        ids = {notice.call_id for _, notice in office.pushes.sent}
        assert len(ids) == 2
        for each in callers:
            await each.done()

    tell(story)


def test_the_same_call_may_ring_it_again() -> None:
    """Each time it is woken anew: a cancel of the first time is none of the second."""

    async def story(office: WakeOffice) -> None:
        await office.fall_asleep()
        office.pushes.weather = lambda _: ()
        for _ in range(2):
            assert isinstance(await Caller(office).until_final(), Refused)
        await asyncio.sleep(1)
        ids = [notice.call_id for _, notice in office.pushes.sent]
        assert office.pushes.kinds() == ["incoming", "cancel"] * 2
        assert ids[0] == ids[1] != ids[2] == ids[3]

    tell(story)


def test_a_phone_that_signs_out_is_woken_no_more() -> None:
    async def story(office: WakeOffice) -> None:
        await office.app.register()
        await office.app.register(expires=0)
        assert not office.phones.all()
        assert isinstance(await Caller(office).until_final(), Refused)
        assert not office.pushes.sent

    tell(story)


async def stormy(office: WakeOffice, random: Random) -> None:
    """Whatever the pushes, the phones and the network do."""
    await office.app.register()
    if random.random() < 0.7:
        office.app.sleep()
        await asyncio.sleep(random.choice((0, 700)))
        await office.node.real.sweep()
    if random.random() < 0.5:
        await office.desk_registers()
    office.app.wakes_s = random.choice((0.1, 0.5, 2.0, 14.8, 16.0))
    office.pushes.takes_s = random.choice((0.0, 0.05, 1.0, 4.0))

    def weather(notice: PushNotice) -> list[float]:
        return [random.uniform(0, 6) for _ in range(random.choice((0, 1, 1, 1, 2, 3)))]

    async def behave(leg: SipLeg) -> None:
        await asyncio.sleep(random.random() * 0.3)
        await leg.progress(180)
        await asyncio.sleep(random.random() * 8)
        if random.random() < 0.6:
            await leg.answer(OFFER)
        elif random.random() < 0.5:
            await leg.reject(486)

    async def desk() -> None:
        while True:
            leg = await office.desk.incoming.get()
            office.spawn(_at_desk(leg, random.random() * 20, behave))

    office.pushes.weather = weather
    office.app.behave = behave
    at_desk = asyncio.get_running_loop().create_task(desk())
    caller = Caller(office)
    try:
        async with asyncio.timeout(random.choice((1.0, 3.0, 10.0, 40.0))):
            await caller.until_final()
            await asyncio.sleep(3)
    except TimeoutError:
        pass
    await caller.done()
    await asyncio.sleep(60)
    at_desk.cancel()
    told = {notice.call_id for _, notice in office.pushes.sent if notice.kind == "incoming"}
    ended = {notice.call_id for _, notice in office.pushes.sent if notice.kind == "cancel"}
    assert told <= ended or office.app.invited_at, "a push that led to no INVITE was never taken back"


async def _at_desk(leg: SipLeg, pause_s: float, behave: Callable[[SipLeg], Awaitable[None]]) -> None:
    await asyncio.sleep(pause_s)
    with suppress(LegFailed, PeerError):
        await behave(leg)
    while not isinstance(await leg.receive(), Ended):
        pass


@pytest.mark.parametrize(
    "seeds", [range(200), range(600, 800), pytest.param(range(6000), marks=pytest.mark.slow)], ids=str
)
def test_no_phone_rings_for_a_call_that_is_over(seeds: range) -> None:
    for seed in seeds:
        random = Random(seed)
        try:
            tell(partial(stormy, random=random), seed=seed, weather=random.choice((CALM, STORM)))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
