"""The write-ahead log of a database that Litestream follows: how large it is, and how it is kept small without it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from pbx.store.litestream_meta import meta_folder

__all__ = ["checkpoint", "grown", "log_bytes", "waiting_bytes"]


def log_bytes(database: Path) -> int:
    """Of the log beside a database; 0 where there is none."""
    try:
        return database.with_name(f"{database.name}-wal").stat().st_size
    except FileNotFoundError:
        return 0


def waiting_bytes(database: Path) -> int:
    """The log, and what Litestream has copied of it. What goes away meanwhile is passed over, folders too."""
    kept = 0
    for folder, _, names in os.walk(meta_folder(database)):
        for name in names:
            with suppress(OSError):
                kept += Path(folder, name).stat().st_size
    return log_bytes(database) + kept


def grown(database: Path, waiting: int, limit: int) -> bool:
    """Whether it would fill the disk. Litestream keeps a copy of the newest log for itself, and of the whole database
    at a snapshot."""
    with suppress(FileNotFoundError):
        return log_bytes(database) > limit or waiting > 3 * limit + 2 * database.stat().st_size
    return False


def checkpoint(database: Path) -> None:
    """What SQLite does by itself otherwise; a busy database is left for the next time."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(database, timeout=0.1)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
