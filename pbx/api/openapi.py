"""The OpenAPI 3.1 document, made from the route table and the Structs it names.

Hints for forms ride along as `x-…`. The output is stable: same table, same bytes. The file `site/schema/openapi.json`
is this document, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from pbx.api.edge import PREFIX
from pbx.api.edge_description import EdgeDescription
from pbx.api.idempotency import HEADER, takes_key
from pbx.api.problem import PROBLEM_TYPE, Problem
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.table import ROUTES

__all__ = ["API_VERSION", "document", "encoded"]

API_VERSION = "1.0.0"
_REF = "#/components/schemas/{name}"

Json = dict[str, Any]

_INTRODUCTION = """\
Everything an administrator or a program can do with this node.

Send a bearer token (`pbx token create NAME`), or the session cookie of a signed-in browser; with the cookie, requests
that change something also carry the `csrf_token` of the session in the header `X-CSRF-Token`. Lists answer
`{"items": […], "total": N}` and take `limit` and `offset`. Errors are problem documents (RFC 9457); `errors` names
the path of each field that was refused. Who asks too often gets 429 with Retry-After."""


def encoded(edge: Mapping[str, Any] | None = None) -> bytes:
    """The document as it is served and as it stands in the file."""
    return msgspec.json.format(msgspec.json.encode(document(edge)), indent=2) + b"\n"


def document(edge: Mapping[str, Any] | None = None) -> Json:
    """The whole document as plain JSON values, keys in a fixed order. `edge` is the document of the edge: without it,
    what the edge answers is named, but not described.
    """
    types = _types()
    schemas, components = msgspec.json.schema_components([one for _, one in types], ref_template=_REF)
    by_type = dict(zip((name for name, _ in types), schemas, strict=True))
    for name, _ in ((name, one) for route in ROUTES for name, one in route.schemas):
        components[name] = by_type[name]
    _require_all(components, _reachable(components, (_ref_name(by_type[n]) for n in _request_names())))
    described = EdgeDescription(edge or {}, components)
    _require_all(described.components, _reachable(described.components, described.requested()))
    components |= described.components
    paths: Json = {}
    for route in ROUTES:
        operation = _operation(route, by_type)
        if route.forwarded:
            described.describe(operation, route.path.removeprefix(PREFIX), route.method.lower())
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bellwire",
            "version": API_VERSION,
            "description": _INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This node"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in ROUTES)],
        "paths": {path: paths[path] for path in sorted(paths)},
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "pbx_session"},
            },
            "schemas": {name: components[name] for name in sorted(components)},
        },
    }


def _types() -> list[tuple[str, Any]]:
    """(name, type) of everything the document needs a schema for."""
    found: dict[str, Any] = {"Problem": Problem}
    for route in ROUTES:
        for one in (route.request, route.response, *(body for _, body in route.also)):
            if one is not None:
                found[one.__name__] = one
        found.update(route.schemas)
        if route.query is not None:
            found[f"query {route.name}"] = None
        for name, path_type in route.path_types:
            found[f"path {route.name} {name}"] = path_type
    return [(name, one) for name, one in found.items() if one is not None]


def _request_names() -> list[str]:
    return [route.request.__name__ for route in ROUTES if route.request is not None]


def _operation(route: Route, by_type: Json) -> Json:
    operation: Json = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "x-scope": route.scope.value,
        "security": [] if route.scope is Scope.OPEN else [{"bearer": []}, {"session": []}],
    }
    if route.description:
        operation["description"] = route.description
    if parameters := [*_path_parameters(route, by_type), *_query_parameters(route), *_conditions(route)]:
        operation["parameters"] = parameters
    if route.request is not None:
        schema = by_type[route.request.__name__]
        operation["requestBody"] = {
            "required": True,
            "content": {media_type: {"schema": schema} for media_type in route.request_types},
        }
    if route.upload_types:
        operation["requestBody"] = {"required": True, "content": {each: {} for each in route.upload_types}}
    operation["responses"] = {
        str(status): body for status, body in sorted(_responses(route, by_type).items())
    }
    return operation


def _path_parameters(route: Route, by_type: Json) -> Iterator[Json]:
    for name, _ in route.path_types:
        schema = dict(by_type[f"path {route.name} {name}"])
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(route: Route) -> Iterator[Json]:
    if route.query is None:
        return
    schema = msgspec.json.schema_components([route.query], ref_template=_REF)[1][route.query.__name__]
    for name, nullable in schema["properties"].items():
        field = _without_null(nullable)
        parameter: Json = {"name": name, "in": "query", "required": name in schema.get("required", ())}
        if description := field.pop("description", ""):
            parameter["description"] = description
        yield {**parameter, "schema": field}


def _conditions(route: Route) -> Iterator[Json]:
    """What makes a change depend on the state the client has seen (RFC 9110 13.1.1)."""
    if 412 in route.errors:
        yield {
            "name": "If-Match",
            "in": "header",
            "required": False,
            "description": "An ETag of this record: change it only if it is still the one that was read.",
            "schema": {"type": "string"},
        }
    if takes_key(route):
        yield {
            "name": HEADER,
            "in": "header",
            "required": False,
            "description": "Up to 128 characters of your own: who repeats the request with the same key within a day "
            "gets the same answer, and nothing is made twice.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
        }


def _without_null(field: Json) -> Json:
    """A query parameter is left out, never null."""
    field = dict(field)
    if field.get("default", "") is None:
        del field["default"]
    if "anyOf" in field:
        choices = [one for one in field.pop("anyOf") if one != {"type": "null"}]
        field = {**choices[0], **field} if len(choices) == 1 else {**field, "anyOf": choices}
    if "enum" in field:
        field["enum"] = [one for one in field["enum"] if one is not None]
    return field


def _responses(route: Route, by_type: Json) -> dict[int, Json]:
    """What the route may answer; the statuses of errors follow from what the route takes."""
    answers: dict[int, Json] = {route.status: _body(route.status, route.response_type, route, by_type)}
    for status, body in route.also:
        answers[status] = {
            "description": HTTPStatus(status).phrase,
            "content": {route.response_type: {"schema": by_type[body.__name__]}},
        }
    for status in error_statuses(route):
        content = {PROBLEM_TYPE: {"schema": by_type["Problem"]}}
        answers[status] = {"description": HTTPStatus(status).phrase, "content": content}
    return answers


def _body(status: int, media_type: str, route: Route, by_type: Json) -> Json:
    answer: Json = {"description": HTTPStatus(status).phrase}
    if route.response is not None:
        answer["content"] = {media_type: {"schema": by_type[route.response.__name__]}}
    elif status not in (101, 204):
        schema = {"type": "object"} if media_type == "application/json" else {"type": "string"}
        answer["content"] = {media_type: {"schema": schema}}
    return answer


def error_statuses(route: Route) -> list[int]:
    """The error statuses of a route, those it declares and those that follow."""
    statuses = set(route.errors)
    if route.scope is not Scope.OPEN:
        statuses |= {401, 403}
    if route.parameters or route.own is not None:
        statuses.add(404)
    if route.request is not None or route.upload_types or (route.forwarded and route.request_types):
        statuses |= {400, 408, 413, 415, 422}
    if route.query is not None:
        statuses.add(422)
    if route.unsafe:
        statuses |= {403, 503}
    if takes_key(route):
        statuses |= {409, 422}
    if route.limited:
        statuses.add(429)
    return sorted(statuses)


def _ref_name(schema: Json) -> str:
    return str(schema["$ref"]).rsplit("/", 1)[-1]


def _reachable(components: Json, start: Iterable[str]) -> set[str]:
    """The names of all schemas that `start` needs, itself included."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _refs(components[name])
    return found


def _refs(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield _ref_name(schema)
        for value in schema.values():
            yield from _refs(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _refs(value)


def _require_all(components: Json, requests: set[str]) -> None:
    """What the node answers always carries every field: mark them so, which spares clients many question marks.

    Schemas that requests use keep their optional fields, and so do problem documents, which leave out what is empty.
    """
    for name, schema in components.items():
        if (
            name not in requests
            and name not in ("Problem", "FieldProblem", "Fault")
            and "properties" in schema
        ):
            schema["required"] = list(schema["properties"])
