"""Brings a database to this program's layout: plain SQL files in order. Files never change once released."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from edge.errors import StartError

__all__ = ["VERSION_TABLE", "missing_steps"]

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "CREATE TABLE IF NOT EXISTS edge_layout (version BIGINT NOT NULL PRIMARY KEY)"


@cache
def steps() -> tuple[tuple[int, tuple[str, ...]], ...]:
    """(version, statements) of each file, numbered 1, 2, 3 … without a gap."""
    found = [
        (int(file.name.split("_")[0]), tuple(_statements(file.read_text("utf-8"))))
        for file in sorted(MIGRATIONS.glob("[0-9]*.sql"))
    ]
    if [version for version, _ in found] != list(range(1, len(found) + 1)):
        raise RuntimeError(f"the migrations in {MIGRATIONS} are not numbered 1, 2, 3 …")
    return tuple(found)


def missing_steps(version: int | None) -> list[tuple[int, tuple[str, ...]]]:
    """What a database of this layout (None: an empty one) still needs. Raises `StartError` for a newer one."""
    known = len(steps())
    if (version or 0) > known:
        raise StartError(
            f"the edge's database has layout {version}, this program knows layouts up to {known}",
            action="Install the newer version again, or restore a backup made before the upgrade",
        )
    return [step for step in steps() if step[0] > (version or 0)]


def _statements(sql: str) -> Iterator[str]:
    pending = ""
    for piece in sql.splitlines(keepends=True):
        pending += piece
        if pending.strip() and sqlite3.complete_statement(pending):
            yield pending.strip()
            pending = ""
    if any(line.strip() and not line.lstrip().startswith("--") for line in pending.splitlines()):
        raise ValueError(f"the script ends inside a statement: {pending.strip()[:80]!r}")
