from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.core.errors import StartupError
from pbx.model.extension import Extension
from pbx.store.migrate import migrate, statements, steps, version_of

ONE = (1, "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\n")
TWO = (2, "ALTER TABLE a ADD COLUMN y;\nUPDATE a SET y = x + 1;\n")
BROKEN = (2, "ALTER TABLE a ADD COLUMN y;\nINSERT INTO missing VALUES (1);\n")


@pytest.fixture
def connection() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def test_steps_are_applied_in_order_and_once(connection: sqlite3.Connection) -> None:
    assert migrate(connection, Path("x"), [ONE]) == 1
    assert migrate(connection, Path("x"), [ONE, TWO]) == 1
    assert migrate(connection, Path("x"), [ONE, TWO]) == 0
    assert connection.execute("SELECT * FROM a").fetchall() == [(1, 2)]
    assert version_of(connection) == 2


def test_a_failing_step_leaves_everything_as_it_was(connection: sqlite3.Connection) -> None:
    migrate(connection, Path("x"), [ONE])
    before = list(connection.iterdump())
    with pytest.raises(StartupError, match="step 2 of its layout failed: no such table: missing"):
        migrate(connection, Path("x"), [ONE, BROKEN])
    assert list(connection.iterdump()) == before
    assert version_of(connection) == 1
    assert not connection.in_transaction


def test_a_newer_layout_is_refused(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA user_version=3")
    with pytest.raises(StartupError, match="has layout 3, this program knows layouts up to 2"):
        migrate(connection, Path("x"), [ONE, TWO])


def test_the_released_steps_are_numbered_without_a_gap_and_apply() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    assert migrate(connection, Path("x"), steps()) == len(steps())
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'")}
    assert {
        "bindings",
        "cdrs",
        "users",
        "sessions",
        "tokens",
        "settings",
        "setup_links",
    } <= tables


def test_a_gap_in_the_numbers_is_our_own_fault(tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_text("SELECT 1;")
    (tmp_path / "0003_b.sql").write_text("SELECT 1;")
    with pytest.raises(RuntimeError, match="not numbered"):
        steps(tmp_path)


def test_semicolons_in_strings_comments_and_triggers_do_not_split() -> None:
    script = """
-- one; two
INSERT INTO a VALUES ('x;y');
CREATE TRIGGER t AFTER INSERT ON a BEGIN
    UPDATE a SET x = 1;
    DELETE FROM a;
END;
/* last; */ SELECT 1;
"""
    assert len(list(statements(script))) == 3


def test_a_script_that_ends_inside_a_statement_is_refused() -> None:
    with pytest.raises(ValueError, match="ends inside a statement"):
        list(statements("SELECT 1;\nSELECT 2"))


@given(
    st.lists(st.sampled_from(["SELECT 1;", "SELECT ';';", "-- a; b\nSELECT 2;", "SELECT\n3;"]), min_size=1)
)
def test_a_script_is_its_statements(parts: list[str]) -> None:
    assert [one.strip() for one in statements("\n".join(parts))] == parts


def test_extensions_of_the_first_layout_become_records() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, Path("x"), steps()[:1])
    connection.execute("INSERT INTO extensions VALUES ('101', 'Größe \"7\"', 0, 25, x'0102')")
    migrate(connection, Path("x"), steps()[:2])
    ((kind, key, record, secret),) = connection.execute("SELECT kind, key, record, secret FROM records")
    assert (kind, key, secret) == ("extension", "101", b"\x01\x02")
    assert msgspec.json.decode(record, type=Extension) == Extension(
        number="101", name='Größe "7"', enabled=False, ring_timeout_s=25
    )
