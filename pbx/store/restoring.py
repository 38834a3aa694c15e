"""Puts an office that was read from a backup in place of what is there, wherever the machine should lose its power.

    restore.json    which folder of the data directory is to be moved into it, and where what was there before goes

From the moment that this note is on the disk the new office counts: whoever takes the data directory next does what is
left to be done (`finish`). Before it, nothing has been touched.
"""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import msgspec

from pbx.store.litestream_meta import drop_state

__all__ = ["AWAY", "CONFIG", "DATABASES", "FILE_NAME", "NOTE", "finish", "move_away", "put_in_place"]

NOTE = "restore.json"
FILE_NAME = "pbx.sqlite3"
DATABASES = (FILE_NAME, "edge/edge.sqlite3", "push/push.sqlite3")
CONFIG = "pbx.toml"
KEPT = ("node.lock", CONFIG, NOTE)
"""What stays when an office is moved away; so do earlier ones."""
AWAY = "before-"
DRAFTS = (".restore-", ".backup-", ".drill-")


class _Note(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`away` is empty when there is nothing to move away, or no more."""

    folder: str
    away: str = ""


def put_in_place(folder: Path, data_dir: Path, *, replace_at: datetime | None) -> None:
    """Move all files of `folder`, which lies in the data directory, to their places in it."""
    os.sync()  # what was unpacked is on the disk before anything depends on it
    _write(data_dir, _Note(folder=folder.name, away=_name(replace_at) if replace_at else ""))
    finish(data_dir)


def finish(data_dir: Path) -> bool:
    """Go on with what a power cut has interrupted; False when there was nothing."""
    path = data_dir / NOTE
    if not path.exists():
        return False
    note = msgspec.json.decode(path.read_bytes(), type=_Note)
    folder = data_dir / note.folder
    if note.away:
        _move_all(data_dir, data_dir / note.away, keep=(note.folder,))
        _write(data_dir, _Note(folder=note.folder))
    _move_in(folder, data_dir)
    os.sync()
    path.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    return True


def move_away(data_dir: Path, at: datetime, *, keep: tuple[str, ...] = ()) -> Path | None:
    """Everything of an office into a folder beside it; where that is, or None when there was nothing."""
    target = data_dir / _name(at)
    _move_all(data_dir, target, keep=keep)
    return target if target.exists() else None


def _name(at: datetime) -> str:
    return f"{AWAY}{at:%Y%m%d-%H%M%S}"


def _move_all(data_dir: Path, target: Path, *, keep: tuple[str, ...]) -> None:
    for path in sorted(data_dir.iterdir()):
        if path.name in (*KEPT, *keep) or path.name.startswith((AWAY, *DRAFTS)):
            continue
        target.mkdir(mode=0o700, exist_ok=True)
        path.rename(target / path.name)


def _move_in(folder: Path, data_dir: Path) -> None:
    """The main database last."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    for name in sorted(names, key=lambda one: one == FILE_NAME):
        target = data_dir / (f"{CONFIG}.restored" if name == CONFIG else name)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if name in DATABASES:
            drop_state(target)
            for suffix in ("-wal", "-shm"):
                target.with_name(target.name + suffix).unlink(missing_ok=True)
        (folder / name).rename(target)


def _write(data_dir: Path, note: _Note) -> None:
    """Whole, or not at all."""
    draft = data_dir / f".{NOTE}"
    with draft.open("wb") as file:
        file.write(msgspec.json.encode(note))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(data_dir / NOTE)
    directory = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
