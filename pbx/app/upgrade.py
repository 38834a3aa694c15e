"""`pbx upgrade` and `pbx rollback`: the databases of a data directory, to this program's layouts and back.

A node does the first by itself when it starts. What there is to do before: `--check` tries it on a copy. Rolling back
puts the copies back that were made before the upgrade (see `pbx.store.kept`), and says first what would be lost.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from pbx.app.installed import program_version
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError, UserError
from pbx.store.database import FILE_NAME, Database, lock_data_dir
from pbx.store.inspect import inspect
from pbx.store.kept import Kept, all_kept, copied, missing_rows, put_back
from pbx.store.migrate import heading, steps, version_of

__all__ = ["check", "roll_back", "upgrade"]

ROWS = {
    "cdrs": "calls in the history",
    "voicemails": "voice messages",
    "recordings": "recordings (their files stay)",
    "messages": "text messages between extensions",
    "records": "phones, flows and other records of the office",
    "audit": "entries of the audit log",
    "push_phones": "phones that can be woken",
    "flow_revisions": "published flows",
    "users": "users of the admin site",
    "tokens": "tokens of programs",
    "text_message": "texts",
    "campaign": "campaigns",
}
"""What rows of a table are, in words. Others are named by their table."""


class _Store(msgspec.Struct, frozen=True):
    """One of the databases: its file, the layout that this program knows, and how it is read and reached."""

    title: str
    file: str
    newest: Callable[[], int]
    layout: Callable[[sqlite3.Connection], int]
    open: Callable[[Path], None]

    def layout_of(self, path: Path) -> int:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return self.layout(connection)


def _stores() -> Sequence[_Store]:
    return (
        _Store("office", FILE_NAME, lambda: len(steps()), version_of, _open_office),
        _Store("edge", "edge.sqlite3", _edge_newest, _edge_layout, _open_edge),
        _Store("push gateway", "push.sqlite3", _push_newest, version_of, _open_push),
    )


def check(config: NodeConfig) -> int:
    """Say what an upgrade would do, and try it on a copy; 1 if it would fail. Changes nothing; a node may run."""
    print(f"this program is version {program_version()}")
    found = [(store, config.data_dir / store.file) for store in _stores()]
    failed = False
    for store, path in found:
        if path.exists():
            failed |= not _checked(store, path)
    if not any(path.exists() for _, path in found):
        print(f"there is no office in {config.data_dir}")
    return 1 if failed else 0


def upgrade(config: NodeConfig) -> int:
    """Bring all databases to this program's layouts, as the next start of the node would."""
    lock = lock_data_dir(config.data_dir)
    try:
        for store in _stores():
            path = config.data_dir / store.file
            if not path.exists():
                continue
            before = store.layout_of(path)
            store.open(path)
            _say(
                store,
                path,
                f"layout {before} → {store.newest()}" if before < store.newest() else "is up to date",
            )
            for kept in all_kept(path)[:1]:
                print(f"  copy: {kept.path} (layout {kept.layout})")
    finally:
        lock.release()
    return 0


def roll_back(config: NodeConfig, *, sure: bool) -> int:
    """Put back what was kept before the last upgrade. Raises `StartupError` while a node runs, or with no copy."""
    lock = lock_data_dir(config.data_dir)
    try:
        found = [
            (store, path, kept)
            for store in _stores()
            if (path := config.data_dir / store.file).exists() and (kept := _last(store, path)) is not None
        ]
        if not found:
            raise StartupError(
                f"there is no copy of before an upgrade in {config.data_dir} that this program knows",
                action="Restore a backup into an empty folder: pbx restore FILE --data-dir FOLDER",
            )
        for store, path, kept in found:
            _tell_loss(store, path, kept)
        if not sure and not _agreed():
            return 1
        for store, path, kept in found:
            aside = put_back(path, kept)
            _say(store, path, f"has layout {kept.layout} again; what stood there is {aside}")
    finally:
        lock.release()
    if any(kept.layout < store.newest() for store, _, kept in found):
        print("Now install the version of before: this one would upgrade again when it starts.")
    return 0


def _last(store: _Store, path: Path) -> Kept | None:
    now = store.layout_of(path)
    return next(
        (each for each in all_kept(path) if each.layout < now and each.layout <= store.newest()), None
    )


def _tell_loss(store: _Store, path: Path, kept: Kept) -> None:
    _say(
        store,
        path,
        f"would be again as it was on {kept.made_at:%Y-%m-%d at %H:%M} UTC. Lost would be what came since:",
    )
    for table, count in missing_rows(path, kept.path).items():
        print(f"  {count:>6}  {ROWS.get(table, f'rows of the table {table}')}")
    print("          and every change of what was there before")


def _agreed() -> bool:
    if not sys.stdin.isatty():
        print("Nothing has been changed. To do it: pbx rollback --yes")
        return False
    return input("Put it back? Type yes: ").strip().lower() == "yes"


def _checked(store: _Store, path: Path) -> bool:
    now, newest = store.layout_of(path), store.newest()
    if now == newest:
        _say(store, path, f"has layout {now}, nothing to do")
    elif now > newest:
        _say(store, path, f"has layout {now}, of a newer program; this one knows layouts up to {newest}")
    else:
        _say(store, path, f"layout {now} → {newest}")
        for version, sql in steps()[now:] if store.file == FILE_NAME else ():
            print(f"  {version:>3}  {heading(sql)}")
    for kept in all_kept(path):
        print(f"  copy of layout {kept.layout}, {kept.made_at:%Y-%m-%d %H:%M} UTC: {kept.path}")
    if now > newest:
        print("  → Install the newer version again, or put a copy back: pbx rollback")
        return False
    return now == newest or _tried(store, path)


def _tried(store: _Store, path: Path) -> bool:
    """Upgrade a copy, look through it, and throw it away."""
    try:
        with tempfile.TemporaryDirectory(prefix=".upgrade-", dir=path.parent) as folder:
            copy = Path(folder) / path.name
            copied(path, copy)
            store.open(copy)
            if store.file == FILE_NAME:
                inspect(copy, newest=store.newest(), check_all=True)
    except (UserError, OSError, sqlite3.Error) as error:
        print(f"  it FAILED on a copy: {error}")
        return False
    print("  tried on a copy: it works, and the copy is whole")
    return True


def _say(store: _Store, path: Path, text: str) -> None:
    print(f"{store.title} ({path}) {text}")


def _open_office(path: Path) -> None:
    async def opened() -> None:
        await (await Database.open(path, poll_s=0)).close()

    asyncio.run(opened())


def _open_edge(path: Path) -> None:
    from edge.errors import StartError
    from edge.store import open_store

    async def opened() -> None:
        await (await open_store(path)).close()

    try:
        asyncio.run(opened())
    except StartError as error:
        raise StartupError(error.message, action=error.action) from error


def _open_push(path: Path) -> None:
    from mobile_push.errors import SetupError
    from mobile_push.store import open_store

    async def opened() -> None:
        await (await open_store(path)).aclose()

    try:
        asyncio.run(opened())
    except SetupError as error:
        raise StartupError(str(error)) from error


def _edge_newest() -> int:
    from edge.store.migrate import steps as edge_steps

    return len(edge_steps())


def _edge_layout(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(version), 0) FROM edge_layout").fetchone()[0])


def _push_newest() -> int:
    from mobile_push.store.base import migrations

    return len(migrations())
