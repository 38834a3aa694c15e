"""Brings the database to the layout this program knows: plain SQL files, applied in order, each in one
transaction.

`PRAGMA user_version` is the number of the last file applied. Files never change once released; a new layout
is a new file. Runs on the writer's connection, before anything else does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from pbx.core.errors import StartupError

MIGRATIONS = Path(__file__).parent / "migrations"
APPLICATION_ID = 0x42_65_6C_6C
"""Stands in the file's header (SQLite's `application_id`): "Bell"."""


def steps(folder: Path = MIGRATIONS) -> list[tuple[int, str]]:
    """(version, SQL) of each file, numbered 1, 2, 3 … without a gap."""
    files = sorted(folder.glob("[0-9]*.sql"))
    found = [(int(file.name.split("_")[0]), file.read_text("utf-8")) for file in files]
    if [version for version, _ in found] != list(range(1, len(found) + 1)):
        raise RuntimeError(f"the migrations in {folder} are not numbered 1, 2, 3 …")
    return found


def version_of(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def refuse_newer(connection: sqlite3.Connection, path: Path, newest: int) -> None:
    """Raises `StartupError` when a newer program has written this database."""
    if (version := version_of(connection)) > newest:
        raise StartupError(
            f"the database {path} has layout {version}, this program knows layouts up to {newest}",
            action="Install the newer version again, or restore a backup made before the upgrade",
        )


def migrate(connection: sqlite3.Connection, path: Path, todo: list[tuple[int, str]]) -> int:
    """Apply what is missing; returns how many steps that were. A failing step changes nothing."""
    refuse_newer(connection, path, len(todo))
    applied = 0
    for version, sql in todo:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if version_of(connection) < version:  # another process may have been quicker
                for statement in statements(sql):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version={version}")
                applied += 1
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return applied


def statements(sql: str) -> Iterator[str]:
    """The single statements of a script; semicolons in strings and triggers do not split."""
    pending = ""
    for piece in sql.splitlines(keepends=True):
        pending += piece
        if pending.strip() and sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if any(line.strip() and not line.lstrip().startswith("--") for line in pending.splitlines()):
        raise ValueError(f"the script ends inside a statement: {pending.strip()[:80]!r}")
