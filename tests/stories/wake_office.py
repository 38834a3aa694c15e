"""A node whose extension 102 has an app on a phone that sleeps, in memory and in virtual time.

The app does what such apps do: nothing reaches it while it sleeps; a push lets it connect, and then it registers. It
shows a call from the moment of the push, and stops when the INVITE's leg ends, or a cancel comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

from msgspec.structs import replace

from pbx.call.call import Call
from pbx.call.talk import Sound
from pbx.core.errors import PeerError
from pbx.core.events import EventBus
from pbx.core.tasks import Supervisor
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory, Entry
from pbx.feature.extension import ExtensionCalls
from pbx.feature.features import Features
from pbx.feature.follow_me import FollowMeCalls
from pbx.feature.outside import WayOut
from pbx.feature.phone_first import ClickToCall, PhoneFirst
from pbx.feature.push_phones import PushPhones
from pbx.feature.queue.queues import Queues
from pbx.feature.queue.waiting import Announcement
from pbx.feature.registrar import Registrar, RegistrarPorts
from pbx.feature.ring_group import Fairness, RingGroups
from pbx.feature.wake import CALL_HEADER, Wake
from pbx.model.binding import Binding
from pbx.model.extension import Extension
from pbx.model.follow_me import FollowMe, FollowMeNumber
from pbx.model.leg_event import Ended, LegFailed
from pbx.model.party import DialTarget
from pbx.model.push_phone import PushNotice, PushPhone, PushResult
from pbx.model.queue import Queue, QueueAgent
from pbx.model.ring_group import RingGroup
from pbx.sip.binding import Limits
from pbx.sip.build import request_of
from pbx.sip.hop import Hop
from pbx.sip.message import Response
from pbx.transport.sip_leg import SipLeg
from tests.fakes.clock import LoopClock
from tests.fakes.wire import CALM, Network, Weather
from tests.stories.office import OFFER, Phone
from tests.stories.test_through_the_node import ByName, Node

NODE = "10.0.0.9"
DEADLINE_S = 15.0
RINGS_AT_MOST_S = 60.0
INSTANCE = '"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>"'


class Shelf:
    """Bindings and push phones that nobody keeps."""

    def __init__(self) -> None:
        self.phones: dict[str, PushPhone] = {}
        self.tokens: dict[str, str] = {}

    async def load(self) -> list[Binding]:
        return []

    async def apply(self, put: Sequence[Binding], remove: Sequence[Binding]) -> None:
        await asyncio.sleep(0.001)

    async def all(self) -> list[PushPhone]:
        return list(self.phones.values())

    async def put(self, phone: PushPhone, token: str) -> None:
        self.phones[phone.id], self.tokens[phone.id] = phone, token

    async def remove(self, id_: str) -> bool:
        self.tokens.pop(id_, None)
        return self.phones.pop(id_, None) is not None

    async def note(self, phone: PushPhone) -> None:
        self.phones[phone.id] = phone

    async def token(self, id_: str) -> str | None:
        return self.tokens.get(id_)


class Pushes:
    """A gateway and its platform. `weather` says when a push arrives: a delay for each time, none when lost."""

    services: Collection[str] = ("apns", "fcm")
    vapid_key = ""

    def __init__(self) -> None:
        self.sent: list[tuple[float, PushNotice]] = []
        self.deliver: Callable[[PushNotice], None] = lambda _: None
        self.weather: Callable[[PushNotice], Sequence[float]] = lambda _: (0.3,)
        self.result = PushResult(state="sent")
        self.takes_s = 0.05

    async def send(self, notice: PushNotice) -> PushResult:
        loop = asyncio.get_running_loop()
        self.sent.append((loop.time(), notice))
        await asyncio.sleep(self.takes_s)
        if self.result.state == "sent":
            for delay_s in self.weather(notice):
                loop.call_later(delay_s, self.deliver, notice)
        return self.result

    def cancels(self) -> list[tuple[str, str]]:
        """Why calls were taken back, and who answered them."""
        return [(notice.reason, notice.by) for _, notice in self.sent if notice.kind == "cancel"]

    def kinds(self) -> list[str]:
        return [notice.kind for _, notice in self.sent]


class App:
    """The app of 102. `behave` is what it does with each INVITE's leg."""

    def __init__(self, office: WakeOffice, host: str, seed: int) -> None:
        self.phone = Phone(office.network, host, seed=seed)
        self._office = office
        self._cseq = count(1)
        self.wakes_s = 0.8
        self.wakes = True
        self.token = "t" * 40
        self.instance = True
        self.pushable = True
        """Whether its REGISTER says where it can be woken."""
        self.registered_at: list[float] = []
        self.invited_at: list[float] = []
        self.shown: dict[str, str] = {}
        """Calls by push id, and what became of them: rings, over."""
        self.behave: Callable[[SipLeg], object] = lambda _: None
        self.ghosts: list[str] = []
        self.open: set[str] = set()

    def sleep(self) -> None:
        """Nothing reaches it, and nobody knows."""
        self._office.network.unreachable.add((self.phone.host, 5060))

    def got(self, notice: PushNotice) -> None:
        """A push arrives."""
        if notice.kind == "cancel":
            self.shown[notice.call_id] = "over"
        elif self.wakes:
            self.shown.setdefault(notice.call_id, "rings")
            self._office.spawn(self._wake())

    async def _wake(self) -> None:
        await asyncio.sleep(self.wakes_s)
        self._office.network.unreachable.discard((self.phone.host, 5060))
        await self.register()

    async def register(self, *, expires: int = 600, port: int = 5060) -> Response:
        params = f";pn-provider=fcm;pn-param=project;pn-prid={self.token}" if self.pushable else ""
        instance = f";+sip.instance={INSTANCE}" if self.instance else ""
        contact = f"<sip:102@{self.phone.host}:{port}{params}>{instance};expires={expires}"
        request = request_of(
            "REGISTER",
            f"sip:{NODE}",
            from_=f"<sip:102@{NODE}>;tag=app",
            to=f"<sip:102@{NODE}>",
            call_id=f"app-{self.phone.host}",
            cseq=next(self._cseq),
            headers=(("Contact", contact),),
        )
        response = await self._office.node.real.register(request, Hop("UDP", self.phone.host, port))
        self.registered_at.append(asyncio.get_running_loop().time())
        return response

    async def run(self) -> None:
        while True:
            leg = await self.phone.incoming.get()
            self.invited_at.append(asyncio.get_running_loop().time())
            self.open.add(leg.id)
            self._office.spawn(self._overdue(leg))
            self._office.spawn(self._leg(leg))

    async def _overdue(self, leg: SipLeg) -> None:
        """However many messages are lost, a phone rings no longer than this for a call that is over."""
        while self._office.call_is_on() and leg.id in self.open:
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.5 if self._office.network.weather is CALM else 8.0)
        if leg.id in self.open:
            self.ghosts.append(leg.id)

    async def _leg(self, leg: SipLeg) -> None:
        push_id = leg.request.headers.get(CALL_HEADER)
        doing = self.behave(leg)
        task = self._office.spawn(_quietly(doing)) if asyncio.iscoroutine(doing) else None
        try:
            async with asyncio.timeout(RINGS_AT_MOST_S):
                while not isinstance(await leg.receive(), Ended):
                    pass
        except TimeoutError:
            pass  # phones stop by themselves: what would end it may have been lost
        finally:
            if task is not None:
                task.cancel()
            self.open.discard(leg.id)
            if push_id:
                self.shown[push_id] = "over"
            await leg.end()


class WakeNode(Node):
    """Registers for real, and wakes."""

    real: Registrar
    shelf: Shelf

    def registrar(self, callees: tuple[str, ...]) -> Registrar:
        self.shelf = Shelf()
        self.real = Registrar(
            RegistrarPorts(
                identify=ByName(),  # type: ignore[arg-type]
                store=self.shelf,
                bus=EventBus(),
                clock=LoopClock(),
                limits=Limits(),
                new_tag=lambda: "r",
            )
        )
        return self.real

    def dialplan(self, directory: Directory, extensions: ExtensionCalls) -> Dialplan:
        """600 rings 102 and 103, 700 is a queue whose agent is 102, and 104 is followed to 102."""
        phones: Callable[[str], Sequence[DialTarget]] = lambda number: self.real.targets(number)  # noqa: E731, PLW0108
        busy: Callable[[str], bool] = lambda number: self.switch.is_busy(number)  # noqa: E731, PLW0108
        directory._load = _extensions
        self.to_mailbox: list[tuple[str, str]] = []

        async def to_mailbox(_call: Call, extension: Extension, reason: str) -> bool:
            self.to_mailbox.append((extension.number, reason))
            return False

        async def question(_call: Call) -> str:
            return "question"

        extensions.to_mailbox = to_mailbox
        extensions.follow = FollowMeCalls(
            phones, NoWayOut(), redirect=extensions.redirect, question=question
        ).ring
        group = RingGroup(number="600", name="Group", members=("102", "103"), ring_timeout_s=20)
        queue = Queue(
            number="700",
            name="Queue",
            agents=(QueueAgent(extension="102", always=True),),
            agent_timeout_s=20,
            max_wait_s=30,
        )
        self.plan = Dialplan(
            features=Features(),
            directory=directory,
            extensions=extensions,
            groups=RingGroups(
                lambda: [group], phones, busy=busy, fairness=Fairness(), redirect=extensions.redirect
            ),
            queues=Queues(
                lambda: [queue],
                phones,
                busy=busy,
                redirect=extensions.redirect,
                clock=LoopClock(),
                announcer=silent,
            ),
        )
        self.click_to_call = ClickToCall(
            PhoneFirst(
                lambda: self.switch,
                lambda: self.plan,
                self,
                signaling=self.phone.agent,
                new_id=lambda: "clicked",
            )
        )
        return self.plan

    def extension(self, number: str) -> str | None:
        return f"Phone {number}"

    def phones(self, number: str) -> Sequence[DialTarget]:
        return self.real.targets(number)


class NoWayOut:
    """An office without trunks."""

    def ways_out(
        self, call: Call, dialled: str, extension: Extension, *, reason: str = ""
    ) -> Sequence[WayOut]:
        return ()


async def silent(announcement: Announcement) -> Sound | None:
    return None


async def _extensions() -> dict[str, Entry]:
    followed = FollowMe(enabled=True, confirm=False, numbers=(FollowMeNumber(number="102", timeout_s=20),))
    return {
        number: Entry(
            Extension(
                number=number,
                name="",
                ring_timeout_s=20,
                follow_me=followed if number == "104" else FollowMe(),
            ),
            "",
        )
        for number in ("101", "102", "103", "104")
    }


class WakeOffice:
    """The node, Alice who calls, the app of 102, and a desk phone of 102 where a story wants one."""

    def __init__(self, supervisor: Supervisor, *, seed: int = 1, weather: Weather = CALM) -> None:
        loop = asyncio.get_running_loop()
        self.supervisor = supervisor
        self.network = Network(loop.call_later, loop.time, seed=seed, weather=weather)
        self.alice = Phone(self.network, "10.0.0.1", seed=seed * 4)
        self.desk = Phone(self.network, "10.0.0.3", seed=seed * 4 + 1)
        self.node = WakeNode(self.network, supervisor, callees=())
        self.phones = PushPhones(self.node.shelf, LoopClock())
        self.wake = Wake(
            self.phones,
            self.node.real,
            clock=LoopClock(),
            deadline_s=lambda _: DEADLINE_S,
            tasks=supervisor,
            name_of={"103": "Carla"}.__getitem__,
        )
        self.pushes = Pushes()
        self.wake.gateway = self.pushes
        self.node.switch._ports = replace(self.node.switch._ports, waker=self.wake)
        self.app = App(self, "10.0.0.2", seed * 4 + 2)
        self.pushes.deliver = self.app.got
        self.spawn(self.app.run())

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return self.supervisor.spawn("story", work)

    def call_is_on(self) -> bool:
        return len(self.node.switch) > 0

    async def fall_asleep(self) -> None:
        """The app has registered once, and its registration has ended since."""
        await self.app.register(expires=30)
        self.app.sleep()
        await asyncio.sleep(40)
        await self.node.real.sweep()
        assert not self.node.real.bindings("102")
        self.app.registered_at.clear()

    async def desk_registers(self, number: str = "102") -> None:
        request = request_of(
            "REGISTER",
            f"sip:{NODE}",
            from_=f"<sip:{number}@{NODE}>;tag=desk",
            to=f"<sip:{number}@{NODE}>",
            call_id="desk",
            cseq=1,
            headers=(("Contact", f"<sip:{number}@{self.desk.host}>;expires=3600"),),
        )
        await self.node.real.register(request, Hop("UDP", self.desk.host, 5060))


async def _quietly(doing: Coroutine[Any, Any, Any]) -> None:
    """A leg may end while something is done with it."""
    with suppress(LegFailed, PeerError):
        await doing


async def answers(leg: SipLeg, after_s: float = 1.0) -> None:
    await leg.progress(180)
    await asyncio.sleep(after_s)
    await leg.answer(OFFER)


async def rings(leg: SipLeg) -> None:
    await leg.progress(180)
