"""`pbx schema`: the JSON files that the admin site is built from, made from the records themselves.

They are committed, so that the site builds without Python, and `--check` fails when they have drifted.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

import pbx

FOLDER = Path(pbx.__file__).parent.parent / "site" / "schema"
PAGE = Path(pbx.__file__).parent / "docs" / "flow-nodes.md"
"""Is written with the files of this source tree only."""


def documents() -> dict[str, bytes]:
    """File name → content. The same program gives the same bytes."""
    from pbx.api import openapi

    outside = edge()
    return {
        "openapi.json": _encoded(openapi.document(outside)),
        "nodes.json": _encoded(nodes()),
        "kinds.json": _encoded(kinds()),
        "edge.json": _encoded(outside),
    }


def kinds() -> list[dict[str, object]]:
    """The kinds of records, for lists, forms and pickers."""
    from pbx.model.kinds import KINDS

    return [
        {
            "name": kind.name,
            "plural": kind.plural,
            "title": kind.title,
            "path": "/" + kind.plural.replace("_", "-"),
            "key": kind.key,
            "numbered": kind.numbered,
            "secrets": kind.secrets,
            "record": kind.record.__name__,
            "write": kind.write.__name__,
        }
        for kind in KINDS
    ]


def nodes() -> dict[str, object]:
    """The flow node types, for the palette, the forms and the handles."""
    from pbx.flow.describe import GROUPS, node_type_list

    return {"groups": GROUPS, "nodes": msgspec.to_builtins(node_type_list())}


def edge() -> dict[str, object]:
    """What an office asks of the edge."""
    from edge.app import operations
    from edge.schema import document

    return document(asyncio.run(operations()))


def page() -> bytes:
    """The reference page of the node types."""
    from pbx.flow.describe import reference_page

    return reference_page().encode()


def write(folder: Path) -> int:
    """Write the files that differ."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in _wanted(folder).items():
        if _current(path) != content:
            path.write_bytes(content)
            print(f"written: {path}")
    return 0


def check(folder: Path) -> int:
    """1 when a file is missing or differs."""
    drifted = stale(folder)
    for name in drifted:
        print(f"pbx: {name} is out of date. Run: pbx schema", file=sys.stderr)
    return 1 if drifted else 0


def stale(folder: Path) -> list[str]:
    """Names of the files that are not what this program would write."""
    return [path.name for path, content in _wanted(folder).items() if _current(path) != content]


def _wanted(folder: Path) -> dict[Path, bytes]:
    wanted = {folder / name: content for name, content in documents().items()}
    return wanted | {PAGE: page()} if folder == FOLDER else wanted


def _current(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _encoded(document: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
