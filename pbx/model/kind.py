"""What kinds of records an office is made of, and what every kind has in common: a key, perhaps a secret, references.

A kind is one row of `pbx.model.kinds.KINDS`. The store, the API's routes, the office document and its checks are all
made from that row, so a new kind of record is one Struct and one row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

__all__ = ["Kind", "Reference", "ref", "references"]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """`write` is what is sent to make or change a record, `record` what is read: the same without its `secret`.

    A new record of a kind with `secret_needed` must bring its secret. A kind may have `more_secrets` beside it: then
    each that a write leaves out stays, and "" removes it. The value of `key` names a record for ever. A kind is
    `numbered` when the key can be dialled; such keys are unique over all numbered kinds. `defaults` are records that
    exist without being stored; one that is stored under the same key stands in its place.
    """

    name: str
    plural: str
    title: str
    record: type[msgspec.Struct]
    write: type[msgspec.Struct]
    key: str = "id"
    secret: str | None = None
    secret_needed: bool = False
    more_secrets: tuple[str, ...] = ()
    numbered: bool = False
    defaults: tuple[msgspec.Struct, ...] = ()

    def key_of(self, record: msgspec.Struct) -> str:
        return str(getattr(record, self.key))

    def default(self, key: str) -> msgspec.Struct | None:
        """The record that exists without being stored."""
        return next((each for each in self.defaults if self.key_of(each) == key), None)

    def with_defaults(self, stored: Sequence[Any]) -> list[Any]:
        """All records that there are; keys sort as numbers do, shorter first."""
        if not self.defaults:
            return list(stored)
        records = {self.key_of(each): each for each in (*self.defaults, *stored)}
        return [records[key] for key in sorted(records, key=lambda key: (len(key), key))]

    def without_secret(self, write: msgspec.Struct) -> msgspec.Struct:
        """What is read of what was written."""
        if self.record is self.write:
            return write
        return self.record(**{name: getattr(write, name) for name in self.record.__struct_fields__})

    @property
    def secrets(self) -> tuple[str, ...]:
        """The fields of `write` that are never read."""
        return self.more_secrets if self.secret is None else (self.secret, *self.more_secrets)

    def with_secret(self, record: msgspec.Struct, secret: str | None) -> msgspec.Struct:
        """The reverse; `secret` is what `secret_of` gave."""
        if self.secret is None:
            return record
        values = self._parts(secret) if self.more_secrets else {self.secret: secret}
        return self.write(**msgspec.structs.asdict(record), **values)

    def secret_of(self, write: msgspec.Struct) -> str | None:
        """What is to be sealed: the secret, or all of them as one JSON object; None when none is given."""
        if self.secret is None:
            return None
        if not self.more_secrets:
            secret: str | None = getattr(write, self.secret)
            return secret
        return _joined({name: getattr(write, name) for name in self.secrets})

    def merged_secret(self, old: str | None, new: str | None) -> str | None:
        """What is to be sealed when `new` replaces `old`."""
        if new is None or old is None or not self.more_secrets:
            return old if new is None else new
        return _joined(self._parts(old) | self._parts(new))

    def _parts(self, secret: str | None) -> dict[str, str]:
        """Without those that are not there."""
        return {} if secret is None else msgspec.json.decode(secret, type=dict[str, str])

    @property
    def words(self) -> str:
        """The kind as it stands in a sentence."""
        return self.name.replace("_", " ")

    @property
    def a_one(self) -> str:
        """The same with its article."""
        return f"{'an' if self.name[0] in 'aeiou' else 'a'} {self.words}"


def _joined(values: dict[str, Any]) -> str | None:
    given = {name: value for name, value in values.items() if value is not None}
    return msgspec.json.encode(given).decode() if given else None


def ref(kind: str, **meta: Any) -> Meta:
    """Marks a field that holds the key of another record: `Annotated[str, ref("ring_group", title=…)]`."""
    return Meta(**meta, extra_json_schema={"x-ref": kind})


class Reference(msgspec.Struct, frozen=True):
    """`path` in a record names the record `key` of `kind`."""

    path: str
    kind: str
    key: str


def references(record: msgspec.Struct, path: str = "$") -> Iterator[Reference]:
    """Every record that this one names, with the path of the field."""
    for name, hint in _hints(type(record)).items():
        yield from _of(getattr(record, name), hint, f"{path}.{name}")


@cache
def _hints(record: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(record, include_extras=True)


def _of(value: Any, hint: Any, path: str) -> Iterator[Reference]:
    if value is None:
        return
    if isinstance(value, msgspec.Struct):
        yield from references(value, path)
        return
    if isinstance(value, tuple):
        inner = next((get_args(each)[0] for each in _choices(hint) if get_origin(each) is tuple), None)
        for index, each in enumerate(value):
            yield from _of(each, inner, f"{path}[{index}]")
        return
    kind = next((found for each in _choices(hint) if (found := _marked(each))), None)
    if kind and isinstance(value, str) and value:
        yield Reference(path, kind, value)


def _choices(hint: Any) -> Iterator[Any]:
    """The members of a union, the annotated type and what it annotates."""
    yield hint
    if get_origin(hint) is Annotated:
        yield from _choices(get_args(hint)[0])
    elif get_origin(hint) is Union or type(hint).__name__ == "UnionType":
        for each in get_args(hint):
            yield from _choices(each)


def _marked(hint: Any) -> str:
    if get_origin(hint) is not Annotated:
        return ""
    extras = [each.extra_json_schema or {} for each in get_args(hint)[1:] if isinstance(each, Meta)]
    return next((each["x-ref"] for each in extras if "x-ref" in each), "")
