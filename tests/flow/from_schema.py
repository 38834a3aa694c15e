"""Values that fit a JSON Schema of ours: what the forms of node types allow."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

__all__ = ["values_of"]

Schema = dict[str, Any]
NUMBERS = ("101", "102", "600", "12")


def values_of(schema: Schema, definitions: dict[str, Schema] | None = None) -> st.SearchStrategy[Any]:
    """Knows what msgspec writes, and no more of the standard."""
    known = schema.get("$defs", {}) if definitions is None else definitions
    if "$ref" in schema:
        return values_of(known[str(schema["$ref"]).rsplit("/", 1)[-1]], known)
    if "anyOf" in schema:
        return st.one_of(*(values_of(each, known) for each in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    kind = schema.get("type")
    if kind == "object":
        return _object(schema, known)
    if kind == "array":
        most = min(schema.get("maxItems", 4), 4)
        items = values_of(schema.get("items", {}), known)
        return st.lists(
            items, min_size=schema.get("minItems", 0), max_size=max(most, schema.get("minItems", 0))
        )
    if kind == "string":
        return _text(schema)
    if kind == "integer":
        return st.integers(schema.get("minimum", -1000), schema.get("maximum", 1000))
    if kind == "number":
        return st.floats(schema.get("minimum", -1000), schema.get("maximum", 1000), allow_nan=False)
    return {"boolean": st.booleans(), "null": st.none()}.get(str(kind), st.just("anything"))


def _object(schema: Schema, known: dict[str, Schema]) -> st.SearchStrategy[dict[str, Any]]:
    properties = {name: values_of(each, known) for name, each in schema.get("properties", {}).items()}
    if not properties:
        return st.just({})
    needed = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: each for name, each in properties.items() if name in needed},
        optional={name: each for name, each in properties.items() if name not in needed},
    )


def _text(schema: Schema) -> st.SearchStrategy[str]:
    if schema.get("x-ref"):
        return st.sampled_from(NUMBERS)
    low, high = schema.get("minLength", 0), min(schema.get("maxLength", 30), 30)
    if "pattern" in schema:
        text: st.SearchStrategy[str] = st.from_regex(str(schema["pattern"]), fullmatch=True)
        return text.filter(lambda each: low <= len(each) <= schema.get("maxLength", 1000))
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=low, max_size=max(low, high))
