"""What happens to an office once in years, in the middle of a call: the clock is set, the disk is full, a phone never
acknowledges. On the network in memory; `tests/live` has the same with phones and disks, in real time, in the slow run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from pbx.core.events import EventBus
from pbx.core.tasks import Supervisor
from pbx.feature.call_log import RETRY_S, CallLog
from pbx.model.cdr import Cdr
from pbx.model.recording import RecordingSettings
from pbx.model.recording_event import RecordingStopped
from pbx.store.errors import StoreError
from tests.call.parts import FakeLog
from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import CALM, Network
from tests.feature.recording.parts import Studio
from tests.stories.desk_office import DeskOffice
from tests.stories.desk_stories import talk_between
from tests.stories.office import ANSWER, LONGEST_S, Phone, until_ended
from tests.stories.raw_peer import RawPeer
from tests.stories.test_through_the_node import Node

A, B = "101", "102"
DAY_S = 86_400.0


class SetClock(LoopClock):
    """Its time of day can be set."""

    ahead_s = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead_s)


def at_the_desk(story: Callable[[DeskOffice], Awaitable[None]]) -> None:
    async def whole() -> None:
        loop = asyncio.get_running_loop()
        async with Supervisor() as supervisor:
            office = DeskOffice(Network(loop.call_later, loop.time, seed=0), supervisor, seed=0, calm=True)
            await office.open(CALM)
            await story(office)
            await office.close()
        assert supervisor.failures == 0

    run_virtual(whole)


class FullDisk:
    """What takes the records of calls when there is room."""

    def __init__(self) -> None:
        self.is_full = True
        self.stored: dict[str, Cdr] = {}

    async def write(self, cdrs: Sequence[Cdr]) -> None:
        if self.is_full:
            raise StoreError("database or disk is full")
        self.stored |= {each.id: each for each in cdrs}


class Both(FakeLog):
    """The office's list of records, and the log that writes them down."""

    def __init__(self, listed: FakeLog, log: CallLog) -> None:
        self.cdrs, self.events, self._log = listed.cdrs, listed.events, log

    def put(self, call: str, record: Callable[[], Cdr]) -> None:
        super().put(call, record)
        self._log.put(call, record)


def use(office: DeskOffice, **ports: Any) -> None:
    switch = office.node.switch
    switch._ports = replace(switch._ports, **ports)


def test_setting_the_clock_makes_no_call_longer_and_ends_none() -> None:
    async def story(office: DeskOffice) -> None:
        clock = SetClock()
        use(office, clock=clock)
        mine, theirs = await talk_between(office, A, B)
        for ahead_s in (DAY_S, -DAY_S):
            clock.ahead_s = ahead_s
            await asyncio.sleep(30)
            assert not mine.over
            assert not theirs.over
            assert frozenset((A, B)) in office.node.talking()
        await mine.leg.end()
        await asyncio.sleep(1)
        (cdr,) = office.node.cdrs.values()
        assert 60 <= cdr.talk_s < 62
        assert [each.at for each in cdr.events] == sorted(each.at for each in cdr.events)
        later, _ = await talk_between(office, A, B)
        await later.leg.end()
        await asyncio.sleep(1)
        first, second = office.node.cdrs.values()
        assert second.started_at < first.started_at, "a call that begins now shows the clock of now"

    at_the_desk(story)


def test_a_full_disk_costs_the_recording_and_nothing_else() -> None:
    async def story(office: DeskOffice) -> None:
        studio = Studio(LoopClock(), RecordingSettings(calls="always"))
        disk = FullDisk()
        log = CallLog(disk.write, EventBus())
        writing_down = asyncio.ensure_future(log.run())
        use(office, conversations=studio.recordings, log=Both(office.node.log, log))
        mine, theirs = await talk_between(office, A, B)
        (writing,) = studio.engine.made
        writing.finish("disk_full")
        studio.engine.fails = True
        await asyncio.sleep(10)
        assert not mine.over
        assert not theirs.over
        assert frozenset((A, B)) in office.node.talking()
        await mine.leg.end()
        await asyncio.sleep(1)
        later, _ = await talk_between(office, A, B)
        await asyncio.sleep(10)
        assert not later.over, "a call that cannot be recorded at all is a call"
        await later.leg.end()
        await asyncio.sleep(1)
        assert (disk.stored, log.waiting, log.dropped) == ({}, 2, 0)
        disk.is_full = False
        await asyncio.sleep(2 * RETRY_S)
        assert log.waiting == 0
        writing_down.cancel()
        first, second = disk.stored.values()
        why = [
            [each.reason for each in cdr.events if isinstance(each, RecordingStopped)]
            for cdr in (first, second)
        ]
        assert why == [["disk_full"], ["disk_failed"]]
        assert [cdr.disposition for cdr in (first, second)] == ["answered", "answered"]
        studio.assert_clean()

    at_the_desk(story)


def test_a_caller_who_never_acknowledges_leaves_no_phone_off_the_hook() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        network = Network(loop.call_later, loop.time, seed=0)
        peer, bob = RawPeer(network, "10.0.0.1"), Phone(network, "10.0.0.2", seed=1)
        async with Supervisor() as supervisor:
            node = Node(network, supervisor, callees=(bob.host,))
            await node.directory.reload()
            peer.invite(to=node.phone.host)
            leg = await bob.incoming.get()
            await leg.answer(ANSWER)
            answered_at = loop.time()
            await peer.hear(200)
            await until_ended(leg)
            assert 31 < loop.time() - answered_at < 33, "64·T1 (RFC 3261 13.3.1.4)"
            bye = await peer.hear("BYE")
            peer.respond(bye, 481)
            await asyncio.sleep(2 * LONGEST_S)
            bob.assert_clean()
            node.assert_clean()
            (cdr,) = node.cdrs.values()
            assert cdr.cause == "ack_missing"
            assert cdr.ended_at is not None

    run_virtual(story)
