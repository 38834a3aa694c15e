"""Conferences as whole calls through a node, also where a fifth of all packets is lost.

Phones dial in, type PINs, hold, transfer, are removed and hang up at any moment, as the seed decides. Whatever happens,
nobody is left in a room, and nothing of any call is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pbx.call.call import Call
from pbx.call.called_back import Reach
from pbx.call.talk import Sound
from pbx.core.errors import PeerError, UserError
from pbx.core.tasks import Supervisor
from pbx.feature.conference.conferences import Conferences
from pbx.feature.conference.invitations import Invitations
from pbx.feature.conference.voice import Files, RoomFile, Voice
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory
from pbx.feature.extension import ExtensionCalls
from pbx.feature.features import Features
from pbx.feature.registrar import Registrar
from pbx.feature.transfer import Transfers
from pbx.model.conference import ConferenceWrite
from pbx.model.conference_status import ConferenceInvitation, ConferenceOrder
from pbx.model.leg_event import LegFailed
from pbx.model.stream import DigitPressed, WentSilent
from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import CALM, STORM, Network, Weather
from tests.feature.conference.parts import FakeRoom, FakeSays
from tests.stories.desk_office import NUMBERS, Handset, OnePhoneEach, Talk
from tests.stories.office import LONGEST_S
from tests.stories.test_through_the_node import Node

SEEDS = 60
BATCH = 20
A, B, C, D = NUMBERS
ROOM = ConferenceWrite(
    number="700", name="Team", pin="1234", moderator_pin="98765", end_without_moderator=True, announce="tone"
)


class ConferenceNode(Node):
    """A node with one conference, whose moderators know another PIN."""

    def __init__(self, network: Network, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.rooms: list[FakeRoom] = []
        super().__init__(network, supervisor, callees=())

    def registrar(self, callees: tuple[str, ...]) -> Registrar:
        return OnePhoneEach()  # type: ignore[return-value]  # only `targets` is asked

    def dialplan(self, directory: Directory, extensions: ExtensionCalls) -> Dialplan:
        self.conferences = Conferences(
            rooms=self,
            recorder=None,
            voice=Voice(FakeSays(), lambda: Sound("in", 0.2), lambda: Sound("out", 0.2)),
            files=Files(record=self._no_record, name=self._nowhere),
            clock=LoopClock(),
            supervisor=self.supervisor,
        )
        self.conferences.use([ROOM])
        ids = iter(range(10**6))
        invitations = Invitations(
            self.conferences,
            lambda: self.switch,
            lambda: plan,
            phonebook=self,
            signaling=self.phone.agent,
            new_id=lambda: f"out-{next(ids)}",
        )
        self.conferences.calls = invitations.call_in
        self.conferences.referred = invitations.referred
        plan = Dialplan(
            features=Features(),
            directory=directory,
            extensions=extensions,
            transfers=Transfers(directory, lambda: self.switch),
            conferences=self.conferences,
        )
        return plan

    def room(self, capacity: int, *, label: str) -> FakeRoom:
        self.rooms.append(FakeRoom(capacity))
        return self.rooms[-1]

    def extension(self, number: str) -> str | None:
        return f"Phone {number}" if number in NUMBERS else None

    def may_call(self, number: str, rights: str | None) -> bool:
        return number in NUMBERS

    def ways(self, call: Call, number: str, extension: str | None, rights: str) -> Sequence[Reach]:
        return [Reach(each) for each in OnePhoneEach().targets(number)]

    async def _no_record(self, _: str, __: str) -> RoomFile:
        raise OSError

    async def _nowhere(self, _: str) -> Path:
        raise OSError

    def press(self, number: str, keys: str) -> None:
        """On the phone of an extension, in whatever call it is."""
        for call in list(self.switch._calls.values()):
            if call.party.number == number and call._served is not None:
                for key in keys:
                    call.a.stream.on_event(DigitPressed(key, 100))

    def heard(self) -> set[str]:
        """Whom the others hear."""
        numbers = {id(each.a.stream): each.party.number for each in self.switch._calls.values()}
        return {
            numbers.get(id(stream), "?")
            for room in self.rooms
            for stream, muted in room.muted.items()
            if not muted
        }

    def assert_clean(self) -> None:
        super().assert_clean()
        assert self.conferences.rooms == self.conferences.people == 0
        assert all(each.closed for each in self.rooms)
        assert self.conferences._brought == {}
        assert all(each.ended_at for each in self.cdrs.values())


class World:
    """The node and four phones."""

    def __init__(self, supervisor: Supervisor, seed: int, weather: Weather) -> None:
        loop = asyncio.get_running_loop()
        self.network = Network(loop.call_later, loop.time, seed=seed, weather=weather)
        self.node = ConferenceNode(self.network, supervisor)
        self.phones = {each: Handset(self.network, each, seed=seed * 8 + int(each)) for each in NUMBERS}

    async def joins(self, number: str, pin: str = "1234#") -> Talk:
        talk = self.phones[number].dial("700")
        await self.phones[number].until(lambda: talk.answered or talk.over)
        await asyncio.sleep(0.5)
        self.node.press(number, pin)
        await asyncio.sleep(4)
        return talk

    async def picks_up(self, number: str) -> Talk:
        phone = self.phones[number]
        await phone.until(lambda: phone.ringing)
        talk = phone.ringing
        assert talk is not None
        await phone.answer(talk)
        await asyncio.sleep(4)
        return talk

    async def close(self) -> None:
        for _ in range(3):
            for phone in self.phones.values():
                await phone.hang_up()
            await asyncio.sleep(60)
        await asyncio.sleep(3 * LONGEST_S)
        for phone in self.phones.values():
            phone.assert_clean()
            assert not phone.busy_with
        self.node.assert_clean()


def play(story: Any, seed: int, weather: Weather) -> None:
    async def whole() -> None:
        async with Supervisor() as supervisor:
            world = World(supervisor, seed, weather)
            await world.node.directory.reload()
            await story(world)
            await world.close()
            assert supervisor.failures == 0

    run_virtual(whole)


async def a_meeting(world: World) -> None:
    """PINs, a hold, a blind transfer, an attended one, a lock, a removal, and the moderator's end."""
    node = world.node
    boss = await world.joins(A, "98765")
    bob = await world.joins(B)
    assert node.heard() == {A, B}
    held = world.phones[B].sdp("sendonly")
    await bob.leg.reoffer(held)
    await asyncio.sleep(1)
    assert node.heard() == {A}, "the music of who holds is not heard"
    await bob.leg.reoffer(world.phones[B].sdp())
    await asyncio.sleep(1)
    assert node.heard() == {A, B}
    assert await world.phones[B].refer(bob, C) == 202
    carol = await world.picks_up(C)
    assert node.heard() == {A, B, C}
    assert bob.told[-1] == "200"
    await bob.leg.end()
    await asyncio.sleep(1)

    question = world.phones[C].dial(D)
    dave = await world.picks_up(D)
    await world.phones[C].refer(carol, "700", replaces=question.replaces)
    await asyncio.sleep(5)
    assert node.heard() == {A, D}, "whom carol talked with has come in her place, without a PIN"
    assert carol.over
    assert not dave.over
    await node.conferences.order("700", ConferenceOrder(locked=True))
    late = await world.joins(B)
    await asyncio.sleep(3)
    assert late.over
    await boss.leg.end()
    await asyncio.sleep(3)
    assert dave.over, "without a moderator it is over"


async def a_hold_a_dead_phone_and_somebody_who_is_called_in(world: World) -> None:
    node = world.node
    boss = await world.joins(A, "98765")
    bob = await world.joins(B)
    assert node.heard() == {A, B}
    await bob.leg.reoffer(world.phones[B].sdp("sendonly"))
    await asyncio.sleep(1)
    node.conferences.invite("700", ConferenceInvitation(number=C))
    carol = await world.picks_up(C)
    node.press(C, "1#")
    await asyncio.sleep(4)
    assert node.heard() == {A, C}, "who holds is not heard, who was called in is"
    await bob.leg.reoffer(world.phones[B].sdp())
    await asyncio.sleep(1)
    assert node.heard() == {A, B, C}
    world.network.unplug(world.phones[A].plug)
    (dead,) = [each for each in node.switch._calls.values() if each.party.number == A]
    dead.a.stream.on_event(WentSilent(2000))
    await asyncio.sleep(LONGEST_S)
    assert bob.over, "without a moderator it is over"
    assert carol.over
    assert dead.id not in node.switch._calls
    reasons = [each.cause for each in node.cdrs.values()]
    assert reasons.count("media_timeout") == 1
    await boss.leg.end()


async def anything(world: World, seed: int) -> None:
    """Four phones do what chance wants."""
    random = Random(seed)

    async def act(number: str) -> None:
        phone = world.phones[number]
        await asyncio.sleep(random.random() * 3)
        talk = phone.dial("700")
        await asyncio.sleep(random.random() * 6)
        world.node.press(number, random.choice(["1234#", "1234#", "98765", "1#2#3#", ""]))
        await asyncio.sleep(random.random() * 5)
        for _ in range(random.randrange(4)):
            with suppress(PeerError, LegFailed, UserError):
                await do(number, phone, talk)
            await asyncio.sleep(random.random() * 4)
        await phone.hang_up()

    async def do(number: str, phone: Handset, talk: Talk) -> None:
        other = random.choice(NUMBERS)
        what = random.randrange(9)
        if what == 0:
            await talk.leg.reoffer(phone.sdp(random.choice(["sendonly", "sendrecv", "inactive"])))
        elif what == 1:
            await phone.refer(talk, other)
        elif what == 2:
            second = phone.dial(other)
            await asyncio.sleep(random.random() * 2)
            if ringing := world.phones[other].ringing:
                await world.phones[other].answer(ringing)
            await asyncio.sleep(random.random() * 2)
            await phone.refer(talk, "700", replaces=second.replaces)
        elif what == 3:
            world.node.conferences.remove("700", random.randrange(1, 6))
        elif what == 4:
            world.node.conferences.invite("700", ConferenceInvitation(number=other))
        elif what == 5:
            await world.node.conferences.order("700", ConferenceOrder(locked=random.random() < 0.5))
        elif what == 6:
            world.node.press(number, random.choice(["*1", "*2", "*", "*4", "*6#", f"*8{other}#", "*9"]))
        elif what == 7:
            await talk.leg.end()
        elif ringing := phone.ringing:
            await phone.answer(ringing)

    await asyncio.gather(*(act(each) for each in NUMBERS))


def test_a_meeting_in_good_weather() -> None:
    play(a_meeting, 0, CALM)


def test_a_hold_a_dead_phone_and_somebody_who_is_called_in() -> None:
    play(a_hold_a_dead_phone_and_somebody_who_is_called_in, 0, CALM)


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
@pytest.mark.parametrize("weather", [CALM, STORM], ids=["calm", "storm"])
def test_anything_leaves_nothing(first: int, weather: Weather) -> None:
    for seed in range(first, first + BATCH):
        try:
            play(partial(anything, seed=seed), seed, weather)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
