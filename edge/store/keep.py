"""A copy of the database from before its layout changes, beside it, so that the program of before can start again.

`edge.sqlite3.layout-5` is the file as it was with layout 5; the last two stay. PostgreSQL has its own backups.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from edge.errors import StartError

__all__ = ["keep"]

MOST = 2
SPARE_BYTES = 32 << 20


def keep(path: Path, layout: int) -> Path:
    """Copy it by SQLite's backup API. Raises `StartError` when the disk has no room for it."""
    parts = [path, *path.parent.glob(f"{path.name}-wal")]
    wanted = SPARE_BYTES + sum(part.stat().st_size for part in parts)
    if (free := shutil.disk_usage(path.parent).free) < wanted:
        raise StartError(
            f"there is no room for a copy of {path}: {free >> 20} MB are free, {(wanted >> 20) + 1} MB are needed",
            action="Make room on that disk. Nothing has been changed: the version of before still starts",
        )
    target = path.with_name(f"{path.name}.layout-{layout}")
    part = path.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    with part.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(part, target)
    for old in sorted(path.parent.glob(f"{path.name}.layout-*"), key=_layout)[:-MOST]:
        old.unlink(missing_ok=True)
    return target


def _layout(file: Path) -> int:
    number = file.name.rpartition("-")[2]
    return int(number) if number.isdigit() else 1 << 30
