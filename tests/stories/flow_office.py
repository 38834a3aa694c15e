"""The desk's node with flows in it: what its phones dial from 500 on walks one.

Groups, queues, parking and forwarding are the real ones; what the node says are names of sounds, of a second each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from pbx.app.flow_ports import without_mailbox
from pbx.call.call import Call
from pbx.call.talk import Sound
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory, Entry
from pbx.feature.extension import ExtensionCalls
from pbx.feature.paging import Paging
from pbx.feature.queue.queues import Queues
from pbx.feature.queue.waiting import Announcement
from pbx.feature.ring_group import Fairness, RingGroups
from pbx.flow.context import Context
from pbx.flow.document import LoadedFlow
from pbx.flow.engine import Walk
from pbx.flow.live_line import LiveLine
from pbx.flow.live_messages import LiveMessages
from pbx.flow.live_reach import LiveReach, ReachParts
from pbx.flow.node import Node
from pbx.flow.ports import Ports
from pbx.model.extension import Extension
from pbx.model.forwarding import Forwarding
from pbx.model.queue import Queue, QueueAgent
from pbx.model.ring_group import RingGroup
from pbx.model.stream import DigitPressed
from tests.fakes.clock import LoopClock
from tests.flow.parts import World
from tests.stories.desk_office import NUMBERS, DeskNode, DeskOffice, OnePhoneEach, host_of

__all__ = ["FlowNode", "FlowOffice"]

GROUP = RingGroup(number="600", name="Group", members=("102", "103"), ring_timeout_s=10)
QUEUE = Queue(number="700", name="Queue", agents=(QueueAgent(extension="103", always=True),), max_wait_s=30)
FORWARDS = {"104": Forwarding(no_answer="103", busy="102")}
SOUND_S = 1.0


async def silent(announcement: Announcement) -> Sound | None:
    """Nothing is announced in these queues."""
    return None


class Named:
    """Implements `Sounds`: a sound is its name."""

    async def phrase(self, name: str, /, *, language: str = "", **values: object) -> Sound:
        return Sound(f"phrase:{name}", SOUND_S)

    async def text(self, text: str, *, language: str = "") -> Sound:
        return Sound(text, SOUND_S)

    async def prompt(self, id: str) -> Sound:
        return Sound(f"prompt:{id}", SOUND_S)

    async def file(self, path: Path) -> Sound:
        return Sound(path.name, SOUND_S)


class Steps:
    """Where calls went: node and exit."""

    def __init__(self) -> None:
        self.left: list[tuple[str, str]] = []

    def flow(self, flow: LoadedFlow) -> None: ...

    def enter(self, flow: LoadedFlow, id: str, kind: str) -> None: ...

    def leave(self, flow: LoadedFlow, id: str, exit: str, detail: str) -> None:
        self.left.append((id, exit))


class FlowNode(DeskNode):
    """`flows` are put in by a story before anybody calls."""

    def dialplan(self, directory: Directory, extensions: ExtensionCalls) -> Dialplan:
        plan = super().dialplan(directory, extensions)
        self.flows: dict[str, LoadedFlow] = {}
        self.steps = Steps()
        phones = OnePhoneEach().targets
        busy: Callable[[str], bool] = lambda number: self.switch.is_busy(number)  # noqa: E731, PLW0108
        self.queues = Queues(
            lambda: [QUEUE],
            phones,
            busy=busy,
            redirect=extensions.redirect,
            clock=LoopClock(),
            announcer=silent,
        )
        self.reach = ReachParts(
            directory=directory,
            plan=plan,
            extensions=extensions,
            groups=RingGroups(
                lambda: [GROUP], phones, busy=busy, fairness=Fairness(), redirect=extensions.redirect
            ),
            queues=self.queues,
            paging=Paging(lambda: [], phones, busy=busy, rooms=None, tone=lambda: "tone"),  # type: ignore[arg-type]
            parking=self.desk.parking,
            without_mailbox=lambda extension: without_mailbox(
                extension, lambda place: place.startswith("*99")
            ),
        )
        plan._flows = self
        directory._load = self._extensions
        return plan

    async def _extensions(self) -> dict[str, Entry]:
        return {
            each: Entry(
                Extension(number=each, name="", ring_timeout_s=20, forward=FORWARDS.get(each, Forwarding())),
                "",
            )
            for each in (*NUMBERS, "105")
        }

    # -- FlowCalls -----------------------------------------------------------------------------------------------------

    def has(self, number: str) -> bool:
        return number in self.flows

    async def run(self, call: Call, number: str) -> None:
        async with self._ports(call) as ports:
            context = Context(ports, {"called.number": call.dialled})
            await Walk(context, self.steps, self.flows.get).run(self.flows[number])

    @asynccontextmanager
    async def _ports(self, call: Call) -> AsyncIterator[Ports]:
        world = World()
        line = LiveLine(call, Named(), tone=lambda name: f"tone:{name}")
        reach = LiveReach(call, line, self.reach)
        messages = LiveMessages(call, None, self.queues, self.directory)  # type: ignore[arg-type]
        try:
            yield Ports(line=line, reach=reach, office=world, web=world, messages=messages)
        finally:
            await line.release()


class FlowOffice(DeskOffice):
    """Its phones; 101 calls."""

    node_type = FlowNode
    node: FlowNode

    def draw(self, number: str, **nodes: tuple[Node, dict[str, str]]) -> None:
        """A flow that begins at its first node; each with its wires."""
        self.node.flows[number] = LoadedFlow(
            number=number,
            name="",
            revision=1,
            entry=next(iter(nodes)),
            nodes={id: node for id, (node, _) in nodes.items()},
            wires={id: wires for id, (_, wires) in nodes.items()},
        )

    def press(self, number: str, keys: str) -> None:
        """As telephone-events of that phone; nothing when it is not in a call."""
        for stream in self.node.media.open_streams:
            if stream.remote is not None and stream.remote.rtp_host == host_of(number):
                for key in keys:
                    stream.on_event(DigitPressed(key, 100))
                return
