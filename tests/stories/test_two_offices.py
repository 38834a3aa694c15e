"""Calls between two offices over a network that loses a fifth of everything; whoever hangs up when, nothing is left.

Each office challenges the other, so every call is two digests, two back-to-back legs and two records.
"""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import count
from random import Random

import pytest

from pbx.call.incoming import CallPorts
from pbx.call.switch import Switch
from pbx.core.events import EventBus
from pbx.core.tasks import Supervisor
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory, Entry
from pbx.feature.door import Door, DoorPorts
from pbx.feature.extension import ExtensionCalls
from pbx.feature.features import Features
from pbx.feature.gatekeeper import Gatekeeper
from pbx.feature.identify import Identify
from pbx.feature.inbound import InboundCalls
from pbx.feature.outside import OutsideCalls
from pbx.feature.passed_on import PassedOn
from pbx.feature.registrar import Registrar
from pbx.feature.trunks import Trunks
from pbx.model.cdr import Cdr
from pbx.model.extension import Extension
from pbx.model.forwarding import Forwarding
from pbx.model.leg_event import Answered, Ended, Refused
from pbx.model.outbound_route import OutboundRoute
from pbx.model.party import Credentials, DialTarget, Party
from pbx.model.trunk import TrunkWrite
from pbx.sip.digest import Challenger
from pbx.transport.sip_leg import SipLeg
from tests.call.parts import FakeLog, FakeMedia
from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import CALM, STORM, Network, Weather
from tests.stories.office import LONGEST_S, OFFER, Phone, target
from tests.stories.test_through_the_node import callee, talk

SEEDS = 120
BATCH = 40
SECRET = "what-only-the-two-know"


class Phones:
    """Which address each extension is registered at."""

    def __init__(self, hosts: dict[str, str]) -> None:
        self._hosts = hosts

    def targets(self, number: str) -> list[DialTarget]:
        return [target(self._hosts[number])] if number in self._hosts else []


class Office:
    """A node with its extensions, and the other office as its only trunk."""

    def __init__(
        self,
        network: Network,
        supervisor: Supervisor,
        *,
        host: str,
        other: str,
        phones: dict[str, str],
        forward: dict[str, str],
        pattern: str = "8XXX",
        strip: int = 1,
    ) -> None:
        self.phone = Phone(network, host, seed=hash(host) % 1000)
        self.media, self.log = FakeMedia(), FakeLog()
        serial = count(1)
        entries = {
            number: Entry(
                Extension(
                    number=number,
                    name=f"Phone {number}",
                    ring_timeout_s=20,
                    forward=Forwarding(always=forward.get(number)),
                ),
                "secret-of-" + number,
            )
            for number in {*phones, *forward}
        }

        async def load() -> dict[str, Entry]:
            return entries

        async def trunks() -> list[TrunkWrite]:
            return [
                TrunkWrite(
                    id="other",
                    name="Other",
                    kind="office",
                    host=other,
                    username="offices",
                    password=SECRET,
                    callback_prefix="8" if strip else "",
                    check_every_s=0,
                )
            ]

        self.directory = Directory(load)
        registrar: Registrar = Phones(phones)  # type: ignore[assignment]  # only `targets` is asked
        extensions = ExtensionCalls(registrar, is_ours=lambda at: at == host)
        self.trunks = Trunks(self.phone.agent, LoopClock(), trunks, country="DE")
        passed_on = PassedOn(host.encode())
        route = OutboundRoute(
            id="other",
            name="Other",
            patterns=(pattern,),
            strip_digits=strip,
            reach="internal",
            trunks=("other",),
        )
        inbound = InboundCalls(self.trunks, tuple, country="DE", passed_on=passed_on)
        outside = OutsideCalls(self.trunks, lambda: (route,), emergency=("112",), passed_on=passed_on)
        self.switch = Switch(
            CallPorts(
                media=self.media,
                signaling=self.phone.agent,
                log=self.log,
                clock=LoopClock(),
                rtp_timeout_s=60,
                new_session_id=lambda: next(serial),
                local_host=lambda remote: host,
                hold_tone=lambda: "hold",
                ringback=lambda: "ringback",
            ),
            Dialplan(
                features=Features(),
                directory=self.directory,
                extensions=extensions,
                inbound=inbound,
                outside=outside,
            ),
            supervisor=supervisor,
            new_id=lambda: f"call-{host}-{next(serial)}",
        )
        identify = Identify(
            Challenger(host.encode(), realm=host, algorithms=("MD5",)),
            self.directory,
            monotonic=LoopClock().monotonic,
            door=Door(DoorPorts(bus=EventBus(), clock=LoopClock(), exists=entries.__contains__)),
        )
        door = Gatekeeper(
            identify=identify,
            registrar=registrar,
            switch=self.switch,
            new_tag=lambda: f"n{next(serial)}",
            inbound=inbound,
        )
        self.phone.agent.on_invite = door.invite
        self.phone.agent.on_challenge = door.challenge

    async def open(self) -> None:
        await self.directory.reload()
        await self.trunks.reload()

    async def close(self) -> None:
        await self.trunks.close()

    def assert_clean(self) -> None:
        self.phone.assert_clean()
        assert len(self.switch) == 0
        assert self.media.open_streams == []
        assert self.media.links == {}
        assert [line.calls for line in self.trunks.lines.values()] == [0]

    @property
    def cdrs(self) -> list[Cdr]:
        return list({cdr.id: cdr for cdr in self.log.cdrs}.values())


class Town:
    """Berlin with alice (101) and bob (102), Munich with zoe (201)."""

    def __init__(self, seed: int, weather: Weather, supervisor: Supervisor, **more: object) -> None:
        loop = asyncio.get_running_loop()
        self.network = Network(loop.call_later, loop.time, seed=seed, weather=weather)
        self.alice, self.bob, self.zoe = (
            Phone(self.network, f"10.0.0.{n}", seed=seed * 4 + n) for n in (1, 2, 3)
        )
        forward = more.pop("forward", {})
        assert isinstance(forward, dict)
        make = partial(Office, self.network, supervisor, **more)  # type: ignore[arg-type]
        self.berlin = make(
            host="10.0.0.8",
            other="10.0.0.9",
            phones={"101": self.alice.host, "102": self.bob.host},
            forward={k: v for k, v in forward.items() if k.startswith("1")},
        )
        self.munich = make(
            host="10.0.0.9",
            other="10.0.0.8",
            phones={"201": self.zoe.host},
            forward={k: v for k, v in forward.items() if k.startswith("2")},
        )

    async def open(self) -> None:
        await self.berlin.open()
        await self.munich.open()

    def dial(self, number: str) -> SipLeg:
        place = target(self.berlin.phone.host)
        place = DialTarget(
            f"sip:{number}@{place.host}",
            f"sip:{number}@{place.host}",
            host=place.host,
            port=5060,
            credentials=Credentials("101", "secret-of-101"),
        )
        return self.alice.agent.dial(place, offer=OFFER, caller=Party("101", "Alice"), call="c")

    async def settle(self) -> None:
        await asyncio.sleep(60 + 2 * LONGEST_S)
        for phone in (self.alice, self.bob, self.zoe):
            phone.assert_clean()
        for office in (self.berlin, self.munich):
            office.assert_clean()
            await office.close()
            assert all(cdr.ended_at is not None for cdr in office.cdrs)


async def until_final(leg: SipLeg) -> Answered | Refused | Ended:
    while True:
        event = await leg.receive()
        if isinstance(event, Answered | Refused | Ended):
            return event


async def in_a_storm(seed: int) -> None:
    random = Random(seed)
    answered = False
    async with Supervisor() as supervisor:
        town = Town(seed, STORM, supervisor)
        await town.open()
        there = asyncio.ensure_future(callee(town.zoe, Random(seed)))
        leg = town.dial("8201")
        try:
            async with asyncio.timeout(random.choice((0.1, 0.5, 2.0, 60.0, 60.0))):
                answered = isinstance(await until_final(leg), Answered)
            if answered:
                async with asyncio.timeout(100):
                    await talk(leg, random, offer=OFFER)
        except TimeoutError:
            pass
        finally:
            await leg.end()
        await asyncio.sleep(60 + 2 * LONGEST_S)
        there.cancel()
        await asyncio.gather(there, return_exceptions=True)
        await town.settle()
        assert len(town.berlin.cdrs) <= 1
        assert len(town.munich.cdrs) <= 1, "one call, one record in each office"
        if answered:
            assert [each.disposition for each in (*town.berlin.cdrs, *town.munich.cdrs)] == ["answered"] * 2


@pytest.mark.parametrize("batch", range(SEEDS // BATCH))
def test_a_call_between_offices_leaves_only_its_records(batch: int) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        try:
            run_virtual(partial(in_a_storm, seed))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_the_other_office_sees_the_extension_and_its_name() -> None:
    async def story() -> None:
        async with Supervisor() as supervisor:
            town = Town(1, CALM, supervisor)
            await town.open()
            leg = town.dial("8201")
            there = await town.zoe.incoming.get()
            assert '"Phone 101" <sip:8101@' in (there.request.headers.get("From") or "")
            await there.reject(486)
            assert (await until_final(leg)) == Refused(486, "Busy Here")
            await town.settle()
            assert town.munich.cdrs[0].source == "trunk:other"

    run_virtual(story)


def test_a_circle_of_offices_ends_with_482_and_one_visit_to_each() -> None:
    async def story() -> None:
        async with Supervisor() as supervisor:
            town = Town(2, CALM, supervisor, pattern="3XX", strip=0)
            await town.open()
            refused = await until_final(town.dial("399"))
            assert isinstance(refused, Refused)
            assert refused.status == 482
            await town.settle()
            assert (len(town.berlin.cdrs), len(town.munich.cdrs)) == (1, 1)

    run_virtual(story)


def test_a_call_forwarded_back_to_the_first_office_rings_there() -> None:
    async def story() -> None:
        async with Supervisor() as supervisor:
            town = Town(3, CALM, supervisor, forward={"202": "8102"})
            await town.open()
            leg = town.dial("8202")
            back = await town.bob.incoming.get()
            sent = back.request.headers
            assert "<sip:" in (sent.get("From") or "")
            await back.reject(603)
            assert isinstance(await until_final(leg), Refused)
            await town.settle()
            assert sorted(each.dialled for each in town.berlin.cdrs) == ["102", "8202"]

    run_virtual(story)


def test_extensions_that_forward_to_each_other_end_too() -> None:
    async def story() -> None:
        async with Supervisor() as supervisor:
            town = Town(4, CALM, supervisor, forward={"102": "8202", "202": "8102"})
            await town.open()
            refused = await until_final(town.dial("102"))
            assert isinstance(refused, Refused)
            assert refused.status in (482, 483)
            await town.settle()
            assert len(town.berlin.cdrs) + len(town.munich.cdrs) < 6

    run_virtual(story)
