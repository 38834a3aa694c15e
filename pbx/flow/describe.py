"""The node types as data: what the palette, the forms, the handles and the reference page are made of."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from pbx.flow.node import FAILED, Exit, ExitEach, Node
from pbx.flow.registry import node_types
from pbx.model.flow_node_type import FlowNodeType, NodeExit

__all__ = ["GROUPS", "describe", "node_type_list", "reference_page"]

GROUPS = {
    "start": "Where calls begin",
    "reach": "Reach somebody",
    "menu": "Ask the caller",
    "sound": "Say something",
    "rooms": "Rooms",
    "logic": "Decide",
    "messages": "Send something",
}
"""In the order of the palette."""


def node_type_list() -> tuple[FlowNodeType, ...]:
    """All types, in the order of the palette."""
    order = list(GROUPS)
    return tuple(
        sorted(
            (describe(name, kind) for name, kind in node_types().items()),
            key=lambda each: (order.index(each.group), each.title),
        )
    )


def describe(name: str, kind: type[Node]) -> FlowNodeType:
    return FlowNodeType(
        type=name,
        title=kind.title,
        group=kind.group,
        description=inspect.cleandoc(kind.__doc__ or ""),
        parameters=_parameters(kind),
        exits=(*(_exit(each) for each in kind.exits), _exit(FAILED)),
        goes_to_flow="next_flow" in vars(kind),
    )


def _exit(each: Exit | ExitEach) -> NodeExit:
    if isinstance(each, ExitEach):
        return NodeExit(
            name=each.field,
            title=" ".join(each.title),
            optional=each.optional,
            waits=each.waits,
            each=each.parameter,
        )
    return NodeExit(
        name=each.name, title=each.title, optional=each.optional, waits=each.waits, when=each.when
    )


def _parameters(kind: type[Node]) -> dict[str, Any]:
    """One schema that needs no other: the type's own, without its tag."""
    (schema,), definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    own = definitions.pop(str(schema["$ref"]).rsplit("/", 1)[-1])
    properties = {name: each for name, each in own["properties"].items() if name != "type"}
    found = {
        "type": "object",
        "properties": properties,
        "required": [each for each in own.get("required", ()) if each != "type"],
        "additionalProperties": False,
    }
    return {**found, "$defs": definitions} if definitions else found


# -- the reference page ----------------------------------------------------------------------------------------


def reference_page() -> str:
    """`pbx/docs/flow-nodes.md`."""
    lines = [
        "# Flow nodes",
        "",
        "Written by `pbx schema` from the types themselves. Every node also has the exit `failed`, for what could not",
        "be done; where it is not wired, the caller is told so and the call ends.",
    ]
    types = node_type_list()
    for group, title in GROUPS.items():
        members = [each for each in types if each.group == group]
        if members:
            lines += ["", f"## {title}"]
        for each in members:
            lines += ["", *_type_lines(each)]
    return "\n".join(lines) + "\n"


def _type_lines(kind: FlowNodeType) -> list[str]:
    lines = [f"### {kind.title} (`{kind.type}`)", "", *kind.description.splitlines()]
    properties = kind.parameters["properties"]
    if properties:
        lines += ["", "| Parameter | What it is | Values |", "|---|---|---|"]
        definitions = kind.parameters.get("$defs", {})
        for name, schema in properties.items():
            needed = " **needed**" if name in kind.parameters["required"] else ""
            lines.append(
                f"| `{name}`{needed} | {_cell(_words(schema))} | {_cell(_values(schema, definitions))} |"
            )
    exits = [each for each in kind.exits if each.name != FAILED.name or each.each]
    if exits:
        lines += ["", "| Exit | When |", "|---|---|", *(_exit_line(each) for each in exits)]
    elif kind.goes_to_flow:
        lines += ["", "No exits: the call goes on in the other flow."]
    else:
        lines += ["", "No exits: the call is over here."]
    return lines


def _exit_line(exit: NodeExit) -> str:
    if exit.each:
        return f"| one for each of `{exit.each}` | named by its `{exit.name}` |"
    when = ""
    if exit.when:
        off = exit.when.startswith("!")
        when = f" (there {'unless' if off else 'when'} `{exit.when.removeprefix('!')}` is set)"
    return f"| `{exit.name}` | {_cell(exit.title)}{when} |"


def _words(schema: dict[str, Any]) -> str:
    parts = [schema.get("title", ""), schema.get("description", "")]
    for choice in schema.get("anyOf", ()):
        parts += [] if any(parts) else [choice.get("title", ""), choice.get("description", "")]
    return ". ".join(each.rstrip(".") for each in parts if each)


def _values(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    text = _kind_words(schema, definitions)
    if "default" in schema and schema["default"] not in (None, "", [], {}):
        default = schema["default"]
        if not isinstance(default, dict | list):
            text += f"; default {str(default).lower() if isinstance(default, bool) else default}"
    return text


def _kind_words(schema: dict[str, Any], definitions: dict[str, Any]) -> str:  # noqa: PLR0911  one for each kind
    if "anyOf" in schema:
        kinds = [_kind_words(each, definitions) for each in schema["anyOf"] if each != {"type": "null"}]
        return " or ".join(dict.fromkeys(kinds))
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        fields = definitions.get(name, {}).get("properties", {})
        return "{" + ", ".join(f"`{field}`" for field in fields) + "}" if fields else name
    if reference := schema.get("x-ref"):
        return f"a {str(reference).replace('_', ' ')}"
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"] if each not in (None, ""))
    unit = f" {schema['x-unit']}" if "x-unit" in schema else ""
    kind = schema.get("type")
    if kind == "array":
        return f"list of {_kind_words(schema.get('items', {}), definitions) or 'anything'}"
    if kind in ("integer", "number"):
        low, high = schema.get("minimum"), schema.get("maximum")
        return f"{low:g} to {high:g}{unit}" if low is not None and high is not None else f"number{unit}"
    return {"boolean": "on or off", "string": "text", "object": "fields"}.get(str(kind), "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
