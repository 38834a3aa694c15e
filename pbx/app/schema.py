"""`pbx schema`: the JSON files that the admin site is built from, made from the records themselves.

They are committed, so that the site builds without Python, and `--check` fails when they have drifted.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

import pbx

FOLDER = Path(pbx.__file__).parent.parent / "site" / "schema"


def documents() -> dict[str, bytes]:
    """File name → content. The same program gives the same bytes."""
    from pbx.api import openapi

    return {"openapi.json": _encoded(openapi.document()), "nodes.json": _encoded(nodes())}


def nodes() -> dict[str, object]:
    """The flow node types, for the palette and the forms. There are none yet."""
    return {"nodes": []}


def write(folder: Path) -> int:
    """Write the files that differ."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale(folder):
        (folder / name).write_bytes(documents()[name])
        print(f"written: {folder / name}")
    return 0


def check(folder: Path) -> int:
    """1 when a file is missing or differs."""
    drifted = stale(folder)
    for name in drifted:
        print(f"pbx: {folder / name} is out of date. Run: pbx schema", file=sys.stderr)
    return 1 if drifted else 0


def stale(folder: Path) -> list[str]:
    """Names of the files that are not what this program would write."""
    return [name for name, content in documents().items() if _current(folder / name) != content]


def _current(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _encoded(document: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
