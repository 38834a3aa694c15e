"""The short way of a REGISTER against the long one: what it answers, what it leaves alone, what it does to bindings."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.core.events import EventBus
from pbx.feature.directory import Directory, Entry
from pbx.feature.door import Door, DoorPorts
from pbx.feature.identify import Identify
from pbx.feature.refresh import REMEMBERED_S, Refreshes
from pbx.feature.registrar import Registrar, RegistrarPorts
from pbx.model.ban import BanWrite
from pbx.model.binding import Binding
from pbx.model.extension import Extension
from pbx.sip.binding import Limits
from pbx.sip.digest import Challenger, authorize
from pbx.sip.endpoint import Endpoint
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.parser import parse
from pbx.transport.agent import Agent
from pbx.transport.driver import Driver
from tests.fakes.clock import FakeClock

PHONE = Hop("UDP", "198.51.100.7", 5062)
URI = "sip:pbx.example"


class Disk:
    """Counts what is written."""

    def __init__(self) -> None:
        self.kept: dict[str, Binding] = {}
        self.writes = 0

    async def load(self) -> list[Binding]:
        return list(self.kept.values())

    async def apply(self, put: Sequence[Binding], remove: Sequence[Binding]) -> None:
        self.writes += 1
        for each in remove:
            self.kept.pop(each.contact_uri, None)
        self.kept.update({each.contact_uri: each for each in put})


class Node:
    """A registrar behind a driver, whose wire is a list. `short` has the short way too."""

    def __init__(self, *, short: bool) -> None:
        self.clock = FakeClock()
        self.disk = Disk()
        self.sent: list[bytes] = []
        self.enabled = True
        self.long_ones = 0
        self.directory = Directory(self._entries)
        self.door = Door(DoorPorts(bus=EventBus(), clock=self.clock, exists=lambda number: number == "101"))
        self.identify = Identify(
            Challenger(b"s" * 32, "bellwire", ("SHA-256", "MD5"), 300.0),
            self.directory,
            monotonic=self.clock.monotonic,
            door=self.door,
        )
        self.registrar = Registrar(
            RegistrarPorts(
                identify=self.identify,
                store=self.disk,
                bus=EventBus(),
                clock=self.clock,
                limits=Limits(),
                new_tag=lambda: "ours",
            )
        )
        endpoint = Endpoint(
            new_branch=lambda: "b", new_tag=lambda: "ours", counters={}, turns_away=self.door.turns_away
        )
        self.driver = Driver(endpoint, self, clock=self.clock)
        self.agent = Agent(
            driver=self.driver,
            clock=self.clock,
            local_address=lambda _: "192.0.2.1",
            local_port=5060,
            new_tag=lambda: "ours",
        )
        self.agent.on_request = self._long
        self.refreshes = Refreshes(
            self.registrar, self.identify, self.door, clock=self.clock, new_tag=lambda: "ours"
        )
        if short:
            self.driver.short_way = self.refreshes

    async def _entries(self) -> dict[str, Entry]:
        return {"101": Entry(Extension(number="101", name="Alice", enabled=self.enabled), "one")}

    def _long(self, request: Request, hop: Hop) -> Awaitable[Response]:
        self.long_ones += 1
        return self.registrar.register(request, hop)

    def send(self, data: bytes, hop: Hop) -> bool:
        self.sent.append(data)
        return True

    def is_open(self, connection: int) -> bool:
        return False

    async def ask(self, data: bytes) -> Response:
        """The one answer to a datagram."""
        before = len(self.sent)
        self.driver.received(data, PHONE)
        for _ in range(20):
            if len(self.sent) > before:
                break
            await asyncio.sleep(0)
        (answer,) = self.sent[before:]
        return _response(answer)


class Phone:
    """Registers as phones do: without credentials, then with them."""

    def __init__(self, node: Node, *, more: str = "", contact: str = "<sip:101@10.0.0.5:5062>") -> None:
        self.node = node
        self.more = more
        self.contact = contact
        self.call_id = "one@phone"
        self.cseq = 0
        self.last = b""

    def message(self, *more: str) -> bytes:
        self.cseq += 1
        lines = [
            f"REGISTER {URI} SIP/2.0",
            f"Via: SIP/2.0/UDP 10.0.0.5:5062;branch=z9hG4bK{self.call_id[:3]}{self.cseq * 7919};rport",
            "Max-Forwards: 70",
            f'From: "Alice" <sip:101@pbx.example>;tag=t{self.cseq}',
            "To: <sip:101@pbx.example>",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.cseq} REGISTER",
            f"Contact: {self.contact}",
            "Expires: 600",
            *([self.more] if self.more else []),
            *more,
            "User-Agent: Phone 1.0",
            "Content-Length: 0",
        ]
        self.last = ("\r\n".join(lines) + "\r\n\r\n").encode()
        return self.last

    def proof(self, challenge: Response, password: str = "one") -> str:
        value = authorize(
            challenge.headers.all("WWW-Authenticate"),
            method="REGISTER",
            uri=URI,
            username="101",
            password=password,
            cnonce="c",
        )
        return f"Authorization: {value}"

    async def register(self, password: str = "one") -> Response:
        challenge = await self.node.ask(self.message())
        assert challenge.status == 401
        return await self.node.ask(self.message(self.proof(challenge, password)))


async def node_with(*, short: bool = True) -> Node:
    node = Node(short=short)
    await node.directory.reload()
    return node


def plain(response: Response) -> list[tuple[str, str]]:
    """All of a response that does not differ each time."""
    lines = sorted((name, re.sub(r'nonce="[^"]*"', "", value)) for name, value in response.headers.items())
    return [*lines, ("status", f"{response.status} {response.reason}")]


@pytest.mark.parametrize("more", ["", "Supported: outbound, path\r\nAllow: INVITE, ACK", "Supported: gruu"])
@pytest.mark.parametrize(
    "contact",
    [
        "<sip:101@10.0.0.5:5062>",
        "<sip:101@10.0.0.5:5062;transport=udp>;q=0.5;expires=120",
        '<sip:101@10.0.0.5:5062>;+sip.instance="<urn:uuid:1>";reg-id=1',
    ],
)
async def test_both_ways_give_the_same_answers(more: str, contact: str) -> None:
    nodes = [await node_with(short=False), await node_with()]
    phones = [Phone(node, more=more, contact=contact) for node in nodes]
    for turn in range(4):
        for node in nodes:
            node.clock.advance(50)
        for call_id in ("one@phone", "one@phone", f"two{turn}@phone"):
            for phone in phones:
                phone.call_id = call_id
            challenges = [await phone.node.ask(phone.message()) for phone in phones]
            assert plain(challenges[0]) == plain(challenges[1])
            answers = [
                await phone.node.ask(phone.message(phone.proof(challenge)))
                for phone, challenge in zip(phones, challenges, strict=True)
            ]
            assert answers[0].status == 200
            assert plain(answers[0]) == plain(answers[1])
            assert nodes[0].registrar.all_bindings() == nodes[1].registrar.all_bindings()
    assert nodes[1].long_ones < nodes[0].long_ones / 3


async def test_a_refresh_is_written_only_when_a_restart_would_lose_it() -> None:
    node = await node_with()
    phone = Phone(node)
    for _ in range(40):
        node.clock.advance(300)
        assert (await phone.register()).status == 200
        (binding,) = node.registrar.all_bindings()
        (kept,) = node.disk.kept.values()
        assert kept.expires_at >= binding.expires_at
    assert node.disk.writes < 20


async def test_a_request_that_comes_again_gets_the_same_answer() -> None:
    node = await node_with()
    phone = Phone(node)
    await phone.register()
    await phone.register()
    await phone.register()
    long_ones, answer = node.long_ones, node.sent[-1]
    for _ in range(3):
        node.clock.advance(REMEMBERED_S / 4)
        await node.ask(phone.last)
        assert node.sent[-1] == answer
    assert node.long_ones == long_ones


async def test_a_replay_is_no_registration() -> None:
    node = await node_with()
    phone = Phone(node)
    await phone.register()
    await phone.register()
    await phone.register()
    replayed = phone.last.replace(b"z9hG4bKone", b"z9hG4bKtwo")
    assert (await node.ask(replayed)).status == 401


async def test_a_wrong_password_takes_the_long_way_and_counts() -> None:
    node = await node_with()
    phone = Phone(node)
    for _ in range(3):
        assert (await phone.register()).status == 200
    assert (await phone.register(password="two")).status == 403
    assert node.door.refused() or node.door.failures
    long_ones = node.long_ones
    assert (await phone.register()).status == 200
    assert node.long_ones == long_ones + 2, "an address with a past is judged with all that is known"


async def test_another_word_takes_the_long_way() -> None:
    node = await node_with()
    phone = Phone(node)
    for _ in range(3):
        await phone.register()
    long_ones = node.long_ones
    phone.more = "Require: nonsense"
    assert (await node.ask(phone.message())).status == 420
    assert node.long_ones == long_ones  # refused before anybody was asked
    phone.more, phone.contact = "", "*"
    assert (await node.ask(phone.message())).status == 401
    assert node.long_ones == long_ones + 1


async def test_an_extension_that_is_switched_off_registers_no_more() -> None:
    node = await node_with()
    phone = Phone(node)
    for _ in range(3):
        await phone.register()
    node.enabled = False
    await node.directory.reload()
    assert (await phone.register()).status == 403


async def test_at_a_banned_address_the_long_way_decides() -> None:
    node = await node_with()
    phone = Phone(node)
    for _ in range(3):
        await phone.register()
    node.door.ban(BanWrite(address=PHONE.remote_host))
    long_ones = node.long_ones
    assert (await phone.register()).status == 200, "it is at home there"
    assert node.long_ones == long_ones + 2


async def test_a_cseq_that_does_not_rise_takes_the_long_way() -> None:
    node = await node_with()
    phone = Phone(node)
    for _ in range(3):
        await phone.register()
    phone.cseq = 1
    challenge = await node.ask(phone.message().replace(b"z9hG4bK", b"z9hG4bKx"))
    late = phone.message(phone.proof(challenge)).replace(b"z9hG4bK", b"z9hG4bKx")
    assert (await node.ask(late)).status == 500


async def test_a_removed_binding_does_not_come_back() -> None:
    node = await node_with()
    phone = Phone(node)
    for _ in range(3):
        await phone.register()
    await node.registrar.prune(lambda _: False)
    assert not node.registrar.all_bindings()
    assert not node.disk.kept
    long_ones = node.long_ones
    assert (await phone.register()).status == 200
    assert node.long_ones > long_ones
    assert node.disk.kept


@given(
    proved=st.booleans(),
    place=st.integers(0, 10_000),
    byte=st.sampled_from(b'\r\n\t ,;:<>@"\\=%019aAzZ\x00\x7f\xff'),
)
def test_whatever_byte_is_another_both_ways_say_the_same(proved: bool, place: int, byte: int) -> None:
    asyncio.run(_say_the_same(proved, place, byte))


async def _say_the_same(proved: bool, place: int, byte: int) -> None:
    nodes = [await node_with(short=False), await node_with()]
    phones = [Phone(node) for node in nodes]
    for phone in phones:
        for _ in range(3):
            await phone.register()
    challenges = [await phone.node.ask(phone.message()) for phone in phones]
    assert plain(challenges[0]) == plain(challenges[1])
    message = phones[0].message(*([phones[0].proof(challenges[0])] if proved else []))
    place %= len(message)
    changed = message[:place] + bytes([byte]) + message[place + 1 :]
    told = []
    for node in nodes:
        before = len(node.sent)
        node.driver.received(changed, PHONE)
        for _ in range(20):
            await asyncio.sleep(0)
        told.append([_lines(each) for each in node.sent[before:]])
    assert told[0] == told[1]
    assert _bound(nodes[0]) == _bound(nodes[1])


def _lines(data: bytes) -> list[bytes]:
    """The same of one that not everybody can read."""
    return sorted(re.sub(rb'nonce="[^"]*"', b"", data).split(b"\r\n"))


def _response(data: bytes) -> Response:
    message = parse(data)
    assert isinstance(message, Response)
    return message


def _bound(node: Node) -> list[Binding]:
    return sorted(node.registrar.all_bindings(), key=lambda each: each.contact_uri)
