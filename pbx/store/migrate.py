"""Brings the database to the layout this program knows: plain SQL files, applied in order, all in one transaction.

`PRAGMA user_version` is the number of the last file applied. Files never change once released; a new layout
is a new file, and its first comment says what it is for. Runs on the writer's connection, before anything else does.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from pbx.core.errors import StartupError
from pbx.store.kept import all_kept

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


def heading(sql: str) -> str:
    """What a step is for: the comment it begins with."""
    lines = itertools.takewhile(lambda line: line.startswith("--"), sql.splitlines())
    return " ".join(line.removeprefix("--").strip() for line in lines)


def refuse_newer(connection: sqlite3.Connection, path: Path, newest: int) -> None:
    """Raises `StartupError` when a newer program has written this database."""
    if (version := version_of(connection)) <= newest:
        return
    back = next((each for each in all_kept(path) if each.layout <= newest), None)
    raise StartupError(
        f"the database {path} has layout {version}, this program knows layouts up to {newest}",
        action="Install the newer version again, or restore a backup made before the upgrade"
        if back is None
        else f"Install the newer version again. Or put back the copy of {back.made_at:%Y-%m-%d %H:%M} UTC, made before "
        "the upgrade, with: pbx rollback (it says first what would be lost)",
    )


def migrate(connection: sqlite3.Connection, path: Path, todo: list[tuple[int, str]]) -> int:
    """Apply what is missing; returns how many steps that were. If one fails, nothing changes, and `StartupError`
    says so."""
    refuse_newer(connection, path, len(todo))
    if version_of(connection) == len(todo):
        return 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        missing = todo[version_of(connection) :]  # another process may have been quicker
        for step in missing:
            _apply(connection, path, step)
        if missing:
            _require_whole(connection, path)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={len(todo)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return len(missing)


def _apply(connection: sqlite3.Connection, path: Path, step: tuple[int, str]) -> None:
    version, sql = step
    try:
        for statement in statements(sql):
            connection.execute(statement)
    except sqlite3.Error as error:
        raise _failed(path, f"step {version} of its layout failed: {error}") from error


def _require_whole(connection: sqlite3.Connection, path: Path) -> None:
    if broken := connection.execute("PRAGMA foreign_key_check").fetchone():
        raise _failed(
            path, f"after the new layout, a row of the table {broken[0]} would name one that is not there"
        )


def _failed(path: Path, why: str) -> StartupError:
    return StartupError(
        f"the database {path} could not be upgraded: {why}",
        action="Nothing has been changed. Install the version of before: it starts with this database as it is",
    )


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
