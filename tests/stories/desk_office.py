"""A node whose phones transfer, park and pick up, and those phones, on the network in memory.

Extension 10N has one phone, at 10.0.0.N. A watcher's lamps show all extensions.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pbx.app.desk import Control, Desk
from pbx.call.talk import Sound
from pbx.call.transfer import LINGER_S
from pbx.core.errors import PeerError
from pbx.core.tasks import Supervisor
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory
from pbx.feature.extension import ExtensionCalls
from pbx.feature.features import Features
from pbx.feature.park import Parking
from pbx.feature.phone_first import ClickToCall, PhoneFirst
from pbx.feature.pickup import PickUp
from pbx.feature.registrar import Registrar
from pbx.feature.supervision import Supervision
from pbx.feature.transfer import Transfers
from pbx.model.call_event import LegEnded, LegLeft
from pbx.model.cdr import Cdr
from pbx.model.extension import Extension
from pbx.model.leg_event import Answered, Ended, LegFailed, Offered, Refused
from pbx.model.party import DialTarget, Party
from pbx.sip.build import response_to
from pbx.sip.effects import TransactionId
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.transport.dialling import FinalResponse
from pbx.transport.sip_leg import SipLeg
from tests.call.parts import FakeMedia
from tests.fakes.wire import CALM, Network, Weather
from tests.feature.conference.parts import FakeRoom
from tests.stories.lamp_office import NODE, DeskPhone, LampNode, Shelf
from tests.stories.office import LONGEST_S, Phone

NUMBERS = ("101", "102", "103", "104")
PARK_RETURN_S = 20.0
RING_S = 20.0


def host_of(number: str) -> str:
    return f"10.0.0.{number[-1]}"


class OnePhoneEach:
    """Every extension is registered at its own address."""

    def targets(self, number: str) -> list[DialTarget]:
        if number not in NUMBERS:
            return []
        uri, host = f"sip:{number}@{host_of(number)}", host_of(number)
        return [DialTarget(uri, uri, host=host, port=5060, label=number, extension=number)]


class _Room(FakeRoom):
    """One that ends what a stream was joined to before, as the engine's does."""

    def __init__(self, capacity: int, media: FakeMedia) -> None:
        super().__init__(capacity)
        self._media = media

    def join(self, stream: Any, *, muted: bool = False) -> None:
        super().join(stream, muted=muted)
        for label, (other, *_) in list(self._media.links.items()):
            if stream.label in (label, other):
                del self._media.links[label]


class DeskNode(LampNode):
    """A node with everything that phones do with calls at the desk."""

    def registrar(self, callees: tuple[str, ...]) -> Registrar:
        return OnePhoneEach()  # type: ignore[return-value]  # only `targets` is asked

    def dialplan(self, directory: Directory, extensions: ExtensionCalls) -> Dialplan:
        everybody = [Extension(number=each, name="", pickup_group="all") for each in NUMBERS]
        self.desk = Desk(
            transfers=Transfers(directory, lambda: self.switch),
            parking=Parking(
                OnePhoneEach().targets, redirect=extensions.redirect, return_after_s=PARK_RETURN_S
            ),
            pick_up=PickUp(lambda: self.switch, lambda: everybody, lambda: ()),
        )
        features = Features()
        self.desk.register(features)
        plan = Dialplan(
            features=features, directory=directory, extensions=extensions, transfers=self.desk.transfers
        )

        self.rooms: list[_Room] = []
        first = PhoneFirst(
            lambda: self.switch, lambda: plan, self, signaling=self.phone.agent, new_id=self._new_id
        )
        self.click_to_call = ClickToCall(first)
        self.supervision = Supervision(lambda: self.switch, first, self, self._notice)
        return plan

    @property
    def control(self) -> Control:
        return Control(self.switch, self.desk.parking, self.click_to_call, self.supervision)

    def room(self, capacity: int, *, label: str) -> _Room:
        self.rooms.append(_Room(capacity, self.media))
        return self.rooms[-1]

    def extension(self, number: str) -> str | None:
        return f"Phone {number}" if number in NUMBERS else None

    def phones(self, number: str) -> list[DialTarget]:
        return OnePhoneEach().targets(number)

    async def _notice(self) -> Sound:
        return Sound("notice", 0.2)

    def _new_id(self) -> str:
        self._ids = getattr(self, "_ids", 0) + 1
        return f"first-{self._ids}"

    def overheard(self) -> dict[str, set[str]]:
        """Whom each member of a room hears."""
        return {
            _remote(each): {_remote(other) for other in room.hearing(each)}
            for room in self.rooms
            for each in room.muted
        }

    def talking(self) -> set[frozenset[str]]:
        """Who hears whom, by the addresses that the streams send to."""
        streams = {each.label: each for each in self.media.open_streams}
        return {
            frozenset(_remote(streams[label]) for label in (a, b))
            for a, (b, _, _) in self.media.links.items()
        }

    def hearing(self, number: str) -> object:
        """What of ours a phone hears."""
        labels = [each.label for each in self.media.open_streams if _remote(each) == number]
        return next((self.media.playing[label] for label in labels if label in self.media.playing), None)


def _remote(stream: Any) -> str:
    return f"10{stream.remote.rtp_host[-1]}" if stream.remote is not None else "?"


@dataclass(eq=False)
class Talk:
    """One dialog of a handset: what it said, and how it ended."""

    leg: SipLeg
    answered: bool = False
    refused: int = 0
    notified: dict[int, str] = field(default_factory=dict)
    over: bool = False

    @property
    def told(self) -> list[str]:
        """What NOTIFYs said, in the order they were sent."""
        return [self.notified[number] for number in sorted(self.notified)]

    @property
    def replaces(self) -> str:
        """This dialog, as a Replaces value for the node."""
        dialog = self.leg.dialog
        tag = dialog.remote_tag if dialog is not None else ""
        return f"{self.leg.call_id};to-tag={tag};from-tag={self.leg.id}"


class Handset(Phone):
    """A phone that rings, answers what is offered in its calls, and remembers; the rest is done by a story."""

    def __init__(self, network: Network, number: str, *, seed: int = 0) -> None:
        super().__init__(network, host_of(number), seed=seed)
        self.number = number
        self.talks: list[Talk] = []
        self.busy_with: set[asyncio.Task[None]] = set()
        self.changed = asyncio.Event()
        self.agent.on_invite = self._rings
        self.driver.user = self
        self.version = 0

    # -- what a person does ----------------------------------------------------------------------------------------

    def dial(self, number: str, headers: tuple[tuple[str, str], ...] = ()) -> Talk:  # type: ignore[override]
        uri = number if number.startswith("tel:") else f"sip:{number}@{NODE}"
        leg = self.agent.dial(
            DialTarget(uri, uri, host=NODE, port=5060),
            offer=self.sdp(),
            caller=Party(self.number, self.number),
            call="handset",
            headers=headers,
        )
        return self._follow(leg)

    async def answer(self, talk: Talk) -> None:
        with suppress(LegFailed, PeerError):
            await talk.leg.answer(self.sdp())
            talk.answered = True
            self._news()

    async def refer(self, talk: Talk, to: str, *, replaces: str = "") -> int:
        """Transfer; returns what the REFER got."""
        escaped = replaces.replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
        header = f"?Replaces={escaped}" if replaces else ""
        uri = to if to.startswith("tel:") else f"sip:{to}@{NODE}{header}"
        return await self.ask(talk, "REFER", (("Refer-To", f"<{uri}>"),))

    async def hold(self, talk: Talk, direction: str = "sendonly") -> None:
        """Let the other wait, as a phone does before it transfers; "sendrecv" takes the call back."""
        with suppress(LegFailed, PeerError):
            await talk.leg.reoffer(self.sdp(direction))

    async def ask(
        self, talk: Talk, method: str, headers: tuple[tuple[str, str], ...] = (), body: bytes = b""
    ) -> int:
        """A request in the dialog; its final status."""
        return (await self.asks(talk, method, body, headers))[0]

    async def asks(
        self, talk: Talk, method: str, body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()
    ) -> tuple[int, bytes]:
        """A request in the dialog; its final status, and the body of that."""
        dialog = talk.leg.dialog
        if dialog is None or talk.leg.is_over:
            return 481, b""
        sdp = (("Content-Type", "application/sdp"),) if body else ()
        request = dialog.request(method, headers=(*headers, *sdp), body=body)
        final = FinalResponse(request)
        self.driver.request(request, talk.leg.whereabouts.of(dialog), final)
        response = await final.arrived
        return response.status, response.body

    async def hang_up(self) -> None:
        """All its calls, at once."""
        for talk in self.talks:
            await talk.leg.end()

    def sdp(self, direction: str = "sendrecv", *, payload: str = "0", port: int = 4000) -> bytes:
        self.version += 1
        return (
            f"v=0\r\no=- 1 {self.version} IN IP4 {self.host}\r\ns=-\r\nc=IN IP4 {self.host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP {payload}\r\na={direction}\r\n"
        ).encode()

    @property
    def ringing(self) -> Talk | None:
        """The newest call that came and waits for its answer."""
        waiting = [each for each in self.talks if each.leg.direction == "in" and not each.answered]
        return next((each for each in reversed(waiting) if not each.leg.is_over), None)

    async def until(self, is_so: Callable[[], object], within_s: float = 60.0) -> bool:
        """Whether it has become so in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not is_so():
                    self.changed.clear()
                    await self.changed.wait()
                return True
        return False

    # -- what a phone does by itself -------------------------------------------------------------------------------

    def requested(self, transaction: TransactionId, request: Request, hop: Hop) -> None:
        """RequestUser: NOTIFYs about transfers are kept, the rest is the agent's."""
        if request.method != "NOTIFY":
            self.agent.requested(transaction, request, hop)
            return
        talk = next((each for each in self.talks if each.leg.call_id == request.call_id), None)
        if talk is not None:
            talk.notified[request.cseq.number] = request.body.decode().split(" ")[1]
        self.driver.respond(transaction, response_to(request, 200 if talk is not None else 481))
        self._news()

    def _rings(self, leg: SipLeg) -> None:
        talk = self._follow(leg)
        task = asyncio.ensure_future(self._ring(talk))
        self.busy_with.add(task)
        task.add_done_callback(self.busy_with.discard)

    async def _ring(self, talk: Talk) -> None:
        with suppress(LegFailed, PeerError):
            await talk.leg.progress(180)
        self._news()

    def _follow(self, leg: SipLeg) -> Talk:
        talk = Talk(leg)
        self.talks.append(talk)
        task = asyncio.ensure_future(self._listen(talk))
        self.busy_with.add(task)
        task.add_done_callback(self.busy_with.discard)
        self._news()
        return talk

    async def _listen(self, talk: Talk) -> None:
        while not talk.over:
            event = await talk.leg.receive()
            if isinstance(event, Answered):
                talk.answered = True
            elif isinstance(event, Refused):
                talk.refused = event.status
                talk.over = True
                await talk.leg.end()
            elif isinstance(event, Offered):
                with suppress(LegFailed, PeerError):
                    await talk.leg.answer(self.sdp())
            elif isinstance(event, Ended):
                talk.over = True
            self._news()

    def _news(self) -> None:
        self.changed.set()


class DeskOffice:
    """The node, four phones and a phone with lamps. `calm` stories demand exactly what should happen."""

    node_type = DeskNode

    def __init__(self, network: Network, supervisor: Supervisor, *, seed: int, calm: bool) -> None:
        self.network = network
        self.calm = calm
        self.node = self.node_type(network, supervisor, shelf=Shelf(), callees=())
        self.phones = {each: Handset(network, each, seed=seed * 8 + int(each)) for each in NUMBERS}
        self.lamps = DeskPhone(network, "10.0.0.8", "104")
        self._watching: dict[str, tuple[str, str]] = {}

    async def open(self, weather: Weather) -> None:
        """Light the lamps in good weather, then let the weather come."""
        await self.node.directory.reload()
        for number in NUMBERS:
            answer = await self.lamps.subscribe("dialog", number)
            self._watching[number] = (answer.call_id, answer.to_tag or "")
        await asyncio.sleep(1)
        self.network.weather = weather

    async def close(self) -> None:
        """Everybody hangs up; then nothing may be left but the records."""
        for phone in self.phones.values():
            await phone.hang_up()
        for _ in range(4):  # a call may come back to the phone that transferred or parked it
            await asyncio.sleep(PARK_RETURN_S + RING_S + LINGER_S)
            for phone in self.phones.values():
                await phone.hang_up()
        await asyncio.sleep(3 * LONGEST_S)
        self.network.weather = CALM
        for number, (call_id, tag) in self._watching.items():
            assert self.lamps.lamp(call_id) == "off", f"the lamp of {number} is stuck"
            await self.lamps.subscribe("dialog", number, expires=0, call_id=call_id, to_tag=tag, cseq=2)
        await asyncio.sleep(2 * LONGEST_S)
        await self.node.stop()
        await asyncio.sleep(LONGEST_S)
        self.assert_clean()

    def assert_clean(self) -> None:
        for phone in self.phones.values():
            phone.assert_clean()
            assert not phone.busy_with, f"{phone.number} still does something"
        self.node.assert_clean()
        assert self.node.desk.parking.waiting() == []
        assert self.node.media.bridges == {}
        assert all(each.closed for each in self.node.rooms)
        assert self.node.supervision._sessions == {}
        self._assert_records()

    def _assert_records(self) -> None:
        """Each call has one record, closed once; each of its legs has ended once, or has left once."""
        closed = Counter(cdr.id for cdr in self.node.log.cdrs if cdr.ended_at is not None)
        assert set(closed) == {cdr.id for cdr in self.node.log.cdrs}, "a record is still open"
        assert set(closed.values()) <= {1}, "a record was closed twice"
        for cdr in self.node.cdrs.values():
            gone = [each.leg for each in cdr.events if isinstance(each, LegEnded | LegLeft)]
            assert len(gone) == len(set(gone)), f"a leg ended twice: {gone}"
            assert all(each.ended_at is not None for each in cdr.legs)
            for leg in cdr.legs:
                if leg.to_call is not None:
                    there = self.node.cdrs[leg.to_call]
                    assert cdr.continued_in == there.id

    def cdr(self, dialled: str) -> Cdr:
        return next(each for each in self.node.cdrs.values() if each.dialled == dialled)
