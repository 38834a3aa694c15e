"""Every error of a decoded JSON value, where msgspec stops at the first.

The rules are msgspec's own: each field is converted by itself, so this cannot disagree with decoding. Meant
for documents that people write; when it finds nothing, `msgspec.convert` succeeds.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Annotated, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta

from pbx.core.errors import UserError

MOST_PROBLEMS = 100


def problems_of(raw: object, record: type[msgspec.Struct], path: str = "$") -> list[UserError]:
    """At most `MOST_PROBLEMS` of them, in the order of the document."""
    found: list[UserError] = []
    for problem in _of_struct(raw, record, path):
        found.append(problem)
        if len(found) == MOST_PROBLEMS:
            break
    return found


def _of_struct(raw: object, record: type[msgspec.Struct], path: str) -> Iterator[UserError]:
    if not isinstance(raw, dict):
        yield UserError("this is not an object", path=path, got=_brief(raw), needed="a JSON object {…}")
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(record)}
    for key in raw:
        if key not in fields:
            yield _unknown(key, path, list(fields))
    for name, field in fields.items():
        if name in raw:
            yield from _of_value(raw[name], field.type, f"{path}.{name}")
        elif field.required:
            yield UserError("this field is missing", path=f"{path}.{name}", needed=_description(field.type))


def _of_value(raw: object, kind: object, path: str) -> Iterator[UserError]:
    inner = _element(kind)
    if inner is not None and isinstance(raw, list):
        found = [
            each
            for index, element in enumerate(raw)
            for each in _of_value(element, inner, f"{path}[{index}]")
        ]
        yield from found
        if found:
            return
    record = _record(kind)
    if record is not None and not (raw is None and _may_be_none(kind)):
        yield from _of_struct(raw, record, path)
        return
    try:
        msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        yield UserError(
            "this is not possible here",
            path=path,
            got=_length(raw) if _is_secret(kind) else _brief(raw),
            needed=_needed(kind, str(error)),
        )


def _unknown(key: str, path: str, known: list[str]) -> UserError:
    from difflib import get_close_matches

    guess = get_close_matches(key, known, n=1, cutoff=0.5)
    return UserError(
        "there is no such field",
        path=f"{path}.{key}",
        action=f"Did you mean {guess[0]}?" if guess else f"Possible are: {', '.join(known)}",
    )


def _length(raw: object) -> str:
    """All that may be told of a secret."""
    return f"{len(raw)} characters" if isinstance(raw, str) else f"a {type(raw).__name__}"


_PLAIN = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"int >= (\S+)", r"a whole number of at least \1"),
        (r"int <= (\S+)", r"a whole number of at most \1"),
        (r"float >= (\S+)", r"a number of at least \1"),
        (r"float <= (\S+)", r"a number of at most \1"),
        (r"str of length >= 1", "a text"),
        (r"str of length >= (\d+)", r"at least \1 characters"),
        (r"str of length <= (\d+)", r"at most \1 characters"),
        (r"array of length >= (\d+)", r"a list of at least \1"),
        (r"array of length <= (\d+)", r"a list of at most \1"),
        (r"int", "a whole number"),
        (r"float", "a number"),
        (r"bool", "true or false"),
        (r"str", "a text"),
        (r"array", "a list"),
    )
)
"""msgspec's words, and what people who fill in a form or a table would say."""


def _needed(kind: object, refusal: str) -> str:
    """What would fit. A regular expression is better described by the type, and a choice by what there is."""
    if "matching regex" in refusal and (description := _description(kind)):
        return description
    if "Invalid enum value" in refusal and (choices := _choices(kind)):
        return f"one of: {', '.join(choices)}"
    words = refusal.removeprefix("Expected ").split(" - at ")[0].split(", got ")[0].replace("`", "")
    return " or ".join(_plain(each) for each in words.split(" | "))


def _plain(words: str) -> str:
    found = next((one for one in _PLAIN if one[0].fullmatch(words)), None)
    return words if found is None else found[0].sub(found[1], words)


def _choices(kind: object) -> list[str]:
    """The values of a type that is a choice among some."""
    return [str(value) for part in _parts(kind) if get_origin(part) is Literal for value in get_args(part)]


def _brief(raw: object) -> object:
    """What stood there, short enough for one line."""
    if isinstance(raw, list):
        return "a list"
    if isinstance(raw, dict):
        return "an object"
    return f"{raw[:37]}…" if isinstance(raw, str) and len(raw) > 40 else raw


def _metas(kind: object) -> Iterator[Meta]:
    """The rules of a type, innermost first."""
    if get_origin(kind) is Annotated:
        base, *extra = get_args(kind)
        yield from _metas(base)
        yield from (one for one in extra if isinstance(one, Meta))
    elif get_origin(kind) in (Union, types.UnionType):
        for part in get_args(kind):
            yield from _metas(part)


def _description(kind: object) -> str | None:
    return next((meta.description for meta in _metas(kind) if meta.description), None)


def _is_secret(kind: object) -> bool:
    return any((meta.extra_json_schema or {}).get("writeOnly") for meta in _metas(kind))


def _parts(kind: object) -> Iterator[object]:
    """The plain types a value may have."""
    if get_origin(kind) is Annotated:
        yield from _parts(get_args(kind)[0])
    elif get_origin(kind) in (Union, types.UnionType):
        for part in get_args(kind):
            yield from _parts(part)
    else:
        yield kind


def _may_be_none(kind: object) -> bool:
    return type(None) in _parts(kind)


def _record(kind: object) -> type[msgspec.Struct] | None:
    records = [part for part in _parts(kind) if isinstance(part, type) and issubclass(part, msgspec.Struct)]
    return records[0] if len(records) == 1 else None


def _element(kind: object) -> object | None:
    """The type of the elements of a list."""
    for part in _parts(kind):
        if get_origin(part) is tuple and len(get_args(part)) == 2 and get_args(part)[1] is Ellipsis:
            element: object = get_args(part)[0]
            return element
    return None
