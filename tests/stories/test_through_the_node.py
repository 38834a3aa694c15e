"""Calls through a whole node (door, dial plan, fork, bridge) over a network that loses a fifth of everything.

Alice calls 102, which rings on two phones; somebody answers, refuses, holds, hangs up or vanishes, as the seed decides.
Whatever happens, the node is left with nothing but a closed record that agrees with what the phones saw.
"""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import count
from random import Random

import pytest
from msgspec.structs import replace

from pbx.call.incoming import CallPorts
from pbx.call.switch import Switch
from pbx.core.errors import PeerError
from pbx.core.tasks import Supervisor
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory, Entry
from pbx.feature.extension import ExtensionCalls
from pbx.feature.features import Features
from pbx.feature.gatekeeper import Gatekeeper
from pbx.feature.registrar import Registrar
from pbx.model.cdr import Cdr
from pbx.model.extension import Extension
from pbx.model.leg_event import Answered, Ended, LegFailed, Offered, Refused
from pbx.model.party import DialTarget
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.uri import SipUri
from pbx.transport.sip_leg import SipLeg
from tests.call.parts import FakeLog, FakeMedia
from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import STORM, Network
from tests.stories.office import ALICE, LONGEST_S, OFFER, Phone, target

SEEDS = 400
BATCH = 40
HOLD = OFFER.replace(b"a=sendrecv", b"") + b"a=sendonly\r\n"


class ByName:
    """Believes whoever an INVITE says it is from; proving it is another test's story."""

    def extension(self, request: Request, hop: Hop) -> Extension:
        user = SipUri.parse(request.from_.uri).user or ""
        return Extension(number=user, name=f"Phone {user}")


class TwoPhones:
    """Extension 102 is registered at two addresses, anybody else nowhere."""

    def __init__(self, hosts: tuple[str, ...]) -> None:
        self._hosts = hosts

    def targets(self, number: str) -> list[DialTarget]:
        return [replace(target(host), extension="102") for host in self._hosts] if number == "102" else []


class Node:
    """A node on the network at 10.0.0.9: everything above the wire but audio and disk."""

    def __init__(self, network: Network, supervisor: Supervisor, *, callees: tuple[str, ...]) -> None:
        self.phone = Phone(network, "10.0.0.9", seed=99)
        self.media = FakeMedia()
        self.log = FakeLog()
        serial = count(1)
        directory = Directory(_extensions)
        registrar = self.registrar(callees)
        ports = CallPorts(
            media=self.media,
            signaling=self.phone.agent,
            log=self.log,
            clock=LoopClock(),
            rtp_timeout_s=60,
            new_session_id=lambda: next(serial),
            local_host=lambda remote: "10.0.0.9",
            hold_tone=lambda: "hold",
            ringback=lambda: "ringback",
            name_of=lambda extension: f"Phone {extension}",
        )
        extensions = ExtensionCalls(registrar, is_ours=lambda host: host == "10.0.0.9")
        self.switch = Switch(
            ports,
            self.dialplan(directory, extensions),
            supervisor=supervisor,
            new_id=lambda: f"call-{next(serial)}",
        )
        self.directory = directory
        door = Gatekeeper(
            identify=ByName(),  # type: ignore[arg-type]  # stands in for digest
            registrar=registrar,
            switch=self.switch,
            new_tag=lambda: f"n{next(serial)}",
        )
        self.phone.agent.on_invite = door.invite

    def registrar(self, callees: tuple[str, ...]) -> Registrar:
        return TwoPhones(callees)  # type: ignore[return-value]  # only `targets` is asked

    def dialplan(self, directory: Directory, extensions: ExtensionCalls) -> Dialplan:
        return Dialplan(features=Features(), directory=directory, extensions=extensions)

    def assert_clean(self) -> None:
        self.phone.assert_clean()
        assert len(self.switch) == 0
        assert self.media.open_streams == []
        assert self.media.links == {}

    @property
    def cdrs(self) -> dict[str, Cdr]:
        return {cdr.id: cdr for cdr in self.log.cdrs}


async def _extensions() -> dict[str, Entry]:
    return {
        number: Entry(Extension(number=number, name="", ring_timeout_s=20), "")
        for number in ("101", "102", "103", "104")
    }


async def talk(leg: SipLeg, random: Random, *, offer: bytes) -> None:
    """Hold and resume a few times, answer the other side's re-offers, then hang up or wait for the other to."""

    async def act() -> None:
        for _ in range(random.randrange(3)):
            await asyncio.sleep(random.random() * 2)
            with_hold = random.random() < 0.5
            try:
                await leg.reoffer(HOLD if with_hold else offer)
            except PeerError:
                continue
            except LegFailed:
                return
        if random.random() < 0.7:
            await asyncio.sleep(random.random() * 3)
            await leg.end()

    async with asyncio.TaskGroup() as group:
        acting = group.create_task(act())
        while not isinstance(event := await leg.receive(), Ended):
            if isinstance(event, Offered):
                try:
                    await leg.answer(offer)
                except (LegFailed, PeerError):
                    continue
        acting.cancel()


async def callee(phone: Phone, random: Random) -> None:
    leg = await phone.incoming.get()
    try:
        await asyncio.sleep(random.random() * 0.3)
        await leg.progress(180)
        await asyncio.sleep(random.random() * 4)
        drawn = random.random()
        if drawn < 0.2:
            await leg.reject(random.choice((486, 603, 480)))
        elif drawn < 0.3:
            await asyncio.sleep(60)  # nobody picks up
        else:
            await leg.answer(OFFER)
            await talk(leg, random, offer=OFFER)
    except (LegFailed, PeerError):
        pass
    finally:
        await leg.end()


async def call_through_the_node(seed: int) -> None:
    random = Random(seed)
    loop = asyncio.get_running_loop()
    network = Network(loop.call_later, loop.time, seed=seed, weather=STORM)
    alice, bob, desk = (Phone(network, f"10.0.0.{n}", seed=seed * 4 + n) for n in (1, 2, 3))
    answered = False
    async with Supervisor() as supervisor:
        node = Node(network, supervisor, callees=(bob.host, desk.host))
        await node.directory.reload()
        callees = [
            asyncio.ensure_future(callee(phone, Random(seed + n))) for n, phone in enumerate((bob, desk))
        ]
        leg = alice.agent.dial(target(node.phone.host), offer=OFFER, caller=ALICE, call="c")
        try:
            async with asyncio.timeout(random.choice((0.2, 2.0, 60.0, 60.0))):
                while not isinstance(event := await leg.receive(), Answered | Refused | Ended):
                    pass
                answered = isinstance(event, Answered)
            if answered:
                async with asyncio.timeout(100):
                    await talk(leg, random, offer=OFFER)
        except TimeoutError:
            pass
        finally:
            await leg.end()
        await asyncio.sleep(60 + 2 * LONGEST_S)
        for each in callees:
            each.cancel()
        await asyncio.gather(*callees, return_exceptions=True)
        await asyncio.sleep(2 * LONGEST_S)
        for phone in (alice, bob, desk):
            phone.assert_clean()
        node.assert_clean()
        for cdr in node.cdrs.values():
            assert cdr.ended_at is not None, network.transcript()
            if answered:
                assert cdr.disposition == "answered", network.transcript()
        assert len(node.cdrs) <= 1, "one call, one record"


@pytest.mark.parametrize("batch", range(SEEDS // BATCH))
def test_a_call_through_the_node_leaves_only_its_record(batch: int) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        try:
            run_virtual(partial(call_through_the_node, seed))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
