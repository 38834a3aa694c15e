"""Databases of the newest layout: one is made in each process, the others are copies of it, in a third of the time."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path
from typing import Any

from pbx.store.database import Database

__all__ = ["fresh"]


async def fresh(path: Path, **options: Any) -> Database:
    """`Database.open`, for a file that is not there yet. What is about layouts opens its files itself."""
    made = Path(_shelf().name) / "made.sqlite3"
    if not made.exists():
        await (await Database.open(made, poll_s=0)).close()
    if not path.exists():
        shutil.copy2(made, path)
    return await Database.open(path, **options)


@functools.cache
def _shelf() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="bellwire-fresh-")
