"""Words and orders for lists that the database looks through: `q` and `sort` as the API has them."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["order", "seek"]


def seek(q: str, columns: Sequence[str]) -> tuple[list[str], list[str]]:
    """Terms and values: each word of `q` is found in one of the columns, in any case (of ASCII letters)."""
    words = q.split()
    term = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns)
    values = [f"%{_literal(word)}%" for word in words for _ in columns]
    return [f"({term})"] * len(words), values


def order(sort: str, newest: str) -> str:
    """The `ORDER BY` of a checked `sort`; without one the latest by `newest` first. What has no value comes last."""
    column = sort.removeprefix("-")
    if not column or column == newest:
        way = "" if sort == newest else " DESC"
        return f"{newest}{way}, id{way}"
    way = " DESC" if sort.startswith("-") else ""
    return f'"{column}" IS NULL OR "{column}" = \'\', "{column}" COLLATE NOCASE{way}, {newest} DESC, id DESC'


def _literal(word: str) -> str:
    for sign in ("\\", "%", "_"):
        word = word.replace(sign, f"\\{sign}")
    return word
