"""Copies of a database from before its layout changed, kept beside it, so that the program of before can start again.

    pbx.sqlite3              the database
    pbx.sqlite3.layout-15    as it was before it was brought from layout 15 to a newer one; the last two stay
    pbx.sqlite3.put-aside    what stood there before a copy was put back

A copy is made by SQLite's backup API: whole, whatever stands in the write-ahead log. Everything here blocks.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pbx.core.errors import StartupError

__all__ = ["ASIDE", "Kept", "all_kept", "copied", "keep", "missing_rows", "put_back"]

MOST = 2
SPARE_BYTES = 32 << 20
"""What must stay free on the disk beside a copy."""
ASIDE = ".put-aside"
_NAME = re.compile(r"\.layout-(\d+)")


class Kept(msgspec.Struct, frozen=True):
    """One copy."""

    path: Path
    layout: int
    made_at: datetime


def all_kept(path: Path) -> list[Kept]:
    """The copies of the database at `path`, the newest layout first."""
    found = []
    for file in path.parent.glob(f"{path.name}.layout-*"):
        if match := _NAME.fullmatch(file.name.removeprefix(path.name)):
            made_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            found.append(Kept(file, int(match[1]), made_at))
    return sorted(found, key=lambda each: -each.layout)


def keep(path: Path, layout: int) -> Kept:
    """Copy the database, which has this layout. Raises `StartupError` when the disk has no room for it."""
    target = path.with_name(f"{path.name}.layout-{layout}")
    copied(path, target)
    for old in all_kept(path)[MOST:]:
        old.path.unlink(missing_ok=True)
    return next(each for each in all_kept(path) if each.path == target)


def copied(path: Path, target: Path) -> None:
    """Copy the database somewhere else on its disk. Raises `StartupError` when that has no room."""
    _require_room(path)
    _copy(path, target)


def put_back(path: Path, kept: Kept) -> Path:
    """Put a copy in place of the database; returns where that one is now. Nobody may have it open."""
    if path.exists():
        copied(path, aside := path.with_name(path.name + ASIDE))
        _empty_log(path)
    else:
        aside = path
    fresh = path.with_name(f"{path.name}.fresh")
    _copy(kept.path, fresh)
    os.replace(fresh, path)
    _sync(path.parent)
    return aside


def missing_rows(now: Path, kept: Path) -> Mapping[str, int]:
    """How many more rows each table has now than it had in the copy; tables that the copy has not are new."""
    with closing(_reader(now)) as one, closing(_reader(kept)) as other:
        before = _rows(other)
        more = {table: count - before.get(table, 0) for table, count in _rows(one).items()}
    return {table: count for table, count in sorted(more.items()) if count > 0}


def _rows(connection: sqlite3.Connection) -> dict[str, int]:
    tables = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%'"
    )
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608  names of our own tables
        for (name,) in tables.fetchall()
    }


def _require_room(path: Path) -> None:
    wanted = SPARE_BYTES + sum(
        file.stat().st_size
        for name in (path.name, f"{path.name}-wal")
        if (file := path.with_name(name)).exists()
    )
    free = shutil.disk_usage(path.parent).free
    if free < wanted:
        raise StartupError(
            f"there is no room for a copy of {path}: {free >> 20} MB are free, {(wanted >> 20) + 1} MB are needed",
            action="Make room on that disk. Nothing has been changed: the version of before still starts",
        )


def _copy(source: Path, target: Path) -> None:
    """The target is whole or not there."""
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        with closing(_reader(source)) as connection, closing(sqlite3.connect(part)) as copy:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
        _sync(target.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _reader(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _empty_log(path: Path) -> None:
    """Move all pages out of the write-ahead log: one that stayed would be read into the file that comes."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:  # somebody has it open
        raise StartupError(f"another process uses {path}", action="Stop the node first") from error
    for name in (f"{path.name}-wal", f"{path.name}-shm"):
        with suppress(FileNotFoundError):
            path.with_name(name).unlink()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
