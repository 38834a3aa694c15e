"""Text messages over a network that loses a fifth of everything: each arrives once, in order, however long it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import count
from random import Random

import msgspec
import pytest
from msgspec.structs import replace

from pbx.core.events import EventBus
from pbx.core.tasks import Supervisor
from pbx.feature.directory import Directory, Entry
from pbx.feature.gatekeeper import Gatekeeper
from pbx.feature.messages import Messages
from pbx.model.extension import Extension
from pbx.model.party import DialTarget
from pbx.model.registration import Registered
from pbx.model.text_message import TextMessage
from pbx.sip.build import request_of, response_to
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import STORM, Network
from tests.stories.office import LONGEST_S, Phone, target
from tests.stories.test_through_the_node import ByName

SEEDS = 60
TEXTS = 4
METHODS = frozenset({"MESSAGE", "OPTIONS"})


class Shelf:
    """The messages, without a disk."""

    def __init__(self) -> None:
        self.kept: dict[str, TextMessage] = {}

    async def put(self, message: TextMessage) -> None:
        self.kept[message.id] = message

    async def waiting(self, extension: str, now: datetime) -> Sequence[TextMessage]:
        return [each for each in self.kept.values() if each.delivered_at is None]

    async def extensions_waiting(self, now: datetime) -> Sequence[str]:
        return ()

    async def delivered(self, id_: str, at: datetime) -> bool:
        self.kept[id_] = msgspec.structs.replace(self.kept[id_], delivered_at=at)
        return True

    async def forget(self, now: datetime) -> int:
        return 0


class Inbox:
    """A phone that takes messages."""

    def __init__(self, network: Network, host: str, *, seed: int) -> None:
        self.phone = Phone(network, host, seed=seed)
        self.texts: list[str] = []
        self.phone.agent._methods = METHODS
        self.phone.agent.on_request = self._take

    async def _take(self, request: Request, hop: Hop) -> Response:
        self.texts.append(request.body.decode())
        return response_to(request, 200, to_tag="inbox")


async def _directory() -> dict[str, Entry]:
    return {number: Entry(Extension(number=number, name=""), "") for number in ("101", "102")}


async def messages_in_a_storm(seed: int) -> None:
    random = Random(seed)
    loop = asyncio.get_running_loop()
    network = Network(loop.call_later, loop.time, seed=seed, weather=STORM)
    alice, node = (Phone(network, f"10.0.0.{n}", seed=seed * 8 + n) for n in (1, 9))
    inboxes = [Inbox(network, f"10.0.0.{n}", seed=seed * 8 + n) for n in (2, 3)]
    registered: list[DialTarget] = []
    serial, bus, shelf = count(1), EventBus(), Shelf()
    directory = Directory(_directory)
    await directory.reload()
    messages = Messages(
        shelf,  # type: ignore[arg-type]
        directory=directory,
        targets=lambda number: registered,
        send=node.agent.request,
        bus=bus,
        clock=LoopClock(),
        address=lambda host: "10.0.0.9",
        new_id=lambda: f"m{next(serial)}",
    )
    door = Gatekeeper(
        identify=ByName(),  # type: ignore[arg-type]  # stands in for digest
        registrar=None,  # type: ignore[arg-type]  # nobody registers on the wire
        switch=None,  # type: ignore[arg-type]  # nobody calls
        new_tag=lambda: f"n{next(serial)}",
        messages=messages,
    )
    node.agent._methods = METHODS
    node.agent.on_request = door.request
    async with Supervisor() as supervisor:
        supervisor.spawn("messages", messages.run())
        accepted = []
        here_at = random.randrange(TEXTS + 1)
        for n in range(TEXTS):
            if n == here_at:
                _register(bus, registered, inboxes)
            if await _write(alice, str(n)) == 202:
                accepted.append(str(n))
            await asyncio.sleep(random.random() * 3)
        if here_at == TEXTS:
            _register(bus, registered, inboxes)
        await asyncio.sleep(20 * LONGEST_S)
        assert supervisor.failures == 0
    stored = [each.text for each in shelf.kept.values()]
    assert set(accepted) <= set(stored), "what was answered 202 is kept"
    assert len(stored) == len(set(stored)), "nothing is kept twice"
    assert all(each.delivered_at for each in shelf.kept.values())
    for inbox in inboxes:
        assert len(inbox.texts) == len(set(inbox.texts)), "a phone gets a message once"
    assert {text for inbox in inboxes for text in inbox.texts} == set(stored)
    for phone in (alice, node, *(inbox.phone for inbox in inboxes)):
        phone.assert_clean()


def _register(bus: EventBus, registered: list[DialTarget], inboxes: Sequence[Inbox]) -> None:
    for inbox in inboxes:
        registered.append(replace(target(inbox.phone.host), label="102"))
        bus.publish("registration", Registered(extension="102", contact_uri=f"sip:102@{inbox.phone.host}"))


async def _write(phone: Phone, text: str) -> int:
    request = request_of(
        "MESSAGE",
        "sip:102@10.0.0.9",
        from_=f"<sip:101@10.0.0.9>;tag={text}",
        to="<sip:102@10.0.0.9>",
        call_id=f"written-{text}",
        cseq=1,
        headers=(("Content-Type", "text/plain"),),
        body=text.encode(),
    )
    return (await phone.agent.request(request, Hop("UDP", "10.0.0.9", 5060))).status


@pytest.mark.parametrize("batch", range(3))
def test_messages_arrive_once(batch: int) -> None:
    for seed in range(batch * SEEDS // 3, (batch + 1) * SEEDS // 3):
        try:
            run_virtual(partial(messages_in_a_storm, seed))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
