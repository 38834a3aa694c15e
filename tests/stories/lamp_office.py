"""A node with lamps, and phones with keys that watch others, on the network in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar
from xml.etree import ElementTree

import msgspec

from pbx.core.events import EventBus
from pbx.core.tasks import Supervisor
from pbx.feature.event_packages import DialogPackage, PresencePackage, SummaryPackage
from pbx.feature.extension_fold import ExtensionFold
from pbx.feature.gatekeeper import Gatekeeper
from pbx.feature.lamps import Lamps, LampsPorts
from pbx.feature.message_notice import MessageNotice
from pbx.feature.named_lamps import Lamp, NamedLamps
from pbx.model.binding import Binding
from pbx.model.call_event import CallEvent
from pbx.model.party import DialTarget
from pbx.sip.build import request_of, response_to
from pbx.sip.effects import TransactionId
from pbx.sip.endpoint import Endpoint
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.message_summary import Waiting
from pbx.store.errors import DiskFullError
from pbx.transport.dialling import FinalResponse
from pbx.transport.driver import Driver
from pbx.transport.notifier import Notifier
from tests.fakes.clock import LoopClock
from tests.fakes.wire import Network
from tests.stories.office import Phone
from tests.stories.test_through_the_node import ByName, Node

T = TypeVar("T")
NODE = "10.0.0.9"
D = "{urn:ietf:params:xml:ns:dialog-info}"
P = "{urn:ietf:params:xml:ns:pidf}"


class Shelf:
    """A state store in memory; what is in it outlives a node."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}
        self.full = False

    async def with_prefix(self, prefix: str, kind: type[T]) -> dict[str, T]:
        return {
            key: msgspec.json.decode(text, type=kind)
            for key, text in self.rows.items()
            if key.startswith(prefix)
        }

    async def change(self, put: Mapping[str, object], remove: Iterable[str] = ()) -> None:
        if self.full:
            raise DiskFullError("the disk is full")
        for key in remove:
            self.rows.pop(key, None)
        self.rows.update({key: msgspec.json.encode(value) for key, value in put.items()})


class Phones:
    """Extension 102 is registered at one address, or at none."""

    def __init__(self, hosts: tuple[str, ...]) -> None:
        self.hosts = hosts

    def targets(self, number: str) -> list[DialTarget]:
        return [_phone(host) for host in self.hosts] if number == "102" else []

    def bindings(self, number: str) -> list[Binding]:
        return []


def _phone(host: str) -> DialTarget:
    return DialTarget(
        f"sip:102@{host}", f"sip:102@{host}", host=host, port=5060, label="102", extension="102"
    )


class Slots:
    """A source of named lamps: `*681` shines while it is in `taken`."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def lamp(self, name: str, subscriber: str) -> Lamp | None:
        return Lamp(name in self.taken, "Slot") if name.startswith("*68") else None


class Mail:
    def __init__(self) -> None:
        self.boxes: dict[str, Waiting] = {}

    def waiting(self, extension: str) -> Waiting | None:
        return self.boxes.get(extension)


class LampNode(Node):
    """A node that also answers SUBSCRIBE."""

    def __init__(
        self, network: Network, supervisor: Supervisor, *, shelf: Shelf, callees: tuple[str, ...]
    ) -> None:
        super().__init__(network, supervisor, callees=callees)
        self.bus = EventBus()
        self.slots = Slots()
        self.mail = Mail()
        self.fold = ExtensionFold()
        self.registered: dict[tuple[str, str], Hop] = {}
        self.bindings: list[Binding] = []
        agent = self.phone.agent
        phones: Any = Phones(callees)
        agent._methods = frozenset({"REGISTER", "OPTIONS", "SUBSCRIBE"})
        clock = LoopClock()
        serial = count(1)
        self.notifier = Notifier(
            agent,
            (
                DialogPackage(self.directory, self.fold, NamedLamps([self.slots]), self.switch.dialog_name),
                PresencePackage(self.directory, self.fold, lambda number: number == "102"),
                SummaryPackage(self.mail),
            ),
            new_tag=lambda: f"sub{next(serial)}-{id(self)}",
            locate=lambda number, uri: self.registered.get((number, uri)),
            wall=lambda: clock.monotonic() + 1_000_000,
        )
        identify: Any = ByName()
        state: Any = shelf
        self.lamps = Lamps(
            LampsPorts(
                identify=identify,
                directory=self.directory,
                fold=self.fold,
                notifier=self.notifier,
                notice=MessageNotice(lambda _: self.bindings, ask=agent.request, address=lambda _: NODE),
                mailboxes=self.mail,
                reachable=lambda number: number == "102",
                calls=lambda: self.switch,
                bus=self.bus,
                state=state,
            )
        )
        agent.on_refresh = self.notifier.refreshed
        door = Gatekeeper(
            identify=identify,
            registrar=phones,
            switch=self.switch,
            new_tag=lambda: f"g{next(serial)}",
            subscribe=self.lamps.subscribe,
        )
        agent.on_request = door.request
        publish = self.log.publish

        def publish_too(event: CallEvent) -> None:
            publish(event)
            self.bus.publish("call", event)

        self.log.publish = publish_too  # type: ignore[method-assign]
        self.running = supervisor.spawn("lamps", self.lamps.run())

    async def stop(self) -> None:
        """An orderly stop: what is subscribed goes on in the next node."""
        await self.lamps.close()
        self.running.cancel()
        await self.phone.agent.close()


@dataclass(frozen=True, slots=True)
class Told:
    """One NOTIFY: its sequence number, what Subscription-State says, and the body."""

    at: float
    cseq: int
    state: str
    body: bytes


class DeskPhone:
    """A phone with lamps, made of a bare endpoint. `answer` is what NOTIFYs get."""

    def __init__(self, network: Network, host: str, number: str, *, says: str = "") -> None:
        """`says`: the address it believes to have, behind a router that shows `host`."""
        self.host = host
        self.says = says or host
        self.number = number
        self.answer = 200
        self.transport = "UDP"
        self.told: dict[str, list[Told]] = {}
        self.unasked: list[Request] = []
        serial = count(1)
        self.clock = LoopClock()
        self.plug = network.plug(host, 5060)
        endpoint = Endpoint(
            new_branch=lambda: f"{host}-{next(serial)}",
            new_tag=lambda: f"d{next(serial)}",
            counters={},
            server_name="desk",
        )
        self.driver = Driver(endpoint, self.plug, clock=self.clock)
        self.plug.listener = self.driver
        self.driver.user = self
        self._calls = count(1)
        self._heard = asyncio.Event()

    # -- RequestUser -----------------------------------------------------------------------------------------------

    def requested(self, transaction: TransactionId, request: Request, hop: Hop) -> None:
        assert request.method == "NOTIFY"
        if not request.to_tag:
            self.unasked.append(request)
            self.driver.respond(transaction, response_to(request, 200, to_tag="desk"))
            return
        told = self.told.setdefault(request.call_id, [])
        if self.answer < 300:
            number = request.cseq.number
            assert not told or number > told[-1].cseq, "a phone would refuse what is out of order"
            state = request.headers.get("Subscription-State") or ""
            told.append(Told(self.clock.monotonic(), number, state, request.body))
        self.driver.respond(transaction, response_to(request, self.answer))
        self._heard.set()

    # -- asking ----------------------------------------------------------------------------------------------------

    async def subscribe(
        self,
        event: str,
        resource: str,
        *,
        expires: int | None = 3600,
        call_id: str = "",
        to_tag: str = "",
        cseq: int = 1,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Response:
        """The final response. Give the Call-ID and tag of an earlier one to refresh it."""
        call_id = call_id or f"{self.host}-{next(self._calls)}"
        more = (("Expires", str(expires)),) if expires is not None else ()
        request = request_of(
            "SUBSCRIBE",
            f"sip:{resource}@{NODE}",
            from_=f"<sip:{self.number}@{NODE}>;tag=desk",
            to=f"<sip:{resource}@{NODE}>" + (f";tag={to_tag}" if to_tag else ""),
            call_id=call_id,
            cseq=cseq,
            headers=(("Contact", f"<sip:{self.number}@{self.says}:5060>"), ("Event", event), *more, *headers),
        )
        final = FinalResponse(request)
        self.driver.request(request, Hop(self.transport, NODE, 5060, self.says, 5060), final)
        return await final.arrived

    # -- looking ---------------------------------------------------------------------------------------------------

    def last(self, call_id: str) -> Told:
        return self.told[call_id][-1]

    def lamp(self, call_id: str) -> str:
        """What a phone shows: "off", "early", "trying", "confirmed" or "held", with the direction's first letter."""
        root = ElementTree.fromstring(self.last(call_id).body)
        assert root.get("state") == "full"
        shown = []
        for dialog in root.iter(f"{D}dialog"):
            state = dialog.findtext(f"{D}state") or ""
            if state != "terminated":
                held = dialog.find(f"{D}local/{D}target/{D}param") is not None
                shown.append(f"{'held' if held else state} {(dialog.get('direction') or '?')[0]}")
        return ", ".join(shown) or "off"

    async def shows(self, call_id: str, wanted: str, within_s: float = 60.0) -> None:
        await self.until(lambda: call_id in self.told and self.lamp(call_id) == wanted, wanted, within_s)

    async def until(self, is_so: Callable[[], bool], what: str, within_s: float = 60.0) -> None:
        try:
            async with asyncio.timeout(within_s):
                while not is_so():
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            bodies = {name: told[-1].body.decode() for name, told in self.told.items()}
            raise AssertionError(f"never so: {what}; told {bodies}") from None


def desk(network: Network, number: str = "103", host: str = "10.0.0.3") -> DeskPhone:
    return DeskPhone(network, host, number)


def softphones(network: Network) -> tuple[Phone, Phone]:
    """101 and 102."""
    return Phone(network, "10.0.0.1", seed=1), Phone(network, "10.0.0.2", seed=2)
