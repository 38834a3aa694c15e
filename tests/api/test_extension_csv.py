"""Extensions as a table: out and back again unchanged, with a plan first, and faults that name their lines."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.api.extension_csv import COLUMNS, read_table
from tests.api.conftest import Node

LIST = "/api/v1/extensions"


async def send(node: Node, table: str | bytes, status: int = 200, *, dry_run: bool = False) -> Any:
    data = table.encode() if isinstance(table, str) else table
    path = f"{LIST}/csv?dry_run={'true' if dry_run else 'false'}"
    return await node.json("POST", path, status, data=data, headers={"Content-Type": "text/csv"})


def section(plan: Any) -> Any:
    return next(each for each in plan["sections"] if each["kind"] == "extension")


async def exported(node: Node) -> bytes:
    async with node.ask("GET", f"{LIST}.csv") as answer:
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        return await answer.read()


TABLE = "number;name;enabled;forward.busy\n101;Alice;yes;102\n102;Bób;no;\n"


async def test_a_dry_run_changes_nothing_and_the_same_table_then_does(node: Node) -> None:
    plan = await send(node, TABLE, dry_run=True)
    assert (section(plan)["create"], plan["faults"], plan["changes"]) == (["101", "102"], [], 2)
    assert (await node.json("GET", LIST))["total"] == 0
    assert await send(node, TABLE) == plan
    alice, bob = (await node.json("GET", LIST))["items"]
    assert (alice["name"], alice["enabled"], alice["forward"]["busy"]) == ("Alice", True, "102")
    assert (bob["name"], bob["enabled"], bob["forward"]["busy"]) == ("Bób", False, None)
    assert len((await node.json("GET", f"{LIST}/101/sip-login"))["password"]) == 20
    assert (await send(node, TABLE))["changes"] == 0


async def test_what_is_exported_comes_back_unchanged(node: Node) -> None:
    await send(node, TABLE)
    change = {"location": '=cmd|" /C calc"!A0', "outside_number": "+4930123", "forward": {"always": "102"}}
    await node.json("PATCH", f"{LIST}/101", json=change)
    table = await exported(node)
    plan = await send(node, table)
    assert (plan["changes"], section(plan)["unchanged"]) == (0, ["101", "102"])
    rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    assert rows[0]["location"].startswith("'=")
    assert rows[0]["outside_number"] == "+4930123"
    assert set(rows[0]) == set(COLUMNS)


async def test_columns_that_are_missing_leave_their_fields_alone(node: Node) -> None:
    await send(node, TABLE)
    login = await node.json("GET", f"{LIST}/101/sip-login")
    plan = await send(node, "name,number\nAlice B,101\n")
    assert section(plan)["change"] == [{"key": "101", "fields": ["name"]}]
    now = await node.json("GET", f"{LIST}/101")
    assert (now["name"], now["forward"]["busy"]) == ("Alice B", "102")
    assert (await node.json("GET", f"{LIST}/101/sip-login"))["password"] == login["password"]
    assert section(plan)["kept"] == ["102"]
    await send(node, "number,forward.busy\n101,\n")
    assert (await node.json("GET", f"{LIST}/101"))["forward"]["busy"] is None


@pytest.mark.parametrize(
    ("table", "line", "word"),
    [
        ("number,colour\n101,red\n", 1, "colour"),
        ("name\nAlice\n", 1, "number"),
        ("number,name,name\n", 1, "twice"),
        ("number,name\n101,Alice\n102\n", 3, "cells"),
        ("number,name\n101,Alice\n\n101,Bob\n", 4, "line 2"),
        ("number,name\nabc,Alice\n", 2, ""),
        ("number,name,ring_timeout_s\n101,Alice,5000\n", 2, ""),
        ("number,name,enabled\n101,Alice,perhaps\n", 2, ""),
        ('number,name\n101,"Ali\nce"x\n', 3, "read"),
        ("number,name,mailbox\n101,Alice,900\n", 2, ""),
        ("number,name,sip_password\n101,Alice,x\n", 2, ""),
    ],
)
async def test_a_fault_names_its_line_and_nothing_is_changed(
    node: Node, table: str, line: int, word: str
) -> None:
    plan = await send(node, table, dry_run=True)
    assert plan["faults"], plan
    assert plan["faults"][0]["message"].startswith(f"Line {line}: ")
    assert word in plan["faults"][0]["message"]
    problem = await send(node, table, 422)
    assert problem["errors"][0]["message"] == plan["faults"][0]["message"]
    assert (await node.json("GET", LIST))["total"] == 0


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_what_any_spreadsheet_writes_is_read(encoding: str) -> None:
    table = read_table("number;name\r\n101;Jörg Groß\r\n".encode(encoding))
    assert (table.faults, table.rows) == ([], [{"number": "101", "name": "Jörg Groß"}])


async def test_a_file_that_is_no_table_is_refused_in_plain_words(node: Node) -> None:
    plan = await send(node, b"PK\x03\x04\x00\x00".decode("latin-1"), dry_run=True)
    assert plan["faults"][0]["action"] == "Save the spreadsheet as “CSV UTF-8”."
    async with node.ask(
        "POST", f"{LIST}/csv", data=b"x" * (5 << 20), headers={"Content-Type": "text/csv"}
    ) as answer:
        assert answer.status == 413


@given(st.binary(max_size=200) | st.text("number,;\t\n\"'=101ab", max_size=80).map(str.encode))
def test_reading_never_raises(data: bytes) -> None:
    table = read_table(data)
    assert len(table.rows) == len(table.lines)


async def test_the_reference_page_and_its_files_pass_the_policy(node: Node) -> None:
    async with node.browser().get("/api/v1/") as answer:
        page = await answer.text()
        assert answer.content_type == "text/html"
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "style=" not in page
    assert "<script>" not in page
    assert "http" not in page
    for name, kind in (("reference.js", "text/javascript"), ("reference.css", "text/css")):
        assert f'"{name}"' in page
        async with node.browser().get(f"/api/v1/{name}") as answer:
            assert (answer.status, answer.content_type) == (200, kind)
            text = await answer.text()
        assert "innerHTML" not in text
        assert "eval(" not in text
