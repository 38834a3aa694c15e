"""Data folders of nodes that are about to start for the first time: made once by `pbx import` and `pbx token create`,
then copied. Two programs less run before each node.

A test's first node of a kind may be a copy; its others are made by the programs, so that no two nodes of a test have
the same key: what one of them encrypts, the other cannot read.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path

from pbx.core.secret import KEY_FILE
from pbx.store.database import FILE_NAME

__all__ = ["Kind", "copied", "keep", "next_test"]

Kind = tuple[tuple[str, ...], int]
"""The extensions, and how long they ring."""

_tokens: dict[Kind, str] = {}
_copied: set[Kind] = set()


@functools.cache
def _shelf() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="bellwire-offices-")


def _place(kind: Kind) -> Path:
    return Path(_shelf().name) / str(list(_tokens).index(kind))


def keep(kind: Kind, data: Path, token: str) -> None:
    """Remember what has been made. Nothing has the database open any more."""
    if kind in _tokens:
        return
    _copied.add(kind)
    _tokens[kind] = token
    place = _place(kind)
    place.mkdir()
    for name in (FILE_NAME, KEY_FILE):
        shutil.copy2(data / name, place)


def copied(kind: Kind, data: Path) -> str:
    """Copy it into an empty data folder; the API token, or "" when there is no copy for this test."""
    if kind not in _tokens or kind in _copied or (data / FILE_NAME).exists() or (data / KEY_FILE).exists():
        return ""
    _copied.add(kind)
    data.mkdir(mode=0o700, exist_ok=True)
    for name in (FILE_NAME, KEY_FILE):
        shutil.copy2(_place(kind) / name, data)
    return _tokens[kind]


def next_test() -> None:
    """Each kind may be copied again."""
    _copied.clear()
