"""Keeps the replica: restores from it where there is nothing yet, runs Litestream, sees to it that all is well.

    starting ─► running ⇄ behind          Litestream runs; `behind` when the replica lacks more than half a minute
        ▲          │
        └─ stopped ┘                      it does not run, or would fill the disk: the write-ahead log is kept small,
                                          and the next start begins with a new snapshot
    fenced                                another node has taken over: nothing is written there any more

The node serves calls in every one of these; only a data directory without an office waits for its replica.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from msgspec.structs import replace

from pbx.app.litestream_process import LitestreamProcess, end_leftover
from pbx.app.replica_ownership import FencedError, check_owner, key_was_changed, own, refuse_second
from pbx.app.replica_taking import fetch_files, take, take_office
from pbx.app.replication_drill import Drills
from pbx.core.clock import Clock
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError, UserError
from pbx.core.metrics import Registry
from pbx.core.names import Lookup
from pbx.core.tasks import Supervisor
from pbx.model.notice import Post
from pbx.model.replication import DatabaseLag, DrillReport, Owner, ReplicationCondition, ReplicationState
from pbx.store.blobs import BlobCopier
from pbx.store.litestream import Litestream, LitestreamError, find
from pbx.store.litestream_meta import forget_state
from pbx.store.replica_files import ReplicaFilesError
from pbx.store.replica_keys import KEYS_NAME, lock_keys
from pbx.store.replica_owner import drop_old
from pbx.store.replica_place import DATABASES, ReplicaPlace, sources_in
from pbx.store.write_ahead_log import checkpoint, grown, log_bytes, waiting_bytes

__all__ = ["Replication"]

log = logging.getLogger(__name__)

LOOK_S = 1.0
OWNER_LOOK_S = 15.0
FILES_S = 15.0
FILES_AGAIN_S = 60.0
BEHIND_S = 30.0
TELL_S = 120.0
PAUSES_S = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
RAN_WELL_S = 60.0
WAL_LIMIT = 64 << 20
"""What the write-ahead log, or what Litestream keeps back, may grow to."""
Publish = Callable[[str, DrillReport], object]


class Replication:
    """Made before the database is opened, started when the node is ready, stopped after the database is closed."""

    def __init__(
        self,
        config: NodeConfig,
        clock: Clock,
        metrics: Registry,
        *,
        wal_limit: int = WAL_LIMIT,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self.condition: ReplicationCondition = "off"
        self.problem = ""
        self.action = ""
        self.drills = Drills(config, clock)
        self._config = config
        self._clock = clock
        self._wal_limit = wal_limit
        self._pauses_s = pauses_s
        place = ReplicaPlace.of(config)
        if place is None:
            raise StartupError("no replica is set", path="replica_url")
        self._place = place
        self._litestream: Litestream | None = None
        self._process: LitestreamProcess | None = None
        self._owner: Owner | None = None
        self._owned = asyncio.Event()
        self._copier: BlobCopier | None = None
        self._tasks = Supervisor()
        self._post: Post | None = None
        self._publish: Publish = lambda _topic, _report: None
        self._synced_at: dict[str, float] = {}
        self._sizes: dict[str, int] = {}
        self._began = time.monotonic()
        self._trouble_since: float | None = None
        self._told = False
        self._fresh = False
        self._renew = False
        self._keeps_key = False
        self._measure(metrics)

    @property
    def target(self) -> str:
        return self._place.url.shown

    # -- before the database is opened ---------------------------------------------------------------------------------

    async def before_start(self) -> None:
        """Restore an office that is not there, refuse to be a second one. Raises `StartupError`."""
        self.condition = "starting"
        end_leftover(self._place)
        if not (self._config.data_dir / DATABASES[0][1]).exists():
            await self._restore(self._place)
        elif self._place.owner is not None:
            await refuse_second(self._place, self._place.owner)
        self._place = self._place.now()
        self._place.prepare()

    async def _restore(self, place: ReplicaPlace) -> None:
        litestream = await find(self._config.litestream)
        taken = await take_office(place, litestream, self._clock, say=log.info)
        if taken is None:
            log.info("the replica is empty: this office begins here", extra={"replica": place.url.shown})
            return
        restored, _ = taken
        log.warning(
            "the office was restored from its replica", extra={"databases": ", ".join(restored.databases)}
        )
        log.info("sound files were restored", extra={"files": await fetch_files(place, restored)})

    # -- while the node runs -------------------------------------------------------------------------------------------

    def start(self, post: Post, lookup: Lookup, publish: Publish) -> None:
        """From now on, until `stop`. `post` tells the administrator, `publish` whoever listens."""
        self._post, self._publish = post, publish
        self._place = replace(self._place, lookup=lookup)
        self._tasks.spawn("replica", self._run(self._place))
        self._tasks.spawn("replica of files", self._copy_files(self._place))
        self._tasks.spawn("restore drill", self.drills.run(self.drill))

    async def stop(self) -> None:
        """After the database was closed: Litestream sends the rest and ends."""
        await self._tasks.aclose()
        if self._process is not None:
            await self._process.stop()

    def state(self) -> ReplicationState:
        """For the API and the health list."""
        return ReplicationState(
            condition=self.condition,
            target=self.target,
            litestream=self._litestream.shown if self._litestream is not None else "",
            generation=self._owner.generation if self._owner is not None else 0,
            problem=self.problem,
            action=self.action,
            databases=tuple(
                DatabaseLag(
                    name=each.name, lag_s=self._lag(each.name), waiting_bytes=self._sizes.get(each.name, 0)
                )
                for each in sources_in(self._config.data_dir)
            ),
            files=self._copier.state if self._copier is not None else None,
            keeps_key=self._keeps_key,
            drill_hours=self._config.replica_drill_hours,
            drilling=self.drills.running,
            last_drill=self.drills.last,
        )

    async def drill(self) -> DrillReport:
        """Restore the replica into an empty folder and compare. Raises `UserError` 409 when that cannot be done now."""
        place, litestream, owner = self._place, self._litestream, self._owner
        if self.condition == "fenced":
            raise UserError(self.problem, http_status=409, action=self.action)
        if litestream is None or owner is None:
            raise UserError(f"there is no replica yet: {self.problem or 'it is starting'}", http_status=409)
        process, before = self._process, self.drills.last
        report = await self.drills.drill(place, litestream, owner.generation, process, self._copier)
        self._publish("drill", report)
        self._tell_of_drill(report, before)
        if not report.ok:
            self._fresh = self._renew = True
            if process is not None and self._process is process:
                await process.stop()  # the next start begins with a new snapshot
        return report

    def _tell_of_drill(self, report: DrillReport, before: DrillReport | None) -> None:
        """Each fault once, whatever else is told of the replica; and that it is over."""
        failed_before = before is not None and not before.ok
        if self._post is None or (report.ok and not failed_before):
            return
        facts = {"replica": self.target}
        if report.ok:
            title, text = "The replica can be trusted again", "The restore drill found no fault."
            self._post("replication", title, text, {"what": "drill_passed", **facts})
        elif before is None or before.faults != report.faults:
            why = " ".join(report.faults)[:1500]
            text = f"The last restore drill failed: {why} A new snapshot is made."
            told = {"what": "drill_failed", "why": why, **facts}
            self._post("replication", "The replica cannot be trusted", text, told)

    async def _run(self, place: ReplicaPlace) -> None:
        failures = 0
        while self.condition != "fenced":
            began = time.monotonic()
            try:
                place = place.now()
                self._litestream = await find(self._config.litestream)
                self._owner = await own(place, self._clock)
                if self._renew or await key_was_changed(self._owner, self._config.data_dir):
                    # Nothing is built on what is damaged, or sealed with another key.
                    self._owner = await take(place, self._owner, self._clock)
                self._renew = False
                self._owned.set()
                await self._replicate(place, self._litestream, self._owner, failures)
                self._trouble(
                    f"Litestream has ended: {self._process.last_error if self._process else ''}".rstrip(": "),
                    "It is started again by itself. If it lasts, look at the log of the node.",
                )
            except (StartupError, LitestreamError, ReplicaFilesError) as error:
                self._trouble(str(getattr(error, "message", error)), getattr(error, "action", ""))
            except FencedError as error:
                self._fenced(error.by)
                return
            failures = 1 if time.monotonic() - began > RAN_WELL_S else failures + 1
            await self._pause(self._pauses_s[min(failures, len(self._pauses_s)) - 1])

    async def _replicate(
        self, place: ReplicaPlace, litestream: Litestream, owner: Owner, failures: int
    ) -> None:
        """One run of Litestream, from its snapshot to its end."""
        sources = sources_in(self._config.data_dir)
        if litestream.is_old or self._fresh or failures >= 2:
            for source in sources:
                await asyncio.to_thread(forget_state, source.path)
        self._fresh = False
        self._process = process = LitestreamProcess(litestream, place, sources, owner.generation)
        await process.start()
        try:
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(self._watch(place, process, owner))
                await process.run()
                watching.cancel()
        except (
            ExceptionGroup
        ) as errors:  # not `except*`: whether that wraps what is raised in it differs by version
            first = errors.exceptions[0]
            if isinstance(first, FencedError):
                raise first from None
            if isinstance(first, OSError):  # of our own looks at the disk: Litestream is started again
                raise ReplicaFilesError(f"The disk of this node cannot be read: {first}") from errors
            raise
        finally:
            await asyncio.shield(process.stop())

    async def _watch(self, place: ReplicaPlace, process: LitestreamProcess, owner: Owner) -> None:
        """Every second: how far it is. It is stopped when it would fill the disk, lost its right to write, or there is
        a database that it does not know."""
        asked = time.monotonic()
        # A log that grew keeps its size on the disk, though there is nothing in it any more.
        limits = {each.name: max(self._wal_limit, 2 * log_bytes(each.path)) for each in process.sources}
        while True:
            before = time.monotonic()
            for name, there in (await process.synced()).items():
                if there:
                    self._synced_at[name] = before
            self._judge(process)
            self._sizes = await asyncio.to_thread(
                lambda: {each.name: waiting_bytes(each.path) for each in process.sources}
            )
            if any(grown(each.path, self._sizes[each.name], limits[each.name]) for each in process.sources):
                self._fresh = True
                self._trouble(
                    f"The replica takes too little: more than {self._wal_limit >> 20} MB wait for it",
                    "Look at the network and the account of the replica. Nothing of the office is lost meanwhile, but "
                    "nothing new is in the replica.",
                )
                await self._tell(
                    "replica_stopped",
                    "The replica has stopped",
                    f"{self.problem}. {self.action} {process.last_error}",
                )
                await process.stop()
            if len(sources_in(self._config.data_dir)) != len(process.sources):
                log.info("a database has come: Litestream is started again")
                await process.stop()
            if before - asked > OWNER_LOOK_S:
                asked = before
                await check_owner(place, owner)
            await asyncio.sleep(LOOK_S)

    def _judge(self, process: LitestreamProcess) -> None:
        lags = [self._lag(each.name) for each in process.sources]
        longest = max(
            (lag if lag is not None else time.monotonic() - self._began for lag in lags), default=0.0
        )
        if longest <= BEHIND_S:
            if None not in lags:
                if self.condition != "running":
                    log.info("the office is replicated", extra={"replica": self.target})
                self.condition, self.problem, self.action = "running", "", ""
                self._trouble_since, self._told = None, False
            return
        self.condition = "behind"
        self.problem = f"The replica is {longest:.0f} s behind. {process.last_error}".strip()
        self.action = "Look at the network, the account and the room at the replica."
        self._since()
        if longest > TELL_S:
            self._tasks.spawn("notice", self._tell("replica_behind", "The replica is behind", self.problem))

    def _trouble(self, problem: str, action: str) -> None:
        if self.problem != problem:
            log.warning("the office is not replicated", extra={"reason": problem})
        self.condition, self.problem, self.action = "stopped", problem, action
        self._since()

    def _since(self) -> float:
        if self._trouble_since is None:
            self._trouble_since = time.monotonic()
        return time.monotonic() - self._trouble_since

    def _fenced(self, by: Owner) -> None:
        self.condition = "fenced"
        self.problem = f"{by.host} has taken over this office at {by.at:%Y-%m-%d %H:%M} UTC."
        self.action = (
            "Stop this node: phones must not be split between two. To take it back: pbx takeover --replace"
        )
        log.error("another node has taken over", extra={"host": by.host})
        self._tasks.spawn(
            "notice",
            self._tell(
                "taken_over",
                "Another node has taken over this office",
                f"{self.problem} {self.action}",
                {"host": by.host, "at": f"{by.at:%Y-%m-%d %H:%M}"},
            ),
        )

    async def _pause(self, seconds: float) -> None:
        """Meanwhile the write-ahead logs are kept small, and who should know is told."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for source in sources_in(self._config.data_dir):
                if log_bytes(source.path) > self._wal_limit:
                    self._fresh = True
                    await asyncio.to_thread(checkpoint, source.path)
                    await self._tell(
                        "replica_stopped", "The replica has stopped", f"{self.problem} {self.action}"
                    )
            if self._since() > TELL_S:
                await self._tell(
                    "replica_stopped", "The office is not replicated", f"{self.problem} {self.action}"
                )
            await asyncio.sleep(min(LOOK_S, left))

    async def _tell(self, what: str, title: str, text: str, facts: dict[str, str] | None = None) -> None:
        """Once for each trouble."""
        if not self._told and self._post is not None:
            self._told = True
            given = {"what": what, "replica": self.target, "why": text.strip(), **(facts or {})}
            self._post("replication", title, text.strip(), given)

    async def _copy_files(self, place: ReplicaPlace) -> None:
        """Round after round; the key file first, if it may be there."""
        await self._owned.wait()
        assert self._owner is not None
        files = place.now().files()
        generation = 0
        try:
            while self.condition != "fenced":
                if generation != self._owner.generation:
                    generation = self._owner.generation
                    keep_days = self._config.replica_keep_days
                    self._copier = BlobCopier(
                        self._config.data_dir, files, self._clock, keep_days, generation
                    )
                    with suppress(ReplicaFilesError):
                        await drop_old(files, timedelta(days=keep_days), self._clock.now())
                with suppress(ReplicaFilesError):
                    if not self._keeps_key and self._config.replica_passphrase_file is not None:
                        locked = await asyncio.to_thread(
                            lock_keys, self._config.data_dir, self._config.replica_passphrase_file
                        )
                        await files.put(KEYS_NAME, locked)
                        self._keeps_key = True
                if self._config.replica_files and self._copier is not None:
                    await self._copier.round()
                await asyncio.sleep(FILES_AGAIN_S if self._copier and self._copier.state.error else FILES_S)
        finally:
            await files.close()

    def _lag(self, name: str) -> float | None:
        at = self._synced_at.get(name)
        return None if at is None else time.monotonic() - at

    def _measure(self, metrics: Registry) -> None:
        for name, text, read in (
            ("up", "1 while the replica is up to date.", lambda: float(self.condition == "running")),
            ("waiting_bytes", "Write-ahead logs and what waits to be sent.", self._waiting),
            ("files_waiting", "Sound files that are still to be copied.", self._files_waiting),
            ("drill_ok", "1 when the last restore drill found nothing wrong.", self.drills.passed),
            ("drill_age_seconds", "Seconds since the last restore drill; -1 without.", self.drills.age_s),
        ):
            metrics.gauge(f"pbx_replication_{name}", text, read=read)
        text = "Seconds since everything was at the replica."
        metrics.gauge("pbx_replication_lag_seconds", text, ("database",), read=self._lags)

    def _waiting(self) -> float:
        return float(sum(self._sizes.values()))

    def _files_waiting(self) -> float:
        return float(self._copier.state.waiting if self._copier is not None else 0)

    def _lags(self) -> dict[tuple[str, ...], float]:
        known = {each.name: self._lag(each.name) for each in sources_in(self._config.data_dir)}
        return {
            (name,): lag if lag is not None else time.monotonic() - self._began for name, lag in known.items()
        }
