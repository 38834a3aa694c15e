"""The desk's node with a ring group, a queue and wishes of its extensions, all real.

600 rings 102, 103 and 104; 700 is a queue with the same as agents, one of whom is rung at a time.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pbx.call.talk import Sound
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory, Entry
from pbx.feature.extension import ExtensionCalls
from pbx.feature.follow_me import FollowMeCalls
from pbx.feature.intercom import Intercom
from pbx.feature.queue.queues import Queues
from pbx.feature.queue.waiting import Announcement
from pbx.feature.ring_group import Fairness, RingGroups
from pbx.model.call_event import CallEnded, CallEvent, LegEnded, LegLeft
from pbx.model.extension import Extension
from pbx.model.party import DialTarget
from pbx.model.queue import Queue, QueueAgent
from pbx.model.ring_group import RingGroup
from tests.fakes.clock import LoopClock
from tests.stories.desk_office import NUMBERS, DeskNode, DeskOffice

__all__ = ["GROUP", "QUEUE", "GroupNode", "GroupOffice"]

MEMBERS = ("102", "103", "104")
GROUP = RingGroup(number="600", name="Group", members=MEMBERS, ring_timeout_s=20, member_timeout_s=8)
QUEUE = Queue(
    number="700",
    name="Queue",
    agents=tuple(QueueAgent(extension=each, always=True) for each in MEMBERS),
    strategy="in_order",
    agent_timeout_s=8,
    wrap_up_s=0,
    retry_s=3,
    max_wait_s=40,
    auto_pause_after=0,
)


async def silent(announcement: Announcement) -> Sound | None:
    """Nothing is announced in this queue."""
    return None


class GroupNode(DeskNode):
    """`group` and `queue` are changed by a story before anybody calls, and `wish` changes an extension."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        publish = self.log.publish

        def publish_too(event: CallEvent) -> None:
            publish(event)
            if isinstance(event, LegEnded | LegLeft | CallEnded):
                self.queues.look_again()

        self.log.publish = publish_too  # type: ignore[method-assign]

    def dialplan(self, directory: Directory, extensions: ExtensionCalls) -> Dialplan:
        plan = super().dialplan(directory, extensions)
        self.group, self.queue = GROUP, QUEUE
        self.records = {each: Extension(number=each, name="", ring_timeout_s=20) for each in NUMBERS}
        self.extensions = extensions
        self.fairness = Fairness()

        def busy(number: str) -> bool:
            return self.switch.is_busy(number)

        extensions._busy = busy
        extensions._registrar = self.registrar(())  # as a node's: by extension
        self.queues = Queues(
            lambda: [self.queue],
            self.phones_now,
            busy=busy,
            redirect=extensions.redirect,
            clock=LoopClock(),
            announcer=silent,
        )
        plan._queues = self.queues
        plan._groups = RingGroups(
            lambda: [self.group],
            self.phones_now,
            busy=busy,
            fairness=self.fairness,
            redirect=extensions.redirect,
        )
        follow = FollowMeCalls(
            self.phones_now,
            self,  # type: ignore[arg-type]  # leads nowhere
            redirect=extensions.redirect,
            question=self._question,
        )
        extensions.follow = follow.ring
        intercom = Intercom(directory, extensions, busy=busy)
        plan._features.register("intercom", intercom.call)
        directory._load = self._load
        return plan

    def ways_out(self, *_: object, **__: object) -> list[object]:
        """There is nothing outside."""
        return []

    async def _question(self, _call: object) -> str:
        return "ask"

    def phones_now(self, number: str) -> list[DialTarget]:
        """The phones of an extension that takes calls."""
        return self.extensions.targets(self.records[number]) if number in self.records else []

    async def wish(self, number: str, **wishes: object) -> None:
        self.records[number] = replace(self.records[number], **wishes)
        await self.directory.reload()

    async def _load(self) -> dict[str, Entry]:
        return {number: Entry(each, "") for number, each in self.records.items()}


class GroupOffice(DeskOffice):
    """Its phones; 101 calls."""

    node_type = GroupNode
    node: GroupNode
