"""Fifty calls wait in a flow while it is published, rolled back and taken away: each ends as it began."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from pbx.core.tasks import Supervisor
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory
from pbx.feature.extension import ExtensionCalls
from pbx.flow.flows import Flows
from pbx.model.flow import Flow
from pbx.model.flow import FlowNode as DrawnNode
from pbx.model.flow_event import FlowEntered, NodeEntered, NodeLeft
from pbx.model.flow_revision import FlowRevision
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import CALM, Network
from tests.stories.desk_office import DeskOffice
from tests.stories.flow_office import FlowNode

CALLS = 50
OLD, NEW = 486, 603


class Shelf:
    """The part of the store that `Flows` reads."""

    def __init__(self) -> None:
        self.now: dict[str, FlowRevision] = {}

    async def live(self) -> dict[str, FlowRevision]:
        return dict(self.now)


class PublishedNode(FlowNode):
    """Its flows are those of the program, not those of a story."""

    def dialplan(self, directory: Directory, extensions: ExtensionCalls) -> Dialplan:
        plan = super().dialplan(directory, extensions)
        self.published = Shelf()
        self.live = Flows(self.published, self._ports)  # type: ignore[arg-type]
        plan._flows = self.live
        return plan

    async def publish(self, revision: int, flow: Flow) -> None:
        at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.published.now["500"] = FlowRevision(
            flow="500", revision=revision, at=at, author="admin", document=flow
        )
        await self.live.reload()


class PublishedOffice(DeskOffice):
    node_type = PublishedNode
    node: PublishedNode


def waits_then(reason: str) -> Flow:
    return Flow(
        number="500",
        name="Main",
        entry="first",
        nodes={
            "first": DrawnNode(type="wait", parameters={"seconds": 20}),
            "second": DrawnNode(type="wait", parameters={"seconds": 20}),
            "over": DrawnNode(type="hang_up", parameters={"reason": reason}),
        },
        wires={"first": {"done": "second"}, "second": {"done": "over"}},
    )


async def fifty_calls() -> None:
    loop = asyncio.get_running_loop()
    network = Network(loop.call_later, loop.time, seed=0)
    async with Supervisor() as supervisor:
        office = PublishedOffice(network, supervisor, seed=0, calm=True)
        node = office.node
        await office.open(CALM)
        await node.publish(1, waits_then("busy"))
        early = [office.phones["101"].dial("500") for _ in range(CALLS)]
        await asyncio.sleep(5)
        assert len(node.live._walks) == CALLS
        await node.publish(2, waits_then("declined"))
        late = office.phones["102"].dial("500")
        await asyncio.sleep(20)  # the early ones are at their second node, the late one is at its first
        node.published.now.clear()
        await node.live.reload()
        gone = office.phones["103"].dial("500")
        await asyncio.sleep(60)
        assert [each.refused for each in early] == [OLD] * CALLS
        assert (late.refused, gone.refused) == (NEW, 404)
        assert not node.live._walks
        await office.close()
        walked = [cdr for cdr in node.cdrs.values() if cdr.flow == "500"]
        assert len(walked) == CALLS + 1
        for cdr in walked:
            (entered,) = [each for each in cdr.events if isinstance(each, FlowEntered)]
            assert entered.revision == (1 if cdr.sip_status == OLD else 2)
            nodes = [each.node for each in cdr.events if isinstance(each, NodeEntered)]
            left = [(each.node, each.exit) for each in cdr.events if isinstance(each, NodeLeft)]
            assert nodes == ["first", "second", "over"]
            assert left == [("first", "done"), ("second", "done"), ("over", "")]


def test_what_is_published_meanwhile_disturbs_no_call() -> None:
    run_virtual(fifty_calls)
