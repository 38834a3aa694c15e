"""Two user agents on one network in memory: what every story about whole calls starts from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from itertools import count
from random import Random
from typing import Any

from pbx.model.leg_event import Ended, LegEvent
from pbx.model.party import DialTarget, Party
from pbx.sip.endpoint import Endpoint
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.timers import Timers
from pbx.transport.agent import Agent
from pbx.transport.driver import Driver
from pbx.transport.leg_host import AgentSettings
from pbx.transport.sip_leg import SipLeg
from tests.fakes.clock import LoopClock
from tests.fakes.wire import CALM, Network, Plug, Weather

OFFER = b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
ANSWER = b"v=0\r\no=- 2 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n"
OFFER_2 = OFFER.replace(b"o=- 1 1", b"o=- 1 2")
ANSWER_2 = ANSWER.replace(b"o=- 2 1", b"o=- 2 2")
ALICE = Party("101", "Alice")
LONGEST_S = 40.0
"""After this much silence every machine has ended (64·T1 and a little)."""


class Phone:
    """An agent at an address, with the legs that came in."""

    def __init__(
        self,
        network: Network,
        host: str,
        *,
        seed: int,
        settings: AgentSettings | None = None,
        timers: Timers | None = None,
        turns_away: Callable[[Request, Hop], bool] | None = None,
    ) -> None:
        self.host = host
        self.network = network
        self.incoming: asyncio.Queue[SipLeg] = asyncio.Queue()
        random = Random(seed)
        serial = count()
        loop = asyncio.get_running_loop()
        self.plug: Plug = network.plug(host, 5060)
        self.endpoint = Endpoint(
            new_branch=lambda: f"{host}-{next(serial)}",
            new_tag=lambda: f"t{next(serial)}",
            counters={},
            server_name="test",
            timers=timers,
            turns_away=turns_away,
        )
        self.driver = Driver(self.endpoint, self.plug, clock=LoopClock(loop))
        self.plug.listener = self.driver
        self.agent = Agent(
            driver=self.driver,
            clock=LoopClock(loop),
            local_address=lambda remote: host,
            local_port=5060,
            settings=settings,
            new_tag=lambda: f"tag-{host}-{next(serial)}",
            new_call_id=lambda: f"call-{host}-{next(serial)}",
            random=random.random,
        )
        self.agent.on_invite = self.incoming.put_nowait

    def dial(
        self, other: Phone, *, offer: bytes | None = OFFER, caller: Party = ALICE, **more: Any
    ) -> SipLeg:
        return self.agent.dial(target(other.host), offer=offer, caller=caller, call="c1", **more)

    def assert_clean(self) -> None:
        """Nothing of any call is left."""
        assert len(self.agent) == 0, f"legs left: {list(self.agent._legs.values())}"
        assert self.driver.live == 0, f"{self.driver.live} transactions left"
        assert not self.driver._clients, "client handles left"
        assert not self.driver._servers, "server handles left"
        assert not self.driver._running, f"timers left: {list(self.driver._running)}"
        assert len(self.driver.timers) == 0, "leg timers left"
        assert len(self.agent._tasks) == 0, "tasks left"


def target(host: str, transport: str = "UDP") -> DialTarget:
    return DialTarget(f"sip:102@{host}", f"sip:102@{host}", transport=transport, host=host, port=5060)


class Office:
    """Two phones, and the network between them."""

    def __init__(self, seed: int = 0, weather: Weather = CALM, **more: Any) -> None:
        loop = asyncio.get_running_loop()
        self.network = Network(loop.call_later, loop.time, seed=seed, weather=weather)
        self.alice = Phone(self.network, "10.0.0.1", seed=seed * 2, **more)
        self.bob = Phone(self.network, "10.0.0.2", seed=seed * 2 + 1, **more)
        self.phones = [self.alice, self.bob]

    async def settle(self) -> None:
        """Let every machine run to its end, and see that nothing is left."""
        await asyncio.sleep(2 * LONGEST_S)
        for phone in self.phones:
            phone.assert_clean()

    async def call(self) -> tuple[SipLeg, SipLeg]:
        """An answered call in good weather."""
        a = self.alice.dial(self.bob)
        b = await self.bob.incoming.get()
        answering = asyncio.ensure_future(b.answer(ANSWER))
        event = await a.receive()
        assert getattr(event, "sdp", None) == ANSWER, event
        await answering
        return a, b


async def until_ended(leg: SipLeg) -> list[LegEvent]:
    """Everything the leg still says, `Ended` last."""
    events: list[LegEvent] = []
    while True:
        events.append(await leg.receive())
        if isinstance(events[-1], Ended):
            return events


async def quietly(doing: Coroutine[Any, Any, Any], *errors: type[BaseException]) -> None:
    """Run it; these errors are a way to end."""
    with suppress(*errors):
        await doing
