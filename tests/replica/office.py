"""An office reduced to its database and its replication, in this process."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

from pbx.app.litestream_process import LitestreamProcess
from pbx.app.replication import WAL_LIMIT, Replication
from pbx.core.clock import SystemClock
from pbx.core.config import NodeConfig
from pbx.core.metrics import Registry
from pbx.core.names import system_lookup
from pbx.core.secret import KEY_FILE, load_key
from pbx.model.replication import DrillReport
from pbx.store.database import FILE_NAME, Database
from pbx.store.litestream import find
from pbx.store.replica_place import ReplicaPlace
from pbx.store.replica_restore import fetch_databases

WITHIN_S = 60.0


class Office:
    """`url` is a folder beside unless another is given."""

    def __init__(
        self, folder: Path, program: str, url: str = "", name: str = "data", **settings: Any
    ) -> None:
        (folder / "mounted").mkdir(exist_ok=True)
        self.data = folder / name
        self.config = NodeConfig(
            data_dir=self.data,
            replica_url=url or f"file://{folder}/mounted/office",
            litestream=program,
            replica_drill_hours=0,
            **settings,
        )
        self.notices: list[tuple[str, str]] = []
        self.events: list[tuple[str, DrillReport]] = []
        self.metrics = Registry()
        self.rows = 0
        self.database: Database | None = None

    @asynccontextmanager
    async def running(
        self, *, wal_limit: int = WAL_LIMIT, started: bool = True
    ) -> AsyncIterator[Replication]:
        """In the order of a node: replication before the database and after it. `started` False: nothing replicates."""
        self.data.mkdir(exist_ok=True)
        replication = Replication(
            self.config, SystemClock(), self.metrics, wal_limit=wal_limit, pauses_s=(0.1,)
        )
        self.metrics = Registry()
        try:
            await replication.before_start()
            async with await Database.open(self.data / FILE_NAME, poll_s=0) as self.database:
                load_key(self.data / KEY_FILE)
                if started:
                    replication.start(
                        lambda kind, title, text, facts: self.notices.append((title, text)),
                        system_lookup,
                        lambda topic, report: self.events.append((topic, report)),
                    )
                yield replication
        finally:
            await replication.stop()

    async def write(self, count: int, size: int = 200) -> None:
        assert self.database is not None
        for _ in range(count):
            self.rows += 1
            row = (f"row {self.rows}", "x" * size)
            await self.database.write(partial(_insert, row=row), durable=False)

    async def until(self, replication: Replication, condition: str) -> None:
        """Until it is in that condition."""
        end = time.monotonic() + WITHIN_S
        while replication.condition != condition:
            assert time.monotonic() < end, (condition, replication.state())
            await asyncio.sleep(0.05)

    async def until_started_again(self, replication: Replication, before: LitestreamProcess) -> None:
        end = time.monotonic() + WITHIN_S
        while replication._process is before or replication.condition != "running":
            assert time.monotonic() < end, replication.state()
            await asyncio.sleep(0.05)

    async def restored_rows(self, generation: int = 1) -> int:
        """What a restore gives now."""
        place = ReplicaPlace.of(self.config)
        assert place is not None
        with tempfile.TemporaryDirectory() as name:
            await fetch_databases(place, await find(self.config.litestream), generation, Path(name))
            with closing(sqlite3.connect(Path(name) / FILE_NAME)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                found = connection.execute("SELECT count(*) FROM state WHERE key LIKE 'row %'").fetchone()
        return int(found[0])


def _insert(connection: sqlite3.Connection, row: tuple[str, str]) -> None:
    connection.execute("INSERT INTO state VALUES (?, ?)", row)
