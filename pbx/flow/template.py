"""Texts with values in them: `Hello {{caller.name}}`.

A name that has no value leaves nothing. There is no logic in a template; conditions are nodes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["Value", "fill", "names_in", "written"]

Value = str | int | float | bool

LONGEST = 2000
NAME = r"[a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)*"
_SLOT = re.compile(r"\{\{\s*(" + NAME + r")\s*\}\}")


def fill(template: str, values: Mapping[str, Value]) -> str:
    """At most `LONGEST` characters; a value is never looked at for more slots."""
    return _SLOT.sub(lambda slot: written(values.get(slot[1], "")), template)[:LONGEST]


def names_in(template: str) -> set[str]:
    return {slot[1] for slot in _SLOT.finditer(template)}


def written(value: Value) -> str:
    """As people write it: yes and no, no ".0"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
