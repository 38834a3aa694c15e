"""Bytes to Structs and back, with errors that name every wrong field: path, what stood there, what should.

msgspec decides what is right; where it says no, `pbx.model.validate` finds all the reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from multidict import MultiMapping

from pbx.api.problem import ApiError, FieldProblem, field_problem, shown
from pbx.core.errors import UserError
from pbx.model.validate import problems_of

S = TypeVar("S", bound=msgspec.Struct)


def encode(value: object) -> bytes:
    """JSON, as every answer is."""
    return msgspec.json.encode(value)


def decode(body: bytes, into: type[S]) -> S:
    """The body as `into`. Raises `ApiError` 400 (no JSON at all) or 422 (not what is needed)."""
    try:
        return msgspec.json.decode(body, type=into)
    except msgspec.ValidationError:
        return convert(_plain(body), into)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _malformed(error) from None


def decode_old(body: bytes, into: type[S], brought_up: Callable[[object], object]) -> S:
    """Likewise, after what a program of a former version has sent was made what this one reads."""
    return convert(brought_up(_plain(body)), into)


def decode_object(body: bytes) -> dict[str, Any]:
    """The body as a plain JSON object, for a merge patch that was checked against its Struct before."""
    value = _plain(body)
    if not isinstance(value, dict):
        raise ApiError(422, "validation", "A JSON object is needed.")
    return value


def convert(value: object, into: type[S]) -> S:
    """An already decoded document as `into`. Raises `ApiError` 422."""
    try:
        return msgspec.convert(value, into)
    except msgspec.ValidationError as error:
        raise _refused(problems_of(value, into), str(error)) from None


def decode_query(query: MultiMapping[str], into: type[S]) -> S:
    """The query string as `into`. Raises `ApiError` 422; a parameter given twice or not known is refused."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(into)}
    values: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for name, text in query.items():
        path = f"query.{name}"
        if name not in fields:
            needed = f"one of: {', '.join(fields)}" if fields else None
            problems.append(FieldProblem(path=path, message="There is no such parameter.", needed=needed))
        elif fields[name].name in values:
            problems.append(FieldProblem(path=path, message="Given more than once."))
        else:
            values[fields[name].name] = text
            try:
                values[fields[name].name] = msgspec.convert(text, fields[name].type, strict=False)
            except msgspec.ValidationError as error:
                needed = str(error).removeprefix("Expected ").replace("`", "")
                got = shown(path, text)
                problems.append(FieldProblem(path=path, message="Not a valid value.", got=got, needed=needed))
    if problems:
        raise ApiError(
            422, "validation", f"{problems[0].path}: {problems[0].message}", errors=tuple(problems)
        )
    return into(**values)


def merge(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7396 section 2: null takes a member away, an object is merged, anything else replaces."""
    merged = dict(target)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            old = merged.get(name)
            merged[name] = merge(old if isinstance(old, dict) else {}, value)
        else:
            merged[name] = value
    return merged


def _plain(body: bytes) -> object:
    """Plain JSON values; 30.0 becomes 30, which JSON Schema calls an integer too and msgspec does not."""
    try:
        return _integral(msgspec.json.decode(body))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _malformed(error) from None


def _integral(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_integral(one) for one in value]
    if isinstance(value, dict):
        return {name: _integral(one) for name, one in value.items()}
    return value


def _malformed(error: Exception) -> ApiError:
    return ApiError(400, "malformed-json", f"The body is not valid JSON: {error}.")


def _refused(problems: list[UserError], refusal: str) -> ApiError:
    """422 with all problems; should none be found, with msgspec's own words."""
    errors = tuple(field_problem(one) for one in problems) or (FieldProblem(path="$", message=refusal),)
    return ApiError(422, "validation", f"{errors[0].path}: {errors[0].message}", errors=errors)
