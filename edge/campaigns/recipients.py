"""Who a campaign goes to: each line of a pasted list or a sheet becomes a recipient or a plain fault. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from edge.campaigns.columns import Columns, find_columns
from edge.campaigns.phone import Number, NumberFaultError, find_numbers, read_number
from edge.campaigns.spreadsheet import Row, read_rows, read_text

__all__ = ["MOST_RECIPIENTS", "Fault", "Reading", "Recipient", "read_recipients", "without_opted_out"]

MOST_RECIPIENTS = 100_000
MOST_FIELDS = 40


@dataclass(frozen=True, slots=True)
class Recipient:
    """`fields` are what the template may name; `name` is among them when the file has one."""

    number: str
    region: str
    line: int
    name: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind` is `number`, `duplicate` or `opted_out`; `text` is a sentence that begins with what stood there."""

    line: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """`fields` are all that a template may name. Recipients and faults together account for each row with a number."""

    recipients: tuple[Recipient, ...]
    faults: tuple[Fault, ...]
    fields: tuple[str, ...]

    def count(self, kind: str) -> int:
        return sum(fault.kind == kind for fault in self.faults)


def read_recipients(source: bytes | str, country: str) -> Reading:
    """Raises `SpreadsheetError` for what is no text. `country` is where numbers without + belong."""
    rows = read_rows(source if isinstance(source, str) else read_text(source))
    columns = find_columns(rows, _number_test(country))
    recipients: list[Recipient] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for found in _each(rows[1:] if columns.header else rows, columns, country):
        if isinstance(found, Fault):
            faults.append(found)
        elif found.number in seen:
            first = seen[found.number]
            faults.append(Fault(found.line, "duplicate", f"{found.number}: already in line {first}."))
        elif len(recipients) >= MOST_RECIPIENTS:
            text = f"{found.number}: a campaign holds {MOST_RECIPIENTS} people at most."
            faults.append(Fault(found.line, "number", text))
        else:
            seen[found.number] = found.line
            recipients.append(found)
    names = tuple(dict.fromkeys(("name", *columns.fields[:MOST_FIELDS])))
    return Reading(tuple(recipients), tuple(faults), names)


def without_opted_out(reading: Reading, opted_out: Collection[str]) -> Reading:
    """The same without those who said STOP to any number of the office."""
    gone = frozenset(opted_out)
    stays = tuple(person for person in reading.recipients if person.number not in gone)
    said = tuple(
        Fault(person.line, "opted_out", f"{person.number}: has opted out of texts.")
        for person in reading.recipients
        if person.number in gone
    )
    faults = tuple(sorted((*reading.faults, *said), key=lambda fault: fault.line))
    return Reading(stays, faults, reading.fields)


def _number_test(country: str) -> Callable[[str], bool]:
    known: dict[str, bool] = {}

    def is_number(cell: str) -> bool:
        if cell not in known:
            known[cell] = _reads(cell, country)
        return known[cell]

    return is_number


def _reads(cell: str, country: str) -> bool:
    if not 7 <= sum(c.isdigit() for c in cell) <= 20 or sum(c.isalpha() for c in cell) > 3:
        return False
    try:
        read_number(cell, country)
    except NumberFaultError:
        return False
    return True


def _each(rows: Sequence[Row], columns: Columns, country: str) -> Iterator[Recipient | Fault]:
    read = partial(read_number, country=country)
    for row in rows:
        if columns.number is not None:
            yield _from_row(row, columns, read)
        else:
            for cell in row.cells:
                if cell:
                    yield _from_words(cell, row.line, country)


def _from_row(row: Row, columns: Columns, read: Callable[[str], Number]) -> Recipient | Fault:
    assert columns.number is not None
    cell = row.cells[columns.number] if columns.number < len(row.cells) else ""
    try:
        number = read(cell)
    except NumberFaultError as fault:
        return Fault(row.line, "number", _sentence(cell, str(fault)))
    name = " ".join(row.cells[at] for at in columns.name if at < len(row.cells) and row.cells[at])
    fields = {
        field: cell
        for at, (field, cell) in enumerate(zip(columns.fields, row.cells, strict=False))
        if cell and at < MOST_FIELDS
    }
    if name:
        fields["name"] = name
    return Recipient(number.e164, number.region, row.line, name, tuple(fields.items()))


def _from_words(cell: str, line: int, country: str) -> Recipient | Fault:
    """A cell of a bare list: a number, or a name and a number in one ("Jane <+1 …>")."""
    name, letters = "", cell
    found = find_numbers(cell, country) if any(c.isalpha() for c in cell) else []
    if len(found) > 1:
        return Fault(line, "number", _sentence(cell, "it holds more than one number"))
    if found:
        start, end, letters = found[0]
        name = f"{cell[:start]} {cell[end:]}".strip(" <>()[]:;,-–\"'")
    try:
        number = read_number(letters, country)
    except NumberFaultError as fault:
        return Fault(line, "number", _sentence(cell, str(fault)))
    return Recipient(number.e164, number.region, line, name, (("name", name),) if name else ())


def _sentence(cell: str, why: str) -> str:
    shown = cell if len(cell) <= 40 else cell[:39] + "…"
    return f"{shown}: {why}." if shown else f"{why[:1].upper()}{why[1:]}."
