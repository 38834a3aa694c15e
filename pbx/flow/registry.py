"""The node types, found in `pbx.flow.nodes`: a new file there is a new type."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache

from pbx.flow.node import Node

__all__ = ["node_types", "type_name"]


def type_name(kind: type[Node]) -> str:
    """What documents call it."""
    return str(kind.__struct_config__.tag)


@cache
def node_types() -> Mapping[str, type[Node]]:
    """Every type by its name. Raises `RuntimeError` when two have the same."""
    from pbx.flow import nodes

    for module in pkgutil.iter_modules(nodes.__path__):
        importlib.import_module(f"{nodes.__name__}.{module.name}")
    found: dict[str, type[Node]] = {}
    for kind in _descendants(Node):  # type: ignore[type-abstract]
        name = type_name(kind)
        if name in found:
            raise RuntimeError(f"two node types are called {name}")
        found[name] = kind
    return dict(sorted(found.items()))


def _descendants(kind: type[Node]) -> Iterator[type[Node]]:
    """The types that can be used: those at the ends of the tree, in modules of `pbx.flow.nodes`."""
    for each in kind.__subclasses__():
        yield from _descendants(each)
        if not each.__subclasses__() and each.__module__.startswith("pbx.flow.nodes."):
            yield each
