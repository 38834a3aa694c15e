"""Which registered phones can be rung: asked, believed after two misses, told, and rung accordingly."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from pbx.core.events import EventBus, Subscription
from pbx.feature.reachability import MISSES, Reachability
from pbx.feature.registrar import LATE_S, Registrar
from pbx.model.binding import Binding
from pbx.model.registration import Reachable, Unreachable
from pbx.sip.build import response_to
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from tests.fakes.clock import FakeClock
from tests.feature.test_registrar import Office


def binding(contact: str = "sip:101@10.0.0.5", **more: object) -> Binding:
    made = Binding(
        extension="101",
        contact_uri=contact,
        transport="UDP",
        source_host="10.0.0.5",
        source_port=5060,
        expires_at=4e9,
        call_id="x",
        cseq=1,
        registered_at=0.0,
    )
    return msgspec.structs.replace(made, **more)


class Street:
    """Phones that answer with a status, and connections that stand or not."""

    def __init__(self, *bindings: Binding) -> None:
        self.office = Office()
        self.registrar: Registrar = self.office.registrar
        self.registrar._bindings["101"] = list(bindings)
        self.clock: FakeClock = self.office.clock
        self.bus: EventBus = self.office.bus
        self.status = 200
        self.took_s = 0.02
        self.open: set[int] = set()
        self.asked: list[tuple[Request, Hop]] = []
        self.reach = Reachability(
            self.registrar,
            ask=self.ask,
            bus=self.bus,
            clock=self.clock,
            is_open=lambda number: number in self.open,
            interval_s=60,
            address=lambda _: "10.0.0.1",
            random=lambda: 0.5,
        )
        self.registrar.can_be_rung = self.reach.can_be_rung

    async def ask(self, request: Request, hop: Hop) -> Response:
        self.asked.append((request, hop))
        self.clock.advance(self.took_s)
        return response_to(request, self.status)

    async def turn(self) -> list[str]:
        """One second of life; the contacts that were asked."""
        due = self.reach._due()
        for each in due:
            await self.reach.check(each)
        self.clock.advance(1)
        return [each.contact_uri for each in due]

    async def turns(self, seconds: int) -> int:
        return sum([len(await self.turn()) for _ in range(seconds)])

    def targets(self) -> list[tuple[str, float]]:
        return [(each.uri, each.delay_s) for each in self.registrar.targets("101")]


def told(subscription: Subscription) -> list[object]:
    found: list[object] = [each.event for each in subscription._queue]
    subscription._queue.clear()
    return found


async def test_a_phone_is_asked_soon_and_then_now_and_then() -> None:
    street = Street(binding(path=("<sip:edge.example;lr>",)))
    events = street.bus.subscribe("registration")
    assert street.reach.of(binding()).reachable is None
    assert await street.turns(3) == 1
    request, hop = street.asked[0]
    assert (request.method, request.uri) == ("OPTIONS", "sip:101@10.0.0.5")
    assert request.headers.all("Route") == ["<sip:edge.example;lr>"]
    assert hop == Hop("UDP", "10.0.0.5", 5060)
    reach = street.reach.of(binding())
    assert reach.reachable is True
    assert reach.round_trip_ms == pytest.approx(20)
    assert told(events) == [Reachable(extension="101", contact_uri="sip:101@10.0.0.5")]
    assert await street.turns(57) == 0
    assert await street.turns(10) == 1
    assert told(events) == []


@pytest.mark.parametrize("status", [404, 405, 481, 486, 501])
async def test_any_answer_is_a_phone(status: int) -> None:
    street = Street(binding())
    street.status = status
    await street.turns(3)
    assert street.reach.of(binding()).reachable is True


async def test_one_lost_question_is_no_verdict_and_two_are() -> None:
    street = Street(binding())
    events = street.bus.subscribe("registration")
    street.status = 408
    await street.turns(3)
    assert street.reach.of(binding()).reachable is None
    assert street.reach.can_be_rung(binding())
    assert await street.turns(8) == MISSES - 1
    assert street.reach.of(binding()).reachable is False
    (event,) = told(events)
    assert isinstance(event, Unreachable)
    street.status = 200
    assert await street.turns(31) == 1
    assert street.reach.of(binding()).reachable is True
    assert isinstance(told(events)[0], Reachable)


async def test_a_closed_connection_needs_no_question() -> None:
    phone = binding(transport="TLS", connection=7)
    street = Street(phone)
    street.open = {7}
    await street.turns(3)
    assert street.reach.can_be_rung(phone)
    street.open = set()
    assert not street.reach.can_be_rung(phone)
    assert await street.turns(2) == 0
    assert street.reach.of(phone).reachable is False


async def test_a_phone_that_moved_is_asked_at_once() -> None:
    street = Street(binding())
    await street.turns(3)
    street.registrar._bindings["101"] = [binding(source_port=6000)]
    assert await street.turns(3) == 1
    assert street.asked[-1][1].remote_port == 6000


async def test_phones_that_are_gone_ring_late_or_alone() -> None:
    here, gone = binding("sip:here@10.0.0.5", q=0.5), binding("sip:gone@10.0.0.6")
    street = Street(here, gone)
    dead: Callable[[Binding], bool] = lambda each: each.contact_uri == here.contact_uri  # noqa: E731
    street.registrar.can_be_rung = dead
    assert street.targets() == [(here.contact_uri, 0.0), (gone.contact_uri, LATE_S)]
    street.registrar.can_be_rung = lambda _: False
    assert street.targets() == [(gone.contact_uri, 0.0), (here.contact_uri, 0.0)]


async def test_one_flow_of_a_phone_rings_the_one_that_stands() -> None:
    flows = [
        binding("sip:a@10.0.0.5", instance_id='"<urn:uuid:1>";1', expires_at=4e9, connection=1),
        binding("sip:b@10.0.0.5", instance_id='"<urn:uuid:1>";2', expires_at=4e9 + 1, connection=2),
        binding("sip:c@10.0.0.9", instance_id='"<urn:uuid:2>";1', connection=3),
    ]
    street = Street(*flows)
    street.open = {1, 2, 3}
    assert [uri for uri, _ in street.targets()] == ["sip:b@10.0.0.5", "sip:c@10.0.0.9"]
    street.open = {1, 3}
    assert street.targets() == [("sip:a@10.0.0.5", 0.0), ("sip:c@10.0.0.9", 0.0)]
