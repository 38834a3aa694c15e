"""Compares a restored database with the live one: `python -m pbx.store.drill NAME=LIVE …`, a process of its own.

    ready                     it holds a look at each live database as it is now (the first look)
    ← NAME=RESTORED …         one line: where the copies are
    → a JSON line             what was found

The copy is of some moment between the first look and a second one taken at the end. So whatever stands in both looks
must be in the copy, unchanged; rows that came or went meanwhile may be in it or not. Counting alone would not do while
calls are written, and an integrity check alone passes on lost rows.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec

from pbx.model.replication import DrillTable

__all__ = ["Comparison", "compare", "look"]

NICE = 10
SKIPPED = ("sqlite_", "_litestream_")
_Key = tuple[int | bytes | float | None, ...]
_Row = tuple[object, ...]


class Comparison(msgspec.Struct, kw_only=True):
    """What was found in all databases."""

    tables: int = 0
    rows: int = 0
    faults: list[str] = []
    differences: list[DrillTable] = []


def look(path: Path) -> sqlite3.Connection:
    """A connection that sees the database as it is at this moment, for as long as it is open."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=10
    )
    connection.text_factory = bytes
    connection.execute("PRAGMA cache_size=-4096")
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return connection


def compare(
    name: str, first: sqlite3.Connection, second: sqlite3.Connection, restored: Path, found: Comparison
) -> None:
    """Add what is wrong with the copy of one database to `found`."""
    with closing(look(restored)) as copy:
        try:
            (said,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
            if said != b"ok":
                found.faults.append(f"The copy of {name} is damaged: {said.decode('utf-8', 'replace')}")
                return
            for table in _tables(second):
                if table not in _tables(first):
                    continue
                found.tables += 1
                if table not in _tables(copy):
                    found.faults.append(f"The table {table} of {name} is not in the copy.")
                    continue
                _compare_table(name, table, (first, second, copy), found)
        except sqlite3.DatabaseError as error:
            found.faults.append(f"The copy of {name} cannot be read: {error}")


def _compare_table(
    name: str,
    table: str,
    looks: tuple[sqlite3.Connection, sqlite3.Connection, sqlite3.Connection],
    found: Comparison,
) -> None:
    keys = _primary_key(looks[1], table)
    rows = [_Cursor(each, table, keys) for each in looks]
    _, second, copy = rows
    missing = changed = strange = 0
    still = True
    while any(each.row is not None for each in rows):
        key = min(each.key for each in rows if each.row is not None)
        a, b, r = (each.row if each.row is not None and each.key == key else None for each in rows)
        still = still and a == b
        if a is not None and b is not None and r is None:
            missing += 1
        elif a is not None and a == b and r != a:
            changed += 1
        elif a is None and b is None:
            strange += 1
        for each in rows:
            if each.row is not None and each.key == key:
                each.advance()
    found.rows += copy.count
    if missing or changed or (strange and still):
        found.differences.append(
            DrillTable(
                database=name,
                table=table,
                live_rows=second.count,
                restored_rows=copy.count,
                live_highest=second.highest,
                restored_highest=copy.highest,
                missing=missing,
                changed=changed,
                strange=strange if still else 0,
            )
        )
        found.faults.append(
            f"{name}.{table}: {missing} rows are missing, {changed} are not as they should be"
            + (f", {strange} should not be there" if strange and still else "")
            + f" ({second.count} rows in the office, {copy.count} in the copy)."
        )


class _Cursor:
    """The rows of a table in the order of their keys."""

    def __init__(self, connection: sqlite3.Connection, table: str, keys: tuple[str, ...]) -> None:
        wanted = ", ".join(f'"{key}"' for key in keys)
        order = ", ".join(f'"{key}" COLLATE BINARY' for key in keys)
        if not keys:
            wanted = order = "rowid"
        self._width = len(keys) or 1
        self._rows: Iterator[_Row] = connection.execute(f'SELECT {wanted}, * FROM "{table}" ORDER BY {order}')  # noqa: S608
        self.count = -1
        self.row: _Row | None = None
        self.key: _Key = ()
        self.highest: int | None = None
        self.advance()

    def advance(self) -> None:
        row = next(self._rows, None)
        self.count += 1
        self.row = row
        if row is not None:
            self.key = row[: self._width]  # type: ignore[assignment]  # a key holds no null and one type a column
            if isinstance(self.key[0], int):
                self.highest = self.key[0]


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name"
    ).fetchall()
    return [
        name.decode()
        for name, sql in found
        if not name.decode().startswith(SKIPPED) and not (sql or b"").upper().startswith(b"CREATE VIRTUAL")
    ]


def _primary_key(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """Of a table without row numbers; else nothing."""
    (without,) = connection.execute(
        "SELECT wr FROM pragma_table_list(?) WHERE schema = 'main'", (table,)
    ).fetchone()
    if not without:
        return ()
    columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    return tuple(
        name.decode() for _, name, _, _, _, place in sorted(columns, key=lambda one: one[5]) if place
    )


def main() -> int:
    os.nice(NICE)
    live = dict(word.split("=", 1) for word in sys.argv[1:])
    found = Comparison(faults=[], differences=[])
    with ExitStack() as stack:
        first = {name: stack.enter_context(closing(look(Path(path)))) for name, path in live.items()}
        print("ready", flush=True)
        restored = msgspec.json.decode(sys.stdin.readline() or "{}", type=dict[str, str])
        for name, path in live.items():
            if name not in restored:
                found.faults.append(f"The database {name} is not in the replica.")
                continue
            with closing(look(Path(path))) as second:
                compare(name, first[name], second, Path(restored[name]), found)
    print(msgspec.json.encode(found).decode(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
