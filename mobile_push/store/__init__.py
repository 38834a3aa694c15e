"""Where the gateway keeps things: SQLite alone, PostgreSQL where several gateways share. One SQL text for both."""

from __future__ import annotations

from pathlib import Path

from mobile_push.errors import SetupError
from mobile_push.store.base import Row, Store
from mobile_push.store.sqlite import SqliteStore

__all__ = ["Row", "Store", "open_store"]


async def open_store(place: str | Path) -> Store:
    """A PostgreSQL DSN, or the path of a SQLite file; the tables are made or brought up to date."""
    if str(place).startswith(("postgres://", "postgresql://")):
        try:
            from mobile_push.store.postgres import PostgresStore  # needed by few, and installed by them
        except ImportError as error:
            raise SetupError("PostgreSQL needs asyncpg: pip install 'bellwire[postgres]'") from error

        return await PostgresStore.open(str(place))
    return await SqliteStore.open(Path(place))
