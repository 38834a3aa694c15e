"""What `q` and `sort` find in the database, against the same in Python."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from pbx.store.seeking import order, seek

TEXT = st.text("aAbB%_\\ 1", max_size=4)
ROWS = st.lists(st.tuples(TEXT, TEXT, st.integers(0, 3)), max_size=6)


def filled(rows: list[tuple[str, str, int]]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, at INTEGER)")
    connection.executemany("INSERT INTO t (a, b, at) VALUES (?, ?, ?)", rows)
    return connection


@given(ROWS, TEXT)
def test_each_word_is_found_somewhere(rows: list[tuple[str, str, int]], q: str) -> None:
    terms, values = seek(q, ("a", "b"))
    where = " AND ".join(["1", *terms])
    found = filled(rows).execute(f"SELECT id FROM t WHERE {where} ORDER BY id", values)
    wanted = [
        index
        for index, (a, b, _) in enumerate(rows, 1)
        if all(word.lower() in a.lower() or word.lower() in b.lower() for word in q.split())
    ]
    assert [row[0] for row in found] == wanted


@given(ROWS, st.sampled_from(["", "at", "-at", "a", "-a"]))
def test_the_order_is_whole_and_what_is_empty_comes_last(rows: list[tuple[str, str, int]], sort: str) -> None:
    found = filled(rows).execute(f"SELECT a, at, id FROM t ORDER BY {order(sort, 'at')}").fetchall()
    if sort.endswith("a"):
        filled_in = [a.lower() for a, _, _ in found if a]
        assert filled_in == sorted(filled_in, reverse=sort.startswith("-"))
        assert [bool(a) for a, _, _ in found] == sorted([bool(a) for a, _, _ in found], reverse=True)
    else:
        times = [(at, id_) for _, at, id_ in found]
        assert times == sorted(times, reverse=sort != "at")
