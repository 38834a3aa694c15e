"""One SQLite connection and the thread it lives on.

aiosqlite brings the thread; what is added is that a whole piece of work runs there in one go, so that thirty
statements cost one wake-up of the event loop and not thirty.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import aiosqlite

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
"""Runs on the connection's thread. It may raise, and may run twice: it must have no effect outside the
database.
"""

BUSY_TIMEOUT_S = 10.0
CACHED_STATEMENTS = 128


class ConnectionThread(aiosqlite.Connection):
    """A connection in autocommit mode: transactions begin and end where the code says so."""

    async def run(self, work: Work[T]) -> T:
        """Run `work` with the plain connection, on its thread; works wait for each other in order."""
        # aiosqlite's subclasses may use `_execute`, but it carries no types.
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result


async def connect(
    path: Path, *, pragmas: Mapping[str, str | int], read_only: bool = False
) -> ConnectionThread:
    """Open the file at `path`, which must exist, and set `pragmas`."""
    mode = "ro" if read_only else "rw"

    def connector() -> sqlite3.Connection:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            cached_statements=CACHED_STATEMENTS,
        )

    def prepare(connection: sqlite3.Connection) -> None:
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name}={value}").fetchall()

    thread = ConnectionThread(connector, iter_chunk_size=64)
    await thread
    try:
        await thread.run(prepare)
    except BaseException:
        await thread.close()
        raise
    return thread
