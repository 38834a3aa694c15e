"""What the edge's own OpenAPI document says of the operations that the node passes on, taken over into the node's.

A schema whose name the node uses for something else gets another name here (`Reply` becomes `EdgeReply`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["EdgeDescription"]

_REF = "#/components/schemas/"
_TAKEN = ("summary", "description", "requestBody", "parameters")

Json = dict[str, Any]


class EdgeDescription:
    """The edge's document beside the node's schemas. `components` are those that come in addition."""

    def __init__(self, edge: Mapping[str, Any], taken: Mapping[str, Any]) -> None:
        self._paths: Mapping[str, Json] = edge.get("paths", {})
        schemas: Json = edge.get("components", {}).get("schemas", {})
        self._names = {name: f"Edge{name}" if name in taken else name for name in schemas}
        needed = self._needed(schemas)
        self.components: Json = {self._names[name]: self._renamed(schemas[name]) for name in sorted(needed)}

    def describe(self, operation: Json, path: str, method: str) -> None:
        """Fill in what the edge says of this operation; what it refuses looks like what the node refuses."""
        found = self._paths.get(path, {}).get(method)
        if found is None:
            return
        for name in _TAKEN:
            if name == "parameters" and name in found:
                operation[name] = self._parameters(operation.get(name, []), found[name])
            elif name in found:
                operation[name] = self._renamed(found[name])
        if tags := found.get("tags"):
            operation["tags"] = list(tags)
        responses: Json = operation["responses"]
        refused = next(each for status, each in responses.items() if int(status) >= 400)
        for status, answer in found["responses"].items():
            if int(status) < 400:
                responses[status] = self._renamed(answer)
            elif status not in responses:
                responses[status] = refused | {"description": answer["description"]}
        operation["responses"] = {status: responses[status] for status in sorted(responses)}

    def requested(self) -> Iterator[str]:
        """The names of the schemas that bodies of requests are made of."""
        for operation in self._operations():
            yield from (self._names[name] for name in _refs(operation.get("requestBody", {})))

    def _operations(self) -> Iterator[Json]:
        for item in self._paths.values():
            yield from item.values()

    def _needed(self, schemas: Json) -> set[str]:
        """Those that an answer which is no refusal, or a request, is made of."""
        found: set[str] = set()
        waiting = [name for operation in self._operations() for name in _refs(_without_refusals(operation))]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += _refs(schemas[name])
        return found

    def _parameters(self, ours: list[Json], theirs: list[Json]) -> list[Json]:
        """Theirs, and headers that only the node knows."""
        known = {(each["in"], each["name"]) for each in theirs}
        own = [each for each in ours if (each["in"], each["name"]) not in known]
        return [*self._renamed(theirs), *own]

    def _renamed(self, value: Any) -> Any:
        if isinstance(value, str):
            return _REF + self._names[_name(value)] if value.startswith(_REF) else value
        if isinstance(value, dict):
            return {key: self._renamed(each) for key, each in value.items()}
        return [self._renamed(each) for each in value] if isinstance(value, list) else value


def _without_refusals(operation: Json) -> Json:
    answers = {status: each for status, each in operation["responses"].items() if int(status) < 400}
    return operation | {"responses": answers}


def _name(reference: str) -> str:
    return reference.removeprefix(_REF)


def _refs(value: object) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(_REF):
        yield _name(value)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _refs(each)
    elif isinstance(value, list):
        for each in value:
            yield from _refs(each)
