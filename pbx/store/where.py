"""What rows are asked for, as SQL: conditions that all hold, and their values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pbx.store.seeking import seek
from pbx.store.table import timestamp

__all__ = ["Where"]


class Where:
    """Column names and conditions are the program's own words; what a person asked for is only ever a value."""

    def __init__(self) -> None:
        self._terms: list[str] = []
        self.values: list[str | float] = []

    def add(self, term: str, *values: str | float) -> None:
        """`term` has a question mark for each value."""
        self._terms.append(term)
        self.values += values

    def same(self, wanted: object, columns: Sequence[str]) -> None:
        """Those columns are as the fields of these names say; None says nothing."""
        for column in columns:
            if (value := getattr(wanted, column)) is not None:
                self.add(f"{column} = ?", value)

    def between(self, column: str, since: datetime | None, until: datetime | None) -> None:
        """`until` itself not included."""
        if since is not None:
            self.add(f"{column} >= ?", timestamp(since))
        if until is not None:
            self.add(f"{column} < ?", timestamp(until))

    def search(self, q: str, columns: Sequence[str]) -> None:
        """Each word of `q` is found in one of the columns."""
        terms, words = seek(q, columns)
        self._terms += terms
        self.values += words

    def __str__(self) -> str:
        """With its WHERE; empty when nothing is asked."""
        return f"WHERE {' AND '.join(self._terms)}" if self._terms else ""
