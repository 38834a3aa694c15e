"""What people's spreadsheets write, as rows of cells: any delimiter, any of the usual encodings. Pure."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["MOST_BYTES", "MOST_CELL", "Row", "SpreadsheetError", "read_rows", "read_text"]

MOST_BYTES = 20 << 20
MOST_CELL = 1000
MOST_LINES_IN_CELL = 20
"""More lines in one cell are a quote that nobody closed."""

_DELIMITERS = (",", ";", "\t", "|")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class SpreadsheetError(ValueError):
    """The file cannot be read at all; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `line` is where it begins in the file, counted from 1. Its cells hold no control characters."""

    line: int
    cells: tuple[str, ...]


def read_text(data: bytes) -> str:
    """The file's letters. UTF-8 or UTF-16, with or without a mark; else Windows-1252, as Excel writes in the West."""
    if len(data) > MOST_BYTES:
        raise SpreadsheetError(f"The file has {len(data) >> 20} MB; the most is {MOST_BYTES >> 20} MB.")
    if data.startswith(_WORKBOOKS):
        raise SpreadsheetError(
            'This is a workbook, not a text file. Save it as "CSV UTF-8" and choose that file.'
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode(data, "utf-16")
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if b"\x00" in data[:400]:
        even, odd = data[0:400:2].count(0), data[1:400:2].count(0)
        return _decode(data, "utf-16-be" if even > odd else "utf-16-le")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _decode(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise SpreadsheetError('The file\'s letters cannot be read. Save it as "CSV UTF-8".') from None


def read_rows(text: str) -> list[Row]:
    """All rows that hold anything. A quote that is never closed does not swallow the rows behind it."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    first, _, rest = text.partition("\n")
    skipped = 0
    if first.lower().startswith("sep=") and len(first.rstrip()) <= 5:
        delimiter = first[4:5] or "\t"
        text, skipped = rest, 1
    else:
        delimiter = _delimiter(text)
    rows = list(_parsed(text, delimiter, skipped, csv.QUOTE_MINIMAL))
    if any(cell.count("\n") > MOST_LINES_IN_CELL for row in rows for cell in row.cells):
        rows = list(_parsed(text, delimiter, skipped, csv.QUOTE_NONE))
    clean = (Row(row.line, tuple(map(_cell, row.cells))) for row in rows)
    return [row for row in clean if any(row.cells)]


def _parsed(text: str, delimiter: str, skipped: int, quoting: Literal[0, 3]) -> Iterator[Row]:
    lines = (line[: csv.field_size_limit() - 1] + "\n" for line in text.removesuffix("\n").split("\n"))
    reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, skipinitialspace=True)
    begins = 1
    try:
        for cells in reader:
            yield Row(begins + skipped, tuple(cells))
            begins = reader.line_num + 1
    except csv.Error:
        if quoting != csv.QUOTE_NONE:
            yield Row(begins + skipped, ("\n" * (MOST_LINES_IN_CELL + 1),))


def _delimiter(text: str) -> str:
    """The one that splits most of the first rows into the same number of cells, outside quotes."""
    best, most = ",", 0
    sample = [line for line in text.split("\n", 60)[:50] if line.strip()]
    for delimiter in _DELIMITERS:
        counts = [_outside_quotes(line, delimiter) for line in sample]
        usual = max(set(counts), key=lambda n: (counts.count(n), n), default=0)
        score = usual and counts.count(usual) * 100 + min(usual, 50)
        if score > most:
            best, most = delimiter, score
    return best


def _outside_quotes(line: str, delimiter: str) -> int:
    return sum(part.count(delimiter) for part in line.split('"')[::2])


def _cell(cell: str) -> str:
    """One line of plain letters: no control or direction marks, no no-break spaces, no formula quoting."""
    text = "".join(_letter(c) for c in cell[: MOST_CELL * 2])
    text = " ".join(text.split())
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text[:MOST_CELL]


def _letter(c: str) -> str:
    if c.isspace():
        return " "
    kind = unicodedata.category(c)
    if kind == "Cf":
        return c if c in "\u200d\u200c" else ""
    return "" if kind in ("Cc", "Cs", "Co", "Cn") else c
