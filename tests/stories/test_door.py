"""The door over a wire that loses and doubles datagrams: phones are heard, guessers and scanners end in silence."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import count

import pytest

from pbx.core.events import EventBus
from pbx.feature.directory import Directory, Entry
from pbx.feature.door import Door, DoorPorts
from pbx.feature.identify import Identify
from pbx.model.extension import Extension
from pbx.sip.build import request_of, response_to
from pbx.sip.digest import Challenger, authorize
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import STORM, Network
from tests.stories.office import LONGEST_S, Phone

URI = "sip:pbx.example"
NODE = Hop("UDP", "10.0.0.9", 5060)
PASSWORDS = {"101": "right-101", "102": "right-102"}


class Node:
    """The door, the digest check and an answer; what a registrar does with it is another test's story."""

    def __init__(self, network: Network) -> None:
        clock = LoopClock()
        self.door = Door(DoorPorts(bus=EventBus(), clock=clock, exists=PASSWORDS.__contains__))
        self.phone = Phone(network, "10.0.0.9", seed=1, turns_away=self.door.turns_away)
        self.phone.plug.listener = self
        self.phone.agent.on_request = self.answer
        self.read: Counter[str] = Counter()
        directory = Directory(_entries)
        self._loaded = directory.reload()
        self._identify = Identify(
            Challenger(b"k" * 32, "bellwire", ("MD5",), 300.0),
            directory,
            monotonic=clock.monotonic,
            door=self.door,
        )

    async def start(self) -> None:
        await self._loaded

    async def answer(self, request: Request, hop: Hop) -> Response:
        self._identify.extension(request, hop)
        return response_to(request, 200, to_tag="t")

    # The wire asks as the sockets do.

    def received(self, data: bytes, hop: Hop) -> None:
        if not self.door.shuts_out(hop.remote_host):
            self.read[hop.remote_host] += 1
            self.phone.driver.received(data, hop)

    def received_message(self, message: Request | Response, hop: Hop, raw: bytes = b"") -> None:
        self.phone.driver.received_message(message, hop, raw)

    def undeliverable(self, hop: Hop) -> None:
        self.phone.driver.undeliverable(hop)


async def _entries() -> dict[str, Entry]:
    return {
        number: Entry(Extension(number=number, name=number), password)
        for number, password in PASSWORDS.items()
    }


_serial = count()


async def register(phone: Phone, user: str, password: str, agent: str = "") -> int:
    """The final status, 408 for silence. A challenge is answered, also a second one because the first was stale."""
    status, value = 401, None
    call_id = f"c{next(_serial)}"
    for cseq in range(1, 4):
        headers = (("Authorization", value),) if value else ()
        request = request_of(
            "REGISTER", URI, from_=f"<sip:{user}@x>;tag=1", to=f"<sip:{user}@x>", call_id=call_id, cseq=cseq,
            headers=(*headers, ("User-Agent", agent or "phone")),
        )  # fmt: skip
        response = await phone.agent.request(request, NODE)
        status = response.status
        if status != 401:
            break
        value = authorize(
            response.headers.all("WWW-Authenticate"),
            method="REGISTER", uri=URI, username=user, password=password, cnonce="c",
        )  # fmt: skip
    return status


@pytest.mark.parametrize("seed", range(8))
def test_phones_are_heard_through_storm_and_attack(seed: int) -> None:
    async def main() -> None:
        network = Network(
            asyncio.get_running_loop().call_later,
            asyncio.get_running_loop().time,
            seed=seed,
            weather=STORM,
        )
        node = Node(network)
        await node.start()
        alice, bob = Phone(network, "203.0.113.1", seed=2), Phone(network, "203.0.113.2", seed=3)
        guesser, scanner = Phone(network, "203.0.113.8", seed=4), Phone(network, "203.0.113.9", seed=5)
        mute = Phone(network, "203.0.113.10", seed=6)
        for phone, user in ((alice, "101"), (bob, "102")):
            assert await until_registered(phone, user) == 200

        guesses = [await register(guesser, "101", f"guess-{number}") for number in range(14)]
        scans = await asyncio.gather(*(register(scanner, f"9{number}", "x") for number in range(30)))
        assert await register(mute, "101", PASSWORDS["101"], "friendly-scanner") == 408
        for _ in range(3):
            for phone, user in ((alice, "101"), (bob, "102")):
                assert await until_registered(phone, user) == 200

        assert 200 not in (*guesses, *scans)
        reasons = {ban.address: ban.reason for ban in node.door.bans.everything()}
        assert reasons.pop("203.0.113.9") == "unknown_extensions"
        assert set(reasons) <= {"203.0.113.8"}  # patient, or the storm held it up
        before = node.read["203.0.113.9"]
        assert await register(scanner, "101", PASSWORDS["101"]) == 408
        assert node.read["203.0.113.9"] == before  # not even read
        await asyncio.sleep(2 * LONGEST_S)
        for phone in (node.phone, alice, bob, guesser, scanner, mute):
            phone.assert_clean()

    run_virtual(main)


async def until_registered(phone: Phone, user: str) -> int:
    """A storm may eat all eleven copies of a request; a phone tries again. It is never refused."""
    for _ in range(4):
        status = await register(phone, user, PASSWORDS[user])
        if status != 408:
            return status
    return 408
