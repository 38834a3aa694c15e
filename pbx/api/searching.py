"""What every list takes: `q`, `sort`, `limit`, `offset`, and each plain field of its items as a filter.

A `Search` is made from the type of the items, so a new field can be searched, sorted by and filtered without a line
here. Lists of records are small (an office, not a directory of millions) and are looked through in memory; the call
history and others that grow ask the database (see `pbx.store.cdrs`).
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pbx.api.query import Limit, Offset, Words, sorts
from pbx.model.base import Record

__all__ = ["Search"]

T = TypeVar("T", bound=msgspec.Struct)

_OWN = ("limit", "offset", "q", "sort")
_TEXT = Annotated[str, Meta(max_length=200)]


class Search:
    """The query of a list and what it does. `name` is that of the query in the OpenAPI document."""

    def __init__(self, item: type[msgspec.Struct], name: str) -> None:
        plain = {field: _plain(hint) for field, hint in _hints(item).items()}
        scalars = {field: kind for field, kind in plain.items() if _is_scalar(kind)}
        self._filters = tuple(
            field for field, kind in scalars.items() if kind is not datetime and field not in _OWN
        )
        self.query = msgspec.defstruct(
            name,
            [
                ("limit", Limit, 100),
                ("offset", Offset, 0),
                ("q", Words, ""),
                ("sort", Annotated[str, sorts(*scalars)], ""),
                *((field, _filter_type(scalars[field]), UNSET) for field in self._filters),
            ],
            bases=(Record,),
            frozen=True,
            kw_only=True,
            forbid_unknown_fields=True,
            namespace={"__doc__": "Which of them, in which order."},
        )

    def page(self, items: Sequence[T], query: Any) -> tuple[tuple[T, ...], int]:
        """The part of `items` that `query` asks for, and how many there are without `limit` and `offset`."""
        found = items
        for field in self._filters:
            if (wanted := getattr(query, field)) is not UNSET:
                found = [one for one in found if _matches(getattr(one, field), wanted)]
        if words := query.q.casefold().split():
            found = [one for one in found if _holds(one, words)]
        if query.sort:
            found = _sorted(found, query.sort.removeprefix("-"), backwards=query.sort.startswith("-"))
        return tuple(found[query.offset : query.offset + query.limit]), len(found)


def _matches(value: object, wanted: object) -> bool:
    """An empty text asks for those that have none."""
    return value == wanted or (value is None and wanted == "")


def _holds(item: msgspec.Struct, words: Sequence[str]) -> bool:
    text = "\n".join(_texts(item)).casefold()
    return all(word in text for word in words)


def _texts(value: object) -> Iterator[str]:
    """All texts that somebody has typed, however deep; not the words of choices."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in _typed(type(value)):
            yield from _texts(getattr(value, name))
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)


def _sorted(items: Sequence[T], field: str, *, backwards: bool) -> list[T]:
    """Those without a value come last, either way."""
    there = [one for one in items if getattr(one, field) not in (None, "")]
    there.sort(key=lambda one: _rank(getattr(one, field)), reverse=backwards)
    return there + [one for one in items if getattr(one, field) in (None, "")]


def _rank(value: Any) -> tuple[Any, ...]:
    """Numbers that are texts sort as numbers do: 99 before 100."""
    if not isinstance(value, str):
        return (value,)
    return (0, len(value), value) if value.isdigit() else (1, value.casefold(), value)


@cache
def _hints(item: type[msgspec.Struct]) -> dict[str, Any]:
    hints = get_type_hints(item, include_extras=True)
    return {field.name: hints[field.name] for field in msgspec.structs.fields(item)}


@cache
def _typed(item: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields that may hold texts."""
    plain = {field: _plain(hint) for field, hint in _hints(item).items()}
    return tuple(field for field, kind in plain.items() if kind is str or not _is_scalar(kind))


def _plain(hint: Any) -> Any:
    """The type without its rules and without None."""
    while True:
        if get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif get_origin(hint) in (Union, types.UnionType):
            others = [each for each in get_args(hint) if each is not type(None)]
            if len(others) != 1:
                return hint
            hint = others[0]
        else:
            return hint


def _is_scalar(kind: Any) -> bool:
    return kind in (str, bool, int, float, datetime) or get_origin(kind) is Literal


def _filter_type(kind: Any) -> Any:
    described = Meta(description="Only those with exactly this value; empty: those that have none.")
    if kind is str:
        return Annotated[_TEXT, described] | UnsetType
    return Annotated[kind, Meta(description="Only those with exactly this value.")] | UnsetType
