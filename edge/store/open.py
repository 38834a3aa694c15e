"""Opens the store that a setting names."""

from __future__ import annotations

from pathlib import Path

from edge.store.store import Store

__all__ = ["FILE_NAME", "open_store"]

FILE_NAME = "edge.sqlite3"


async def open_store(where: str | Path) -> Store:
    """`postgres://…` is a server, anything else a SQLite file, made when it is not there. Raises `StartError`."""
    if str(where).startswith(("postgres://", "postgresql://")):
        from edge.store.postgres import PostgresStore

        return await PostgresStore.open(str(where))
    from edge.store.sqlite import SqliteStore

    return await SqliteStore.open(Path(where))
