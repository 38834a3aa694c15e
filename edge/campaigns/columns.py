"""Which column of a spreadsheet holds the number, which the name, and whether its first row is a header. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.campaigns.spreadsheet import Row

__all__ = ["Columns", "find_columns"]

LOOKED_AT = 200
"""Rows that are looked at to tell the columns apart."""

_PHONE = (
    ("mobile", "mobil", "cell", "handy", "movil", "cellulare", "portable", "gsm", "sms"),
    ("phone", "telefon", "tel", "number", "nummer", "rufnummer", "numero", "msisdn", "e164", "contact"),
)
_NAME = ("name", "full_name", "fullname", "nombre", "nom", "vollname", "contact_name", "customer", "kunde")
_FIRST = ("first_name", "firstname", "first", "given_name", "vorname", "prenom", "forename")
_LAST = ("last_name", "lastname", "last", "surname", "family_name", "nachname", "apellido")


@dataclass(frozen=True, slots=True)
class Columns:
    """`number` is None for a bare list, where each cell is looked at. `fields` are the header's names, made usable."""

    number: int | None
    name: tuple[int, ...]
    fields: tuple[str, ...]
    header: bool


def find_columns(rows: Sequence[Row], is_number: Callable[[str], bool]) -> Columns:
    """`is_number` says whether a cell alone is a telephone number."""
    if not rows:
        return Columns(None, (), (), header=False)
    header = _is_header(rows[0], is_number) and (len(rows) > 1 or len(rows[0].cells) > 1)
    body = rows[1 : LOOKED_AT + 1] if header else rows[:LOOKED_AT]
    hits = Counter(at for row in body for at, cell in enumerate(row.cells) if cell and is_number(cell))
    if not header:
        return _without_header(body, hits)
    fields = _field_names(rows[0].cells)
    return Columns(_number_column(fields, hits), _name_columns(fields), fields, header=True)


def _is_header(row: Row, is_number: Callable[[str], bool]) -> bool:
    """Words and no number; a row with five digits in a cell is somebody's, however wrong it is written."""
    cells = [cell for cell in row.cells if cell]
    return all(not is_number(cell) and sum(c.isdigit() for c in cell) < 5 for cell in cells) and any(
        _is_title(_plain(cell)) for cell in cells
    )


def _is_title(name: str) -> bool:
    words = set(name.split("_"))
    known = {w for group in _PHONE for w in group} | set(_NAME) | set(_FIRST) | set(_LAST)
    return name in known or bool(words & known) or _phone_rank(name) < len(_PHONE)


def _without_header(body: Sequence[Row], hits: Counter[int]) -> Columns:
    if all(len(row.cells) == 1 for row in body) or len(hits) != 1:
        return Columns(None, (), (), header=False)
    number = next(iter(hits))
    letters = Counter(
        at
        for row in body
        for at, cell in enumerate(row.cells)
        if at != number and any(c.isalpha() for c in cell) and "@" not in cell
    )
    name = min(letters, key=lambda at: (-letters[at], at), default=None)
    return Columns(number, () if name is None else (name,), (), header=False)


def _number_column(fields: tuple[str, ...], hits: Counter[int]) -> int | None:
    """A column called mobile before one called phone, if it holds any number; else the one with the most numbers."""
    titled = [(_phone_rank(name), -hits[at], at) for at, name in enumerate(fields) if hits[at]]
    if titled:
        rank, _, at = min(titled)
        return at if rank < len(_PHONE) else max(hits, key=lambda at: (hits[at], -at))
    return next((at for at, name in enumerate(fields) if _phone_rank(name) < len(_PHONE)), None)


def _phone_rank(name: str) -> int:
    words = name.split("_")
    for rank, group in enumerate(_PHONE):
        if any(word.startswith(known) for word in words for known in group):
            return rank
    return len(_PHONE)


def _name_columns(fields: tuple[str, ...]) -> tuple[int, ...]:
    for known in (_NAME,):
        for at, name in enumerate(fields):
            if name in known:
                return (at,)
    first = next((at for at, name in enumerate(fields) if name in _FIRST), None)
    last = next((at for at, name in enumerate(fields) if name in _LAST), None)
    return tuple(at for at in (first, last) if at is not None)


def _field_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Each title as a field of the template: `First Name` is `{first_name}`. The second of a name gets a number."""
    names: list[str] = []
    for at, cell in enumerate(cells):
        name = _plain(cell) or f"column_{at + 1}"
        again, plain = 2, name
        while name in names:
            name, again = f"{plain}_{again}", again + 1
        names.append(name)
    return tuple(names)


def _plain(title: str) -> str:
    import unicodedata

    folded = unicodedata.normalize("NFKD", title.casefold())
    return re.sub(r"[^\w]+", "_", "".join(c for c in folded if not unicodedata.combining(c))).strip("_")[:60]
