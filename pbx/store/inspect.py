"""Looks at a database file before anything may write to it.

The look is read-only throughout: a connection that could write would, when closed, move the WAL into a file
that may be damaged, and destroy what a rescue tool could still use.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from pbx.core.errors import StartupError
from pbx.store.migrate import APPLICATION_ID, refuse_newer, version_of

MAGIC = b"SQLite format 3\0"
CHECKED_BYTES = 32 << 20
"""Up to this size the whole file is checked at each start (about 0.1 s on a small machine); `pbx doctor`
checks any.
"""

RESCUE = (
    "It has not been changed. Stop every process that uses it, keep a copy, then restore a backup "
    'in its place, or try: sqlite3 {path} ".recover" | sqlite3 {path}.rescued'
)


class Found(msgspec.Struct, frozen=True):
    """What stands in the file. `version` is its layout, 0 for a new one."""

    is_new: bool
    version: int


def inspect(path: Path, *, newest: int, check_all: bool = False) -> Found:
    """Raises `StartupError` when the file must not be used. `newest` is the layout this program knows."""
    if not path.exists() or path.stat().st_size == 0:
        return Found(is_new=True, version=0)
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise _damaged(path, "it does not begin as an SQLite file does")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            _refuse_stranger(connection, path)
            refuse_newer(connection, path, newest)
            if check_all or path.stat().st_size <= CHECKED_BYTES:
                _check(connection, path)
            return Found(is_new=False, version=version_of(connection))
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and not _is_damage(error):
            raise
        raise _damaged(path, str(error)) from error


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if finding != "ok":
        raise _damaged(path, finding)


def _refuse_stranger(connection: sqlite3.Connection, path: Path) -> None:
    """A file of another program has tables and not our mark."""
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and mark != APPLICATION_ID:
        raise StartupError(
            f"{path} is an SQLite database of another program",
            action="Give this node another --data-dir, or move that file away",
        )


def _is_damage(error: sqlite3.OperationalError) -> bool:
    return (getattr(error, "sqlite_errorname", None) or "").startswith(
        ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR")
    )


def _damaged(path: Path, finding: str) -> StartupError:
    return StartupError(f"the database {path} is damaged: {finding}", action=RESCUE.format(path=path))
