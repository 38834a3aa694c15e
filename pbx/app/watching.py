"""What watches over a running node: the clock, the event loop, the machine's ceilings, and what calls together show.

It tells monitors (`/metrics`), the health list, and the administrator by notices. Nothing here stands in the way of a
call but the ceilings.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx.app.meters import measure_node
from pbx.app.upgraded import Upgraded
from pbx.core import process
from pbx.core.lag import LoopLag
from pbx.core.metrics import Registry
from pbx.core.tasks import Supervisor
from pbx.feature.call_lines import CallLines
from pbx.feature.call_meters import CallMeters
from pbx.feature.call_patterns import CallPatterns
from pbx.feature.ceilings import Ceilings, Reading
from pbx.feature.lost_names import LostNames
from pbx.feature.lost_phones import LostPhones
from pbx.feature.message_meters import MessageMeters
from pbx.store.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from pbx.api.ports.health import HealthCheck
    from pbx.app.ground import Stores
    from pbx.app.parts import Parts
    from pbx.core.config import NodeConfig
    from pbx.store.database import Database

__all__ = ["Watching"]

log = logging.getLogger(__name__)

LOOK_S = 1.0
DISK_S = 15.0


class Watching:
    """`parts` are those of a node that is being put together; `start` when its stores are loaded."""

    def __init__(self, config: NodeConfig, parts: Parts, metrics: Registry) -> None:
        self.parts = parts
        self.lag = LoopLag(metrics)
        self.disk_free: int | None = None
        self.upgraded = Upgraded(parts.clock)
        self.ceilings = Ceilings(
            ports=parts.media.ports,
            ports_free=lambda: parts.media.ports_available,
            look=_reader(config.memory_limit_mb),
            monotonic=parts.clock.monotonic,
        )
        post = parts.guarding.notices.post
        self.lost_phones = LostPhones(
            post,
            clock=parts.clock,
            registered=lambda: len({each.extension for each in parts.registrar.all_bindings()}),
            wakes=lambda number: bool(parts.wake.phones.of(number)),
        )
        self.lost_names = LostNames(post, clock=parts.clock, trouble=parts.names.trouble)
        self.pushes = MessageMeters(metrics)
        parts.switch.room = self.ceilings.admit
        for each in (CallMeters(metrics), CallPatterns(post), CallLines()):
            parts.call_log.tell(each.take, *each.KINDS)
        parts.clock.on_jump += [
            self._clock_jumped,
            parts.guarding.limits.usage.clock_jumped,
            parts.entrance.door.clock_jumped,
            parts.queues.queues.clock_jumped,
        ]
        measure_node(metrics, self)

    async def start(
        self, config: NodeConfig, supervisor: Supervisor, stores: Stores, database: Database
    ) -> None:
        post = self.parts.guarding.notices.post
        if await self.upgraded.look(stores.state, database, post):
            trying = self.upgraded.try_calls(self.parts.self_call, stores.state, post)
            supervisor.spawn("call to itself", trying)
        self.parts.wake.gateway = self.pushes.around(self.parts.wake.gateway)
        self._supervisor = supervisor
        supervisor.spawn("watching", self._run())
        supervisor.spawn("watching phones and lines", self._listen())
        supervisor.spawn("watching the disk", self._watch_disk(config.data_dir))
        supervisor.spawn("event loop lag", self.lag.run())

    def checks(self) -> Sequence[HealthCheck]:
        from pbx.app.health import HealthChecks  # of the HTTP side, which comes last

        return HealthChecks(self).all()

    async def _run(self) -> None:
        while True:
            self.parts.clock.follow()
            self.ceilings.look()
            self.lost_phones.tick()
            self.lost_names.tick()
            await asyncio.sleep(LOOK_S)

    async def _listen(self) -> None:
        with self.parts.bus.subscribe("registration", "trunk", "message", "edge") as events:
            async for published in events:
                if published.topic in ("registration", "trunk"):
                    self.lost_phones.take(published.event)
                else:
                    self.pushes.take(published.event)

    async def _watch_disk(self, folder: Path) -> None:
        """In a thread: a disk that does not answer keeps only that waiting."""
        while True:
            try:
                self.disk_free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
            except OSError as error:
                log.warning("the disk cannot be looked at", extra={"reason": error.strerror})
            await asyncio.sleep(DISK_S)

    def _clock_jumped(self, by_s: float) -> None:
        log.warning(
            "the clock was set; calls and registrations go on as they were", extra={"by_s": round(by_s, 1)}
        )
        registrar = self.parts.registrar
        kept = registrar.clock_jumped(by_s)
        self._supervisor.spawn("registrations in the new time", self._keep(registrar.keep(kept)))

    @staticmethod
    async def _keep(stored: object) -> None:
        try:
            await stored  # type: ignore[misc]  # what `keep` returns
        except StoreError as error:  # they are in memory, and phones register again
            log.error("registrations could not be stored", extra={"error": str(error)})  # noqa: TRY400


def _reader(memory_limit_mb: int) -> Callable[[], Reading]:
    allowed = memory_limit_mb << 20 or process.memory_allowed()

    def look() -> Reading:
        return Reading(process.open_files(), process.files_limit(), process.memory_bytes(), allowed)

    return look
