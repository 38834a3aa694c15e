"""Limits, rules for callers and calls for help on the wire: a node, Alice's phone, and a carrier, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from pbx.call.incoming import CallPorts
from pbx.call.switch import Switch
from pbx.call.talk import Sound
from pbx.core.tasks import Supervisor
from pbx.feature.alarms import Alarms
from pbx.feature.callers import CallerRules
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory, Entry
from pbx.feature.extension import ExtensionCalls
from pbx.feature.features import Features
from pbx.feature.gatekeeper import Gatekeeper
from pbx.feature.inbound import InboundCalls
from pbx.feature.limited_calls import LimitedCalls
from pbx.feature.limits import Limits
from pbx.feature.outside import OutsideCalls
from pbx.feature.passed_on import PassedOn
from pbx.feature.refusal import MOST_HEARING
from pbx.feature.transfer import Transfers
from pbx.feature.trunk_line import TrunkLine
from pbx.model.call_event import CalledForHelp, CallLimited, CallLimitNear, TransferFailed
from pbx.model.caller_rule import CallerRule
from pbx.model.extension import Extension
from pbx.model.forwarding import Forwarding
from pbx.model.inbound_number import InboundNumber
from pbx.model.leg_event import Answered, Ended, LegCause, LegEvent, Progress, Refused
from pbx.model.limit import Limit
from pbx.model.outbound_route import OutboundRoute
from pbx.model.party import DialTarget, Party
from pbx.model.trunk import TrunkWrite
from pbx.transport.sip_leg import SipLeg
from tests.call.parts import FakeLog, FakeMedia
from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import CALM, STORM, Network, Weather
from tests.stories.office import ALICE, LONGEST_S, OFFER, Phone, target, until_ended
from tests.stories.test_through_the_node import ByName

NODE, CARRIER, SECOND, DESK = "10.0.0.9", "10.0.0.8", "10.0.0.7", "10.0.0.2"
DID = "+12025550100"
OFF = Limit(id="office", name="Off", counts="office", enabled=False)


class Log(FakeLog):
    """A call log with folds, as the node's has."""

    def __init__(self, *folds: Callable[[Any], object]) -> None:
        super().__init__()
        self.folds = folds

    def publish(self, event: Any) -> None:
        super().publish(event)
        for fold in self.folds:
            fold(event)


class Office:
    """A node with one trunk. 101 is Alice, 102 a desk phone at `DESK`, 103 forwards to an outside number."""

    def __init__(self, weather: Weather, limits: list[Limit], rules: list[CallerRule], **alice: Any) -> None:
        loop = asyncio.get_running_loop()
        self.network = Network(loop.call_later, loop.time, seed=1, weather=weather)
        self.node, self.alice, self.desk, self.carrier = (
            Phone(self.network, host, seed=seed)
            for seed, host in enumerate((NODE, "10.0.0.1", DESK, CARRIER), 10)
        )
        self.phones = [self.node, self.alice, self.desk, self.carrier]
        self.supervisor = Supervisor()
        self.media = FakeMedia()
        self.notices: list[tuple[Any, ...]] = []
        clock, serial = LoopClock(), count(1)
        self.limits = Limits(lambda: limits, country="US", clock=clock)
        self.log = Log(self.limits.take, Alarms(lambda *notice: self.notices.append(notice)).take)
        line = TrunkLine(
            TrunkWrite(
                id="t", name="T", host=CARRIER, register=False, check_every_s=0, number_format="as_dialled"
            ),
            country="US",
        )
        line.found({CARRIER}, set())
        self.line = line
        trunks: Any = SimpleNamespace(
            lines={"t": line}, calling=lambda user, hop: line if hop.remote_host == CARRIER else None
        )
        self.trunks = trunks
        callers = CallerRules(lambda: rules, country="US")
        registrar: Any = SimpleNamespace(targets=lambda number: [target(DESK)] if number == "102" else [])
        extensions = ExtensionCalls(registrar, is_ours=lambda host: host == NODE, callers=callers)
        entries = {
            each.number: Entry(each, "")
            for each in (
                Extension(number="101", name="Alice", location="Room 2", **alice),
                Extension(number="102", name="Desk"),
                Extension(number="103", name="Away", forward=Forwarding(always="02025550123")),
            )
        }
        self.directory = Directory(partial(_given, entries))
        inbound = InboundCalls(
            trunks,
            lambda: [
                InboundNumber(number=DID, name="Main", destination="102"),
                InboundNumber(number=DID[:-1] + "3", name="Away", destination="103"),
            ],
            country="US",
            passed_on=PassedOn(),
        )
        self.route = OutboundRoute(id="r", name="R", patterns=("0.",), strip_digits=1, trunks=("t",))
        dialplan = Dialplan(
            features=Features(),
            directory=self.directory,
            extensions=extensions,
            inbound=inbound,
            outside=OutsideCalls(
                trunks,
                lambda: [self.route],
                passed_on=PassedOn(),
                emergency=("911",),
                limits=self.limits,
                announcement=_announcement,
            ),
            callers=callers,
            transfers=Transfers(self.directory, lambda: self.switch),
        )
        ports = CallPorts(
            media=self.media,
            signaling=self.node.agent,
            log=self.log,
            clock=clock,
            rtp_timeout_s=10_000,
            new_session_id=lambda: next(serial),
            local_host=lambda remote: NODE,
            hold_tone=lambda: "hold",
            ringback=lambda: "ringback",
        )
        self.switch = Switch(
            ports, dialplan, supervisor=self.supervisor, new_id=lambda: f"call-{next(serial)}"
        )
        door = Gatekeeper(
            identify=ByName(),  # type: ignore[arg-type]  # stands in for digest
            registrar=registrar,
            switch=self.switch,
            new_tag=lambda: f"n{next(serial)}",
            inbound=inbound,
            is_emergency=lambda number: number == "911",
        )
        self.node.agent.on_invite = door.invite
        self.node.agent.calls_for_help = lambda number: number == "911"

    async def run(self) -> None:
        await self.directory.reload()
        self.supervisor.spawn("limits", self.limits.run(LimitedCalls(self.switch.call, lambda: "beep")))

    def second_carrier(self) -> Phone:
        """Another trunk, that no route leads to."""
        line = TrunkLine(
            TrunkWrite(
                id="u", name="U", host=SECOND, register=False, check_every_s=0, number_format="as_dialled"
            ),
            country="US",
        )
        line.found({SECOND}, set())
        self.trunks.lines["u"] = line
        self.phones.append(Phone(self.network, SECOND, seed=20))
        return self.phones[-1]

    def dial(self, number: str, *, by: Phone | None = None, caller: Party = ALICE) -> SipLeg:
        uri = f"sip:{number}@{NODE}"
        to = DialTarget(uri, uri, transport="UDP", host=NODE, port=5060)
        return (by or self.alice).agent.dial(to, offer=OFFER, caller=caller, call="c")

    def told(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.log.events if isinstance(each, kind)]


async def _announcement(words: str) -> Sound:
    return Sound(f"no: {words}", 4.0)


async def _given(entries: dict[str, Entry]) -> dict[str, Entry]:
    return entries


@asynccontextmanager
async def office(
    weather: Weather = CALM, limits: Any = (OFF,), rules: Any = (), **alice: Any
) -> AsyncIterator[Office]:
    """Nothing is left of any call afterwards, and nothing counts as running."""
    made = Office(weather, list(limits), list(rules), **alice)
    async with made.supervisor:
        await made.run()
        yield made
        await asyncio.sleep(3 * LONGEST_S)
        for phone in made.phones:
            phone.assert_clean()
        assert len(made.switch) == 0
        assert made.media.open_streams == []
        assert made.line.calls == 0
        assert not list(made.limits.usage.running())
        assert all(cdr.ended_at for cdr in {cdr.id: cdr for cdr in made.log.cdrs}.values())


def story(run: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def test() -> None:
        run_virtual(run)

    test.__name__ = run.__name__
    return test


async def answered(leg: SipLeg) -> list[LegEvent]:
    """What a caller is told until the answer or the refusal."""
    events: list[LegEvent] = []
    while not events or not isinstance(events[-1], Answered | Refused | Ended):
        events.append(await leg.receive())
    return events


async def pick_up(phone: Phone) -> SipLeg:
    leg = await phone.incoming.get()
    await leg.answer(OFFER)
    return leg


@pytest.mark.parametrize("weather", [CALM, STORM])
def test_a_refused_call_hears_why_and_then_gets_403(weather: Weather) -> None:
    async def run() -> None:
        async with office(weather, limits=()) as node:
            began = asyncio.get_running_loop().time()
            leg = node.dial("09005551234")
            *progress, last = await answered(leg)
            assert isinstance(last, Refused)
            assert last.status == 403
            assert any(isinstance(each, Progress) and each.sdp for each in progress), "it heard the tone"
            assert asyncio.get_running_loop().time() - began >= 4
            assert node.carrier.incoming.empty()
            (limited,) = node.told(CallLimited)
            assert (limited.limit, limited.what, limited.extension, limited.number) == (
                "office",
                "premium",
                "101",
                "9005551234",
            )
            ((kind, _, _, facts),) = node.notices
            assert (kind, facts["what"]) == ("limit", "premium")
            refusal = next(each.data.decode() for each in node.network.log if b" 403 " in each.data[:16])
            assert 'Warning: 399 bellwire "numbers that cost extra are not allowed"\r\n' in refusal
            assert 'Reason: Q.850;cause=21;text="Limit reached"\r\n' in refusal
            await leg.end()

    run_virtual(run)


@story
async def test_a_thief_who_dials_a_hundred_times_holds_no_ports() -> None:
    async with office(limits=()) as node:
        legs = [node.dial("09005551234") for _ in range(100)]
        await asyncio.sleep(1)
        assert len(node.switch) == MOST_HEARING
        last = [(await answered(leg))[-1] for leg in legs]
        assert {each.status for each in last if isinstance(each, Refused)} == {403}
        assert len(node.notices) == 1
        assert node.carrier.incoming.empty()


@story
async def test_the_second_call_of_one_waits_for_the_first_to_end() -> None:
    one = Limit(id="one", name="One", counts="extension", extensions=("101",), calls_at_once=1)
    async with office(limits=(OFF, one)) as node:
        first = node.dial("02025550123")
        there = await pick_up(node.carrier)
        await answered(first)
        second = node.dial("02025550124")
        assert isinstance((await answered(second))[-1], Refused)
        await first.end()
        await until_ended(there)
        third = node.dial("02025550124")
        await pick_up(node.carrier)
        assert isinstance((await answered(third))[-1], Answered)
        await third.end()


@story
async def test_two_calls_at_once_never_share_the_last_place() -> None:
    one = Limit(id="one", name="One", counts="office", calls_at_once=1)
    async with office(limits=(OFF, one)) as node:
        legs = [node.dial("02025550123"), node.dial("02025550124")]
        there = await pick_up(node.carrier)
        last = [(await answered(each))[-1] for each in legs]
        assert sorted(type(each).__name__ for each in last) == ["Answered", "Refused"]
        assert node.carrier.incoming.empty()
        await there.end()


@pytest.mark.parametrize("weather", [CALM, STORM])
def test_a_call_that_uses_up_the_minutes_is_warned_and_ended_on_both_sides(weather: Weather) -> None:
    async def run() -> None:
        minutes = Limit(id="m", name="M", counts="office", minutes_per_hour=3, warn_s=30)
        async with office(weather, limits=(OFF, minutes)) as node:
            leg = node.dial("02025550123")
            there = await pick_up(node.carrier)
            began = asyncio.get_running_loop().time()
            assert isinstance((await answered(leg))[-1], Answered)
            ends = await asyncio.gather(until_ended(leg), until_ended(there))
            talked = asyncio.get_running_loop().time() - began
            assert 178 <= talked <= 225
            for *_, end in ends:
                assert isinstance(end, Ended)
                assert (end.status, end.reason) == (603, "Limit reached")  # Q.850 21
            assert [each.left_s for each in node.told(CallLimitNear)] == [30]
            assert [(each.what, each.ended) for each in node.told(CallLimited)] == [
                ("minutes_per_hour", True)
            ]
            cdr = node.log.cdrs[-1]
            assert (cdr.disposition, cdr.cause, cdr.hung_up_by) == ("answered", LegCause.LIMIT.value, "node")
            assert len(node.notices) == 1
            again = node.dial("02025550123")
            assert isinstance((await answered(again))[-1], Refused)

    run_virtual(run)


@pytest.mark.parametrize("dialled", ["911", "0911"])
@pytest.mark.parametrize("weather", [CALM, STORM])
def test_a_call_for_help_passes_every_limit_and_tells_where(weather: Weather, dialled: str) -> None:
    async def run() -> None:
        none = Limit(id="n", name="N", counts="office", calls_at_once=0, countries=(), minutes_per_day=0)
        async with office(weather, limits=(none,), may_call="internal") as node:
            node.line.answers = False  # and a trunk that seems to be down is tried
            leg = node.dial(dialled)
            there = await node.carrier.incoming.get()
            assert there.request.uri.startswith("sip:911@")
            await there.answer(OFFER)
            assert isinstance((await answered(leg))[-1], Answered)
            await asyncio.sleep(7200)
            assert there.request.uri  # nobody ended it meanwhile
            assert len(node.switch) == 1
            (help_,) = node.told(CalledForHelp)
            assert (help_.number, help_.extension, help_.location) == ("911", "101", "Room 2")
            assert [notice[0] for notice in node.notices] == ["emergency"]
            assert node.limits.report().items[0].calls_day == 0
            await leg.end()

    run_virtual(run)


@pytest.mark.parametrize("status", [404, 403, 486, 603, 503])
def test_a_carrier_that_refuses_a_call_for_help_is_not_the_last(status: int) -> None:
    async def run() -> None:
        async with office() as node:
            second = node.second_carrier()
            leg = node.dial("911")
            await (await node.carrier.incoming.get()).reject(status)
            await pick_up(second)
            assert isinstance((await answered(leg))[-1], Answered)
            await leg.end()

    run_virtual(run)


@story
async def test_a_carrier_that_seems_to_be_down_is_asked_for_help_after_one_that_is_up() -> None:
    async with office() as node:
        node.trunks.lines["t"] = down = TrunkLine(
            TrunkWrite(id="t", name="T", host=CARRIER, register=False, check_every_s=60), country="US"
        )
        down.answers = False
        second = node.second_carrier()
        leg = node.dial("911")
        await pick_up(second)
        assert node.carrier.incoming.empty()
        assert isinstance((await answered(leg))[-1], Answered)
        await leg.end()


@story
async def test_a_carrier_that_says_nothing_costs_seconds_and_not_half_a_minute() -> None:
    async with office() as node:
        second = node.second_carrier()
        node.network.unreachable.add((CARRIER, 5060))
        began = asyncio.get_running_loop().time()
        leg = node.dial("911")
        await pick_up(second)
        assert asyncio.get_running_loop().time() - began < 6
        assert isinstance((await answered(leg))[-1], Answered)
        await leg.end()


@story
async def test_the_last_carrier_is_given_all_the_time() -> None:
    """Also where there is another, but that one is full."""
    async with office() as node:
        node.second_carrier()
        full = node.trunks.lines["u"]
        full.trunk = replace(full.trunk, max_channels=0)
        node.route = replace(node.route, trunks=("t", "u"))
        node.network.unreachable.add((CARRIER, 5060))
        began = asyncio.get_running_loop().time()
        leg = node.dial("02025550123")
        (*_, last) = await answered(leg)
        assert isinstance(last, Refused)
        assert asyncio.get_running_loop().time() - began > 30


@story
async def test_all_channels_and_a_full_node_have_room_for_help() -> None:
    async with office() as node:
        trunk = node.trunks.lines["t"]
        trunk.trunk = replace(trunk.trunk, max_channels=1)
        first = node.dial("02025550123")
        there = await pick_up(node.carrier)
        await answered(first)
        refused = node.dial("02025550124")
        assert isinstance((await answered(refused))[-1], Refused)
        node.switch.limit = 1
        node.node.agent.settings = replace(node.node.agent.settings, max_legs=1)
        full = node.dial("02025550124")
        (*_, last) = await answered(full)
        assert isinstance(last, Refused)
        assert last.status == 503
        leg = node.dial("911")
        help_leg = await pick_up(node.carrier)
        assert isinstance((await answered(leg))[-1], Answered)
        await leg.end()
        await until_ended(help_leg)
        await there.end()


@story
async def test_a_forwarding_counts_for_the_extension_that_forwards() -> None:
    one = Limit(id="one", name="One", counts="extension", extensions=("103",), calls_per_day=1)
    async with office(limits=(OFF, one)) as node:
        stranger = Party("2025550199", "Stranger")
        for outcome in (Answered, Refused):
            leg = node.dial("2025550103", by=node.carrier, caller=stranger)
            if outcome is Answered:
                there = await pick_up(node.carrier)
                assert isinstance((await answered(leg))[-1], Answered)
                await leg.end()
                await until_ended(there)
            else:
                assert isinstance((await answered(leg))[-1], Refused)
        used = {(each.subject, each.key): each.calls_day for each in node.limits.report().items}
        assert used == {("office", ""): 1, ("trunk", "t"): 1, ("extension", "103"): 1}
        assert [each.extension for each in node.told(CallLimited)] == ["103"]


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_transfer_counts_for_the_extension_that_transfers(at_once: int) -> None:
    async def run() -> None:
        one = Limit(id="one", name="One", counts="extension", calls_at_once=at_once)
        off = Limit(id="each-extension", name="Off", counts="extension", enabled=False)
        async with office(limits=(OFF, off, one)) as node:
            leg = node.dial("02025550123")
            first = await pick_up(node.carrier)
            await answered(leg)
            await asyncio.sleep(1)
            (live,) = node.switch.live_calls()
            assert node.switch.transfer(live.id, "b1", "02025550124")
            if at_once == 1:
                await asyncio.sleep(10)
                (failed,) = node.told(TransferFailed)
                assert failed.status == 403
                assert node.carrier.incoming.empty()
                assert (len(node.switch), node.limits.report().items[0].calls_now) == (1, 1)
                await leg.end()
            else:
                second = await pick_up(node.carrier)
                await until_ended(leg)
                used = {(each.subject, each.key): each.calls_now for each in node.limits.report().items}
                assert used == {("office", ""): 2, ("trunk", "t"): 2, ("extension", "101"): 2}
                await second.end()
            await until_ended(first)

    run_virtual(run)


@story
async def test_a_caller_from_outside_transfers_nobody() -> None:
    async with office() as node:
        leg = node.dial("2025550100", by=node.carrier, caller=Party("2025550199"))
        desk = await pick_up(node.desk)
        await answered(leg)
        await asyncio.sleep(1)
        (live,) = node.switch.live_calls()
        call = node.switch.call(live.id)
        assert call is not None
        call.transfer(call.a, "02025550123")
        await asyncio.sleep(10)
        assert [each.status for each in node.told(TransferFailed)] == [403]
        assert node.carrier.incoming.empty()
        await desk.end()
        await until_ended(leg)


@pytest.mark.parametrize(
    ("caller", "status"),
    [("2025550666", 603), ("anonymous", 433), ("2025550199", 0)],
)
def test_a_caller_from_outside_is_screened(caller: str, status: int) -> None:
    async def run() -> None:
        rules = [CallerRule(id="r", name="R", numbers=("+12025550666",), anonymous=True)]
        async with office(rules=rules) as node:
            leg = node.dial("2025550100", by=node.carrier, caller=Party(caller))
            if status:
                last = (await answered(leg))[-1]
                assert isinstance(last, Refused)
                assert last.status == status
                assert node.desk.incoming.empty()
            else:
                there = await pick_up(node.desk)
                await answered(leg)
                await leg.end()
                await until_ended(there)

    run_virtual(run)
