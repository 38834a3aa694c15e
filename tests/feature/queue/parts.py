"""A queue with real calls on scripted legs and virtual time, and a check of everything that is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from msgspec.structs import replace

from pbx.call.call import Call
from pbx.call.called_back import Reach
from pbx.call.codecs import codecs_of
from pbx.call.connect import connect
from pbx.call.ending import Ending
from pbx.call.incoming import CallPorts, Incoming
from pbx.call.switch import Switch
from pbx.call.talk import Sound
from pbx.call.transfer import Transfer
from pbx.core.tasks import Supervisor
from pbx.feature.queue.call_back import CallBacks
from pbx.feature.queue.queues import Queues
from pbx.feature.queue.waiting import Announcement
from pbx.model.call_event import CallEnded, CallOffered, LegAnswered, LegDialled, LegEnded
from pbx.model.leg_event import Answered, Ended, LegCause
from pbx.model.party import DialTarget, Party
from pbx.model.queue import Queue, QueueAgent
from pbx.model.queue_event import QueueJoined, QueueLeft, QueueRang
from pbx.sip.sdp.negotiate import KNOWN
from tests.call.parts import PCMA, PCMU, FakeLog, FakeMedia, FakeSignaling, ScriptedLeg, sdp, settle
from tests.fakes.clock import LoopClock

OFFER = sdp(PCMU, PCMA, "101 telephone-event/8000")
ANSWER = sdp(PCMU, "101 telephone-event/8000")


@dataclass(eq=False)
class Caller:
    """Somebody who has called."""

    leg: ScriptedLeg
    call: Call

    def hang_up(self) -> None:
        self.leg.tell(Ended(LegCause.NORMAL))

    @property
    def gone(self) -> bool:
        return bool(self.leg.ended or self.leg.rejected)


class CallCentre:
    """Queues over real calls. An agent "201" has one phone; `phones` says who has none."""

    def __init__(self, *queues: Queue, supervisor: Supervisor) -> None:
        self.records = {each.number: each for each in queues}
        self.media = FakeMedia(1000)
        self.signaling = FakeSignaling()
        self.log = FakeLog()
        self.rung: list[tuple[str, ScriptedLeg]] = []
        self.channels = 0
        self.without_phone: set[str] = set()
        self.changed: list[str] = []
        self.said: list[Announcement] = []
        self.ids = count(1)
        self.signaling.on_dial = lambda uri, leg: self.rung.append((uri, leg))
        clock = LoopClock()
        self.switch = Switch(
            CallPorts(
                media=self.media,
                signaling=self.signaling,
                log=self.log,
                clock=clock,
                rtp_timeout_s=60,
                new_session_id=lambda: next(self.ids),
                local_host=lambda remote: "192.0.2.1",
                hold_tone=lambda: "hold",
                ringback=lambda: "ringback",
                codecs=codecs_of(KNOWN, None),
            ),
            self,
            supervisor=supervisor,
            new_id=lambda: f"call-{next(self.ids)}",
        )
        self.queues = Queues(
            lambda: list(self.records.values()),
            self.phones,
            busy=self.switch.is_busy,
            redirect=lambda _: (),
            clock=clock,
            announcer=self._announce,
            changed=self.changed.append,
        )
        self.queues.calls_back = CallBacks(
            self.queues,
            lambda: self.switch,
            lambda: self,
            ways=lambda call, number, extension, rights: [Reach(_target(f"out:{number}"), self.seize)],
            signaling=self.signaling,
            clock=clock,
            new_id=lambda: f"back-{next(self.ids)}",
        ).make

    def seize(self) -> Callable[[], None]:
        self.channels += 1

        def release() -> None:
            self.channels -= 1

        return release

    def phones(self, number: str) -> list[DialTarget]:
        return [] if number in self.without_phone else [replace_extension(_target(number), number)]

    async def _announce(self, announcement: Announcement) -> Sound:
        self.said.append(announcement)
        return Sound(announcement.name, 1.0)

    # -- the router ----------------------------------------------------------------------------------------------------

    async def route(self, call: Call) -> None:
        reason = await self.queues.serve(call, self.records[call.dialled])
        if reason:
            call.end_with(Ending(LegCause.NO_ANSWER, 480))

    async def transfer(self, call: Call, transfer: Transfer) -> None:
        await connect(call, [_target(transfer.to)], ring_timeout_s=20, redirect=lambda _: ())

    # -- what people do ------------------------------------------------------------------------------------------------

    def arrives(self, number: str = "+491", queue: str = "700", *, priority: int = 0) -> Caller:
        leg = ScriptedLeg(f"caller-{next(self.ids)}")
        incoming = Incoming(
            leg=leg,
            caller=Party(number),
            dialled=queue,
            source="trunk:x",
            source_host="",
            offer=OFFER,
            trunk="x",
        )
        call = self.switch.offered(incoming)
        call.priority = priority
        return Caller(leg, call)

    def ringing(self, agent: str) -> list[ScriptedLeg]:
        """The legs that ring there now."""
        answered = {id(leg) for leg in self.picked_up}
        return [leg for uri, leg in self.rung if uri == agent and not leg.ended and id(leg) not in answered]

    @property
    def picked_up(self) -> list[ScriptedLeg]:
        return [leg for _, leg in self.rung if getattr(leg, "picked_up", False)]

    def talking(self, agent: str) -> list[ScriptedLeg]:
        return [leg for uri, leg in self.rung if uri == agent and leg in self.picked_up and not leg.ended]

    async def picks_up(self, agent: str) -> ScriptedLeg:
        (leg,) = self.ringing(agent)
        self.answer(leg)
        await settle()
        return leg

    def answer(self, leg: ScriptedLeg) -> None:
        leg.picked_up = True  # type: ignore[attr-defined]
        leg.tell(Answered(ANSWER))

    def change(self, number: str, **more: Any) -> None:
        self.records[number] = replace(self.records[number], **more)
        self.queues.records_changed()

    # -- what is told --------------------------------------------------------------------------------------------------

    def events(self, *kinds: type) -> list[Any]:
        return [each for each in self.log.events if isinstance(each, kinds)]

    def left(self) -> list[str]:
        return [each.reason for each in self.events(QueueLeft)]

    def state(self, agent: str, queue: str = "700") -> str:
        record = self.records[queue]
        found = next(each for each in record.agents if each.extension == agent)
        return self.queues.agents.state(record, found)

    def assert_clean(self) -> None:
        """Nothing of any call is left."""
        assert len(self.switch) == 0
        assert self.media.open_streams == []
        assert self.media.links == {}
        assert self.channels == 0
        for number in self.records:
            assert self.queues.line(number).entries == []
        seats = self.queues.agents._seats
        assert not [each for each in seats.values() if each.state in ("ringing", "talking")]
        check_history(self.log.events)


def check_history(events: list[Any], *, over: bool = True) -> None:
    """Nobody is lost, nobody is passed over, and no agent is with two callers: read from what was told alone."""
    order: dict[str, tuple[int, int]] = {}
    waiting: dict[str, str] = {}  # call → queue, while agents could be given to it
    at_home: dict[str, tuple[str, tuple[int, int]]] = {}
    engaged: dict[str, str] = {}  # agent → call
    legs: dict[tuple[str, str], str] = {}
    joined: list[str] = []
    left: list[str] = []
    numbers: dict[str, str] = {}
    for place, event in enumerate(events):
        if isinstance(event, CallOffered):
            numbers[event.call] = event.from_number
            if event.source == "queue":  # agents have been found for it
                for call in [each for each in at_home if numbers[each] == event.from_number]:
                    del at_home[call]
        elif isinstance(event, QueueJoined):
            of = event.call_back_of
            first = order[of] if of is not None else (-event.priority, place)
            order[event.call] = first
            waiting[event.call] = event.queue
            joined.append(event.call)
        elif isinstance(event, QueueRang):
            before = [
                call
                for call, queue in waiting.items()
                if queue == event.queue and order[call] < order[event.call]
            ]
            assert not before, f"{event.call} was served before {before}"
            home = [
                call
                for call, (queue, key) in at_home.items()
                if queue == event.queue and key < order[event.call]
            ]
            assert not home, f"{event.call} was served before those at home: {home}"
            waiting.pop(event.call)
            for agent in event.agents:
                assert agent not in engaged, f"{agent} is with {engaged[agent]} and rung for {event.call}"
                engaged[agent] = event.call
        elif type(event).__name__ == "AgentMissed":
            del engaged[event.agent]
            waiting[event.call] = event.queue
        elif isinstance(event, CallEnded):
            waiting.pop(event.call, None)  # a call back that was in vain: the place waits without a call
        elif isinstance(event, QueueLeft):
            if event.waited_s or event.call in joined:
                left.append(event.call)
            waiting.pop(event.call, None)
            for agent in [each for each, call in engaged.items() if call == event.call]:
                if agent != event.agent:
                    del engaged[agent]
            if event.reason == "call_back":
                at_home[event.call] = (event.queue, order[event.call])
        elif isinstance(event, LegDialled) and event.extension is not None:
            legs[event.call, event.leg] = event.extension
        elif isinstance(event, LegAnswered) and (event.call, event.leg) in legs:
            agent = legs[event.call, event.leg]
            for other in [each for each, call in engaged.items() if call == event.call and each != agent]:
                del engaged[other]
        elif isinstance(event, LegEnded):
            agent = legs.get((event.call, event.leg), "")
            if engaged.get(agent) == event.call and _was_answered(events[:place], event):
                del engaged[agent]
    assert len(left) == len(set(left)), "each caller leaves once"
    if not over:
        return
    never = set(joined) - set(left)
    kept = {each.call for each in events if isinstance(each, QueueJoined) and each.call_back_of is not None}
    assert never <= kept, f"lost: {never - kept}"


def _was_answered(before: list[Any], ended: LegEnded) -> bool:
    return any(
        isinstance(each, LegAnswered) and (each.call, each.leg) == (ended.call, ended.leg) for each in before
    )


def _target(uri: str) -> DialTarget:
    return DialTarget(uri=uri, to_uri=uri, host="127.0.0.1", port=5060, label=uri)


def replace_extension(target: DialTarget, number: str) -> DialTarget:
    return DialTarget(
        uri=target.uri, to_uri=target.to_uri, host=target.host, port=5060, label=number, extension=number
    )


def queue(*agents: str, **more: Any) -> Queue:
    """Queue 700; its agents are logged in."""
    wanted = {"number": "700", "name": "Help", "wrap_up_s": 0, "strategy": "in_order", **more}
    return Queue(agents=tuple(QueueAgent(extension=each, always=True) for each in agents), **wanted)


async def later(seconds: float = 0.0) -> None:
    """Let everything happen that happens now, and within these seconds."""
    await settle()
    if seconds:
        await asyncio.sleep(seconds)
        await settle()
