"""A record type and the table it lives in: the SQL that is the same for every record.

Columns are named as the fields. Times become REAL Unix seconds, flags 0 or 1, numbers and text stay, anything
deeper becomes JSON. Columns beside the record's (a password hash) are given by name. All methods run on a
connection's thread, inside `Database.read` or `Database.write`.
"""

from __future__ import annotations

import sqlite3
import types
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin

import msgspec

R = TypeVar("R", bound=msgspec.Struct)

_Sql = str | int | float | bytes | None
_Codec = tuple[Callable[[Any], _Sql] | None, Callable[[Any], object] | None]


class Table(Generic[R]):
    """`key` is the column that names a record; `beside` are columns that are not fields; `without` the
    reverse.
    """

    def __init__(
        self,
        record: type[R],
        name: str,
        *,
        key: str = "id",
        beside: Sequence[str] = (),
        without: Sequence[str] = (),
    ) -> None:
        self._record = record
        self._names = tuple(field for field in record.__struct_fields__ if field not in without)
        self.name = name
        self.key = key
        self.columns = ", ".join(self._names)
        stored = (*self._names, *beside)
        marks = ", ".join("?" * len(stored))
        updates = ", ".join(f"{column}=excluded.{column}" for column in stored if column != key)
        # The names below are those of our own records and tables; values are always bound.
        self._insert = f"INSERT INTO {name} ({', '.join(stored)}) VALUES ({marks})"  # noqa: S608
        self._upsert = f"{self._insert} ON CONFLICT ({key}) DO UPDATE SET {updates}"
        self._select = f"SELECT {self.columns} FROM {name}"  # noqa: S608
        self._count = f"SELECT count(*) FROM {name}"  # noqa: S608
        self._delete = f"DELETE FROM {name} WHERE {key}=?"  # noqa: S608
        self._beside = tuple(beside)

    @cached_property
    def _codecs(self) -> dict[str, _Codec]:
        """How each column is written and read: dear to make, so when the table is first used."""
        kinds = {field.name: field.type for field in msgspec.structs.fields(self._record)}
        return {name: _codec(kinds[name]) for name in self._names}

    def get(self, connection: sqlite3.Connection, key: str) -> R | None:
        row = connection.execute(f"{self._select} WHERE {self.key}=?", (key,)).fetchone()
        return None if row is None else self.decode(row)

    def select(self, connection: sqlite3.Connection, rest: str = "", values: Sequence[_Sql] = ()) -> list[R]:
        """All records; `rest` is WHERE, ORDER BY and LIMIT with `?` for `values`."""
        return [self.decode(row) for row in connection.execute(f"{self._select} {rest}", values)]

    def count(self, connection: sqlite3.Connection, rest: str = "", values: Sequence[_Sql] = ()) -> int:
        (number,) = connection.execute(f"{self._count} {rest}", values).fetchone()
        return int(number)

    def page(
        self,
        connection: sqlite3.Connection,
        *,
        order: str,
        limit: int,
        offset: int,
        where: str = "",
        values: Sequence[_Sql] = (),
    ) -> tuple[list[R], int]:
        """One page, and how many records there are in all."""
        total = self.count(connection, where, values)
        return self.select(
            connection, f"{where} ORDER BY {order} LIMIT ? OFFSET ?", (*values, limit, offset)
        ), total

    def insert(self, connection: sqlite3.Connection, record: R, **beside: _Sql) -> None:
        """Raises `sqlite3.IntegrityError` when the key, or another unique column, is taken."""
        connection.execute(self._insert, self._values(record, beside))

    def upsert(self, connection: sqlite3.Connection, record: R, **beside: _Sql) -> None:
        """Insert, or change the record that has this key."""
        connection.execute(self._upsert, self._values(record, beside))

    def delete(self, connection: sqlite3.Connection, key: str) -> bool:
        """Whether there was one."""
        return connection.execute(self._delete, (key,)).rowcount > 0

    def decode(self, row: Sequence[Any]) -> R:
        """A row that starts with `columns`, in that order; it was valid when it was written."""
        pairs = zip(self._codecs.items(), row, strict=False)
        return self._record(
            **{
                name: value if load is None or value is None else load(value)
                for (name, (_, load)), value in pairs
            }
        )

    def _values(self, record: R, beside: dict[str, _Sql]) -> list[_Sql]:
        values = [
            value if dump is None or value is None else dump(value)
            for value, dump in ((getattr(record, name), dump) for name, (dump, _) in self._codecs.items())
        ]
        return [*values, *(beside[column] for column in self._beside)]


def timestamp(moment: datetime) -> float:
    """What a column holds for an aware time. A double keeps microseconds until the year 2242."""
    return moment.timestamp()


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _codec(kind: object) -> _Codec:
    plain = _plain(kind)
    if plain in (str, int, float, bytes) or _is_word(plain):
        return None, None
    if plain is bool:
        return int, bool
    if plain is datetime:
        return timestamp, moment
    decoder = msgspec.json.Decoder(kind)
    return lambda value: msgspec.json.encode(value).decode(), decoder.decode


def _is_word(plain: object) -> bool:
    """One of some words."""
    return get_origin(plain) is Literal and all(isinstance(each, str) for each in get_args(plain))


def _plain(kind: object) -> object:
    """The type without its rules and without None."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) in (Union, types.UnionType) and type(None) in get_args(kind):
            (*others,) = (part for part in get_args(kind) if part is not type(None))
            if len(others) != 1:
                return kind
            kind = others[0]
        elif get_origin(kind) is Literal and all(isinstance(word, str) for word in get_args(kind)):
            return str
        else:
            return kind
