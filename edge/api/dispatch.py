"""Finds the operation that is asked for, reads what was sent, and makes the answer, or the problem, into bytes."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote

import msgspec

from edge.api.operation import Asked, Operation, Problem, ProblemField, Reply
from edge.clock import Clock
from edge.errors import EdgeError

__all__ = ["Dispatch"]

log = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
_FIELD = re.compile(r" - at `(?P<path>[^`]+)`$")

S = TypeVar("S", bound=msgspec.Struct)


class Dispatch:
    """Never raises: whatever goes wrong is an answer."""

    def __init__(self, operations: Sequence[Operation], clock: Clock) -> None:
        self.operations = tuple(operations)
        self._clock = clock
        self._patterns = [(each.pattern(), each) for each in self.operations]

    async def ask(
        self,
        *,
        office: str,
        actor: str,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        type: str = "",
    ) -> Reply:
        """`path` begins with a slash, without /api/v1."""
        try:
            operation, parameters = self._find(method, path)
            given: dict[str, Any] = {**parameters, **_read(operation, query, body, type)}
            asked = Asked(office, actor, self._clock.now_ms())
            return _reply(operation, await operation.handler(asked, **given))
        except EdgeError as error:
            return _problem(error)
        except Exception:
            log.exception("an operation failed", extra={"method": method, "path": path})
            return _problem(EdgeError(500, "The edge has made a mistake; its log says more."))

    def _find(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        here = list(self._at(path))
        for operation, parameters in here:
            if operation.method == method:
                return operation, parameters
        if here:
            raise EdgeError(405, f"{path} knows {', '.join(each.method for each, _ in here)} only.")
        raise EdgeError(404, f"The edge has nothing at {path}.")

    def _at(self, path: str) -> Iterator[tuple[Operation, dict[str, str]]]:
        """What is written out comes before what is in braces."""
        found = [(each, match) for pattern, each in self._patterns if (match := pattern.fullmatch(path))]
        for operation, match in sorted(found, key=lambda pair: len(pair[0].parameters)):
            yield operation, {name: unquote(text) for name, text in match.groupdict().items()}


def _read(operation: Operation, query: str, body: bytes, type: str) -> dict[str, Any]:
    if len(body) > operation.most_bytes:
        raise EdgeError(413, f"More than {operation.most_bytes} bytes are not taken here.")
    given: dict[str, Any] = {}
    if operation.query is not None:
        given["query"] = _query(query, operation.query)
    if operation.request is not None:
        given["body"] = _decode(body, operation.request)
    if operation.upload_types:
        if type.partition(";")[0].strip() not in operation.upload_types:
            raise EdgeError(415, f"One of these is needed: {', '.join(operation.upload_types)}.")
        given |= {"upload": body, "type": type}
    return given


def _query(text: str, into: type[S]) -> S:
    values = dict(parse_qsl(text, keep_blank_values=True))
    try:
        return msgspec.convert(values, into, strict=False)
    except msgspec.ValidationError as error:
        raise _refused(error, "query") from None


def _decode(body: bytes, into: type[S]) -> S:
    try:
        return msgspec.json.decode(body, type=into)
    except msgspec.ValidationError:
        return _convert(body, into)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise EdgeError(400, f"The body is not valid JSON: {error}.") from None


def _convert(body: bytes, into: type[S]) -> S:
    """The same with 30.0 as 30, which JSON Schema calls an integer too and msgspec does not."""
    try:
        return msgspec.convert(_integral(msgspec.json.decode(body)), into)
    except msgspec.ValidationError as error:
        raise _refused(error, "$") from None


def _integral(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_integral(one) for one in value]
    if isinstance(value, dict):
        return {name: _integral(one) for name, one in value.items()}
    return value


def _refused(error: msgspec.ValidationError, root: str) -> EdgeError:
    text = str(error)
    where = _FIELD.search(text)
    return EdgeError(
        422, _FIELD.sub("", text) + ".", field=where["path"].replace("$", root) if where else root
    )


def _reply(operation: Operation, result: msgspec.Struct | Reply | None) -> Reply:
    if isinstance(result, Reply):
        return result
    if result is None:
        return Reply(204 if operation.status == 200 else operation.status)
    return Reply(operation.status, msgspec.json.encode(result))


def _problem(error: EdgeError) -> Reply:
    title = HTTPStatus(error.status).phrase
    problem = Problem(
        type="urn:bellwire:problem:"
        + ("validation" if error.status == 422 else title.lower().replace(" ", "-")),
        title=title,
        status=error.status,
        detail=error.detail,
        errors=(ProblemField(path=error.field, message=error.detail),) if error.field else (),
    )
    return Reply(error.status, msgspec.json.encode(problem), PROBLEM_TYPE, error.headers)
