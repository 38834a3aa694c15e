"""Files as people's spreadsheets write them."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.campaigns.spreadsheet import MOST_BYTES, Row, SpreadsheetError, read_rows, read_text

SHEET = "Vorname;Handy;Straße\nJürgen;0171 2345678;Köln\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_encodings_of_spreadsheets_read_alike(encoding: str) -> None:
    assert read_rows(read_text(SHEET.encode(encoding))) == [
        Row(1, ("Vorname", "Handy", "Straße")),
        Row(2, ("Jürgen", "0171 2345678", "Köln")),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_each_delimiter_and_line_end_is_found(delimiter: str, line_end: str) -> None:
    written = io.StringIO()
    sheet = csv.writer(written, delimiter=delimiter, lineterminator=line_end)
    sheet.writerows(
        [["name", "phone", "note"], ["Ann", "+12125550101", 'says; "hi", \t|'], ["Bo", "+12125550102", ""]]
    )
    assert [row.cells for row in read_rows(written.getvalue())] == [
        ("name", "phone", "note"),
        ("Ann", "+12125550101", 'says; "hi", |'),
        ("Bo", "+12125550102", ""),
    ]


def test_excels_first_line_names_the_delimiter_and_lines_keep_their_numbers() -> None:
    assert read_rows("sep=;\na;b,c\n\nd;e\n") == [Row(2, ("a", "b,c")), Row(4, ("d", "e"))]


def test_a_row_over_several_lines_has_the_line_where_it_begins() -> None:
    assert read_rows('a,"two\nlines"\nb,c\n') == [Row(1, ("a", "two lines")), Row(3, ("b", "c"))]


def test_a_quote_that_nobody_closes_loses_no_row() -> None:
    text = 'Ann,"+12125550101\n' + "".join(f"P{n},+1212555{n:04}\n" for n in range(100, 160))
    assert len(read_rows(text)) == 61


def test_formula_quotes_control_letters_and_no_break_spaces_are_gone() -> None:
    assert read_rows('="+12125550101",\u202a+1\u00a0212\u202c\x07,a\u2028b\n')[0].cells == (
        "+12125550101",
        "+1 212",
        "a b",
    )


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"])
def test_a_workbook_is_refused_with_what_to_do(start: bytes) -> None:
    with pytest.raises(SpreadsheetError, match="CSV UTF-8"):
        read_text(start + b"\0" * 100)


def test_too_large_a_file_is_refused() -> None:
    with pytest.raises(SpreadsheetError, match="MB"):
        read_text(b"x" * (MOST_BYTES + 1))


CELL = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=12)


@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
)
def test_what_the_csv_module_writes_is_read_back(
    rows: list[list[str]], encoding: str, delimiter: str
) -> None:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(["a", "b", "c"])
    writer.writerows(rows)
    read = read_rows(read_text(written.getvalue().encode(encoding)))
    plain = [
        tuple(cell[2:-1] if cell.startswith('="') and cell.endswith('"') else cell for cell in row)
        for row in rows
    ]
    assert [row.cells for row in read[1:]] == plain


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_a_plain_refusal(data: bytes) -> None:
    try:
        rows = read_rows(read_text(data))
    except SpreadsheetError:
        return
    assert all(row.line >= 1 and any(row.cells) for row in rows)
