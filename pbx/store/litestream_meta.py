"""The folder beside a database in which Litestream keeps its notes.

While it is there, connections leave the write-ahead log alone: Litestream moves pages out of it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

__all__ = ["drop_state", "forget_state", "meta_folder"]


def meta_folder(database: Path) -> Path:
    return database.with_name(f".{database.name}-litestream")


def forget_state(database: Path) -> None:
    """Empty that folder: the next start of Litestream begins with a snapshot."""
    folder = meta_folder(database)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def drop_state(database: Path) -> None:
    """Remove it: connections look after the write-ahead log again."""
    shutil.rmtree(meta_folder(database), ignore_errors=True)
