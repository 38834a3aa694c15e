"""Flows to begin with, one JSON file each (`FlowTemplate`). Each passes its own tests."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from pbx.model.flow_node_type import FlowTemplate

__all__ = ["templates"]


@cache
def templates() -> tuple[FlowTemplate, ...]:
    """All of them, by name. Reads files: a few, once."""
    found = [
        msgspec.json.decode(each.read_bytes(), type=FlowTemplate)
        for each in files(__name__).iterdir()
        if each.name.endswith(".json")
    ]
    return tuple(sorted(found, key=lambda each: each.name))
