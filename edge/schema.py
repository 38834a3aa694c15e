"""The document that says what an office can ask of the edge: OpenAPI 3.1, made from the operations and their Structs.

`pbx schema` writes it to `site/schema/edge.json`. The same program gives the same bytes.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from edge.api.operation import Operation, Problem

__all__ = ["document"]

Json = dict[str, Any]
_REF = "#/components/schemas/{name}"


def document(operations: list[Operation]) -> Json:
    """As plain JSON values, keys in a fixed order."""
    types = _types(operations)
    schemas, components = msgspec.json.schema_components(list(types.values()), ref_template=_REF)
    by_name = dict(zip(types, schemas, strict=True))
    paths: Json = {}
    for each in sorted(operations, key=lambda one: (one.path, one.method)):
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, by_name)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Bellwire edge", "version": "1.0.0"},
        "paths": paths,
        "components": {"schemas": {name: components[name] for name in sorted(components)}},
    }


def _types(operations: list[Operation]) -> dict[str, Any]:
    found: dict[str, Any] = {"Problem": Problem}
    for each in operations:
        for one in (each.request, each.response):
            if one is not None:
                found[one.__name__] = one
    return found


def _operation(each: Operation, by_name: Json) -> Json:
    described: Json = {
        "operationId": each.name,
        "tags": [each.tag],
        "summary": each.summary,
        "x-scope": each.scope,
    }
    if each.description:
        described["description"] = each.description
    if parameters := [*_path_parameters(each), *_query_parameters(each)]:
        described["parameters"] = parameters
    if each.request is not None:
        content = {"application/json": {"schema": by_name[each.request.__name__]}}
        described["requestBody"] = {"required": True, "content": content}
    if each.upload_types:
        described["requestBody"] = {"required": True, "content": {type: {} for type in each.upload_types}}
    described["responses"] = _responses(each, by_name)
    return described


def _path_parameters(each: Operation) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in each.parameters
    ]


def _query_parameters(each: Operation) -> list[Json]:
    if each.query is None:
        return []
    (schema,), components = msgspec.json.schema_components([each.query], ref_template=_REF)
    properties = components[schema["$ref"].rsplit("/", 1)[-1]]["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": properties[name]} for name in properties
    ]


def _responses(each: Operation, by_name: Json) -> Json:
    empty = each.response is None and each.response_type == "application/json"
    good = str(204 if empty and each.status == 200 else each.status)
    answers: Json = {good: {"description": HTTPStatus(int(good)).phrase}}
    if not empty:
        schema = by_name[each.response.__name__] if each.response is not None else {}
        answers[good]["content"] = {each.response_type: {"schema": schema}}
    problem = {"application/problem+json": {"schema": by_name["Problem"]}}
    refusals = {404, 422, *each.errors} if each.parameters else {422, *each.errors}
    for status in sorted(refusals):
        answers[str(status)] = {"description": HTTPStatus(status).phrase, "content": problem}
    return answers
