"""The restore drill: now and then, and when somebody asks, the replica is restored and compared with the office.

A replica that nobody has restored is a hope. What compares runs as a process of its own, at a low priority: calls do
not notice.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from pbx.app.litestream_process import LitestreamProcess
from pbx.core.clock import Clock
from pbx.core.config import NodeConfig
from pbx.core.errors import UserError
from pbx.model.replication import DrillReport
from pbx.store.blobs import BlobCopier
from pbx.store.drill import Comparison
from pbx.store.litestream import Litestream, LitestreamError
from pbx.store.replica_files import ReplicaFilesError
from pbx.store.replica_place import DATABASES, FOLDER, ReplicaPlace, sources_in
from pbx.store.replica_restore import fetch_databases

__all__ = ["Drills"]

log = logging.getLogger(__name__)

NOTE = "drill.json"
FIRST_S = 300.0
LOOK_S = 60.0
SYNC_S = 60.0
"""How long a write may take to the replica before the drill calls that a fault."""
COMPARE_S = 1800.0
MOST_FAULTS = 50


class Drills:
    """Remembers the last report across restarts."""

    def __init__(self, config: NodeConfig, clock: Clock) -> None:
        self.running = False
        self.last: DrillReport | None = None
        self._config = config
        self._clock = clock
        try:
            self.last = msgspec.json.decode((config.data_dir / FOLDER / NOTE).read_bytes(), type=DrillReport)
        except (OSError, msgspec.MsgspecError):
            self.last = None

    def passed(self) -> float:
        """1 when the last one found nothing wrong."""
        return float(self.last is not None and self.last.ok)

    def age_s(self) -> float:
        """Since the last one; -1 before the first."""
        return -1.0 if self.last is None else (self._clock.now() - self.last.at).total_seconds()

    async def run(self, drill: Callable[[], Awaitable[DrillReport]]) -> None:
        """One every so many hours; the first some minutes after the start. After a fault, an hour later again."""
        hours = self._config.replica_drill_hours
        if not hours:
            return
        await asyncio.sleep(min(FIRST_S, hours * 3600))
        while True:
            every = hours if self.last is None or self.last.ok else min(hours, 1.0)
            if self.last is None or self.age_s() >= every * 3600:
                try:
                    await drill()
                except UserError as error:
                    log.warning("no restore drill", extra={"reason": error.message})
            await asyncio.sleep(min(LOOK_S, hours * 3600))

    async def drill(
        self,
        place: ReplicaPlace,
        litestream: Litestream,
        generation: int,
        process: LitestreamProcess | None,
        copier: BlobCopier | None,
    ) -> DrillReport:
        """Raises `UserError` 409 while another goes on."""
        if self.running:
            raise UserError("a restore drill is under way", http_status=409)
        self.running = True
        began = time.monotonic()
        at = self._clock.now()
        try:
            report = await self._drill(place, litestream, generation, process, copier)
        except (LitestreamError, ReplicaFilesError, OSError, TimeoutError) as error:
            report = DrillReport(
                at=at, ok=False, faults=(f"The replica cannot be restored: {str(error) or 'no end'}",)
            )
        finally:
            self.running = False
        self.last = msgspec.structs.replace(report, at=at, took_s=round(time.monotonic() - began, 3))
        place.keep(NOTE, self.last)
        level = logging.INFO if report.ok else logging.ERROR
        facts = {"tables": report.tables, "rows": report.rows, "faults": " ".join(report.faults)[:500]}
        log.log(level, "restore drill passed" if report.ok else "restore drill failed", extra=facts)
        return self.last

    async def _drill(
        self,
        place: ReplicaPlace,
        litestream: Litestream,
        generation: int,
        process: LitestreamProcess | None,
        copier: BlobCopier | None,
    ) -> DrillReport:
        sources = sources_in(self._config.data_dir)
        faults: list[str] = []
        with tempfile.TemporaryDirectory(prefix=".drill-", dir=self._config.data_dir) as name:
            folder = Path(name)
            comparer = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "pbx.store.drill", *(f"{each.name}={each.path}" for each in sources),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 24,
            )  # fmt: skip
            try:
                assert comparer.stdin is not None
                assert comparer.stdout is not None
                async with asyncio.timeout(COMPARE_S):
                    if (await comparer.stdout.readline()).strip() != b"ready":
                        raise OSError("the databases cannot be read")
                    lag_s = await _sent(process, [each.name for each in sources])
                    if lag_s is None:
                        faults.append(
                            f"The replica is behind: what was written did not get there in {SYNC_S:.0f} s."
                        )
                    names = await fetch_databases(place, litestream, generation, folder)
                    copies = {short: str(folder / file) for short, file in DATABASES if short in names}
                    comparer.stdin.write(msgspec.json.encode(copies) + b"\n")
                    await comparer.stdin.drain()
                    said = await comparer.stdout.read()
                    await comparer.wait()
            finally:
                if comparer.returncode is None:
                    comparer.kill()
                    await comparer.wait()
            found = msgspec.json.decode(said, type=Comparison)
            fetched, wrong = await copier.verify(folder) if copier is not None else (0, [])
        faults += found.faults + wrong
        return DrillReport(
            at=self._clock.now(),
            ok=not faults,
            lag_s=None if lag_s is None else round(lag_s, 3),
            databases=names,
            tables=found.tables,
            rows=found.rows,
            files=fetched,
            faults=tuple(faults[:MOST_FAULTS]),
            differences=tuple(found.differences[:MOST_FAULTS]),
        )


async def _sent(process: LitestreamProcess | None, names: list[str]) -> float | None:
    """Wait until what was committed before is at the replica; how long that took. The first answer may be older."""
    began = time.monotonic()
    while process is not None and not process.ended and (waited := time.monotonic() - began) < SYNC_S:
        synced = await process.synced()
        if waited > 0.5 and synced and all(synced.get(name) for name in names):
            return waited
        await asyncio.sleep(0.2)
    return None
