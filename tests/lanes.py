"""Which worker of pytest-xdist runs what, when all tests run at once on few processors.

    lane    what                              one at a time   gives way
    site    stories in a browser              yes             a little
    media   what is heard in real time        yes             no
    live    phones at nodes, in real time     no              no
    rest    what computes, a file as a whole  no              most

Phones and sounds mostly wait, and must be heard on time when they do not; what computes fills the processors meanwhile.
So each worker has lanes in an order of its own, and gives way (`nice`) according to what it runs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

__all__ = ["LIVE", "REST", "begins", "give_way", "in_lanes", "lane_of"]

SITE, MEDIA, LIVE, REST = "tests/site/", "tests/media/", "tests/live/", ""
NICE = {SITE: 3, MEDIA: 0, LIVE: 0, REST: 5}
ORDERS = ((SITE, LIVE, REST, MEDIA), (MEDIA, LIVE, REST, SITE), (REST, LIVE, SITE, MEDIA))
"""Of the first workers. All others are for phones."""
OTHERS = (LIVE, REST, SITE, MEDIA)
LONGEST = (
    "tests/replica/test_replication",
    "tests/api/test_contract",
    "tests/app/test_cli",
    "tests/replica/",
)
"""Begun first, they are not what all wait for in the end."""

_niceness = 0


def lane_of(nodeid: str) -> str:
    return next(lane for lane in (SITE, MEDIA, LIVE, REST) if nodeid.startswith(lane))


def begins(nodeid: str) -> tuple[int, int]:
    """What to sort tests by."""
    late = next((at for at, name in enumerate(LONGEST) if nodeid.startswith(name)), len(LONGEST))
    return (SITE, MEDIA, LIVE, REST).index(lane_of(nodeid)), late


def give_way(nodeid: str) -> None:
    """Before a test in a worker: it lets the more urgent ones have the processor. There is no way back."""
    global _niceness  # noqa: PLW0603  # as the kernel has it, one for each process
    if (wanted := NICE[lane_of(nodeid)]) > _niceness:
        os.nice(wanted - _niceness)
        _niceness = wanted


def in_lanes(config: Any, log: Any) -> Any:
    """xdist's scheduler for `--dist loadfile`, but that it knows lanes."""
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # it has some, and no mark

    class InLanes(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            """What one worker runs from beginning to end: a whole lane, a test with phones, or a file."""
            lane = lane_of(nodeid)
            if lane in (SITE, MEDIA):
                return lane
            return nodeid if lane == LIVE else str(super()._split_scope(nodeid))

        def _assign_work_unit(self, node: Any) -> None:
            """The first of what waits in the first of the worker's lanes. What a crashed worker leaves has parts that
            are done; who got only such a part would wait for ever.
            """
            for done in [scope for scope, tests in self.workqueue.items() if all(tests.values())]:
                del self.workqueue[done]
            if not self.workqueue:
                node.shutdown()
                return
            order = _order(node.gateway.id)
            scope = min(self.workqueue, key=lambda each: order.index(lane_of(each)))
            self.workqueue.move_to_end(scope, last=False)
            super()._assign_work_unit(node)

        def _reschedule(self, node: Any) -> None:
            """Who takes the place of a worker that has crashed gets work when it knows the tests, not before. A test
            with phones is dealt out when the one before the last has begun: it may be a long one.
            """
            if node not in self.registered_collections:
                return
            if self.workqueue and self._pending_of(self.assigned_work[node]) > 1:
                return
            super()._reschedule(node)

    config.option.loadscopereorder = False  # else the files of most tests would be first
    return InLanes(config, log)


def _order(worker: str) -> Sequence[str]:
    number = int(worker.removeprefix("gw"))
    return ORDERS[number] if number < len(ORDERS) else OTHERS
