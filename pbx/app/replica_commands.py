"""The commands of backups and replicas: backup, restore, standby, takeover. Imports wait until one of them runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.app.command_line import add_settings, command, config_of
from pbx.core.errors import StartupError, UserError

if TYPE_CHECKING:
    from pbx.app.command_line import Commands
    from pbx.core.config import NodeConfig
    from pbx.core.config_sources import Setting

__all__ = ["add"]

REPLICA_SETTINGS = (
    "data_dir", "replica_url", "replica_credentials", "replica_ssh_key", "replica_passphrase_file", "replica_files",
    "replica_keep_days", "litestream",
)  # fmt: skip


def add(commands: Commands, known: Mapping[str, Setting]) -> None:
    """Add the commands with their options."""
    wanted = [known[name] for name in REPLICA_SETTINGS]

    backup = command(
        commands, "backup", "write everything into one locked file", lambda one: _backup(one, config_of(one))
    )
    backup.add_argument("file", metavar="FILE", type=Path, help="where to; it must not exist yet")
    backup.add_argument(
        "--passphrase-file", metavar="PATH", type=Path, help="the passphrase; without, it is asked for"
    )
    backup.add_argument("--without-recordings", action="store_true", help="leave recordings of calls out")

    restore = command(commands, "restore", "put an office back", lambda one: _restore(one, config_of(one)))
    restore.add_argument("file", metavar="FILE", type=Path, nargs="?", help="a backup")
    restore.add_argument("--from-replica", action="store_true", help="from the replica instead of a file")
    restore.add_argument("--at", metavar="TIME", help="as it was then, such as 2026-05-01T09:30:00Z")
    restore.add_argument(
        "--passphrase-file", metavar="PATH", type=Path, help="the passphrase of a locked backup"
    )
    restore.add_argument(
        "--replace", action="store_true", help="move the office that is there into before-DATE/"
    )

    standby = command(
        commands, "standby", "keep a node ready to take over", lambda one: _standby(one, config_of(one))
    )
    standby.add_argument(
        "--every", metavar="SECONDS", type=float, default=60.0, help="between two looks (default 60)"
    )
    standby.add_argument("--once", action="store_true", help="one look, then end")

    takeover = command(
        commands, "takeover", "become the office's node", lambda one: _takeover(one, config_of(one))
    )
    takeover.add_argument(
        "--replace", action="store_true", help="move the office that is there into before-DATE/"
    )
    takeover.add_argument(
        "--with-this-data", action="store_true", help="restore nothing: what is here counts from now on"
    )
    takeover.add_argument(
        "--hook", metavar="COMMAND", help="run this afterwards, such as a script that changes DNS"
    )

    for each in (backup, restore, standby, takeover):
        add_settings(each, wanted)


def _backup(arguments: argparse.Namespace, config: NodeConfig) -> int:
    import sqlite3

    from pbx.app.installed import program_version
    from pbx.core.config_sources import CONFIG_FILE, CONFIG_VARIABLE
    from pbx.store.backup import write_locked
    from pbx.store.database import FILE_NAME

    if not (config.data_dir / FILE_NAME).exists():
        raise StartupError(
            f"there is no office in {config.data_dir}", action="Name its folder with --data-dir"
        )
    target: Path = arguments.file
    if target.exists():
        raise StartupError(f"{target} exists already", action="Choose another name")
    passphrase = _passphrase(arguments.passphrase_file)
    config_file = arguments.config or Path(os.environ.get(CONFIG_VARIABLE, CONFIG_FILE))
    draft = target.with_name(f".{target.name}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            write_locked(
                config.data_dir,
                out,
                passphrase,
                recordings=not arguments.without_recordings,
                version=program_version(),
                at=datetime.now(UTC),
                config_file=config_file,
                progress=_progress("written"),
            )
            out.flush()
            os.fsync(out.fileno())
        draft.rename(target)
    except (OSError, sqlite3.Error) as error:
        raise StartupError(
            f"the backup cannot be written: {error}",
            action=f"It takes room beside it, and in {config.data_dir} for a copy of the database",
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    print(
        f"{target}: {target.stat().st_size / 1e6:.1f} MB, locked. Without the passphrase nobody opens it, nor you."
    )
    return 0


def _restore(arguments: argparse.Namespace, config: NodeConfig) -> int:
    if arguments.from_replica == (arguments.file is not None):
        raise UserError("name a backup, or give --from-replica")
    if arguments.at and not arguments.from_replica:
        raise UserError("--at goes with --from-replica only")
    now = datetime.now(UTC)
    lock = _locked(config)
    try:
        if arguments.from_replica:
            return _restore_replica(config, _moment(arguments.at), now if arguments.replace else None)
        return _restore_file(arguments, config, now if arguments.replace else None)
    finally:
        lock()


def _restore_file(arguments: argparse.Namespace, config: NodeConfig, replace_at: datetime | None) -> int:
    from pbx.core.secret import KEY_FILE, KEY_VARIABLE
    from pbx.store.backup_restore import is_locked, restore

    passphrase = _passphrase(arguments.passphrase_file, new=False) if is_locked(arguments.file) else ""
    manifest = restore(
        arguments.file,
        config.data_dir,
        passphrase=passphrase,
        replace_at=replace_at,
        progress=_progress("read"),
    )
    print(f"restored into {config.data_dir}: the office of {manifest.made_at:%Y-%m-%d %H:%M} UTC")
    if not (config.data_dir / KEY_FILE).exists() and not os.environ.get(KEY_VARIABLE):
        print(f"Put {KEY_FILE} of the old node there before you start: it opens the passwords.")
    return 0


def _restore_replica(config: NodeConfig, at: datetime | None, replace_at: datetime | None) -> int:
    from pbx.app.office import run
    from pbx.app.standby import restore_replica

    return run(restore_replica(config, at=at, replace_at=replace_at))


def _standby(arguments: argparse.Namespace, config: NodeConfig) -> int:
    from pbx.app.office import run
    from pbx.app.standby import standby

    lock = _locked(config)
    try:
        return run(standby(config, every_s=arguments.every, once=arguments.once))
    finally:
        lock()


def _takeover(arguments: argparse.Namespace, config: NodeConfig) -> int:
    from pbx.app.office import run
    from pbx.app.standby import take_over

    lock = _locked(config)
    try:
        replace_at = datetime.now(UTC) if arguments.replace else None
        return run(
            take_over(
                config, replace_at=replace_at, with_this_data=arguments.with_this_data, hook=arguments.hook
            )
        )
    finally:
        lock()


def _locked(config: NodeConfig) -> Callable[[], None]:
    """No node may run there meanwhile."""
    from pbx.store.database import lock_data_dir

    return lock_data_dir(config.data_dir).release


def _passphrase(file: Path | None, *, new: bool = True) -> str:
    from pbx.app.office import ask_password
    from pbx.store.replica_keys import read_passphrase

    if file is not None:
        return read_passphrase(file)
    if new or not sys.stdin.isatty():
        return ask_password(from_stdin=False)
    import getpass

    return getpass.getpass("Passphrase: ")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError("--at is no time", got=text, needed="such as 2026-05-01T09:30:00Z") from None
    return moment if moment.tzinfo is not None else moment.astimezone()


def _progress(word: str) -> Callable[[int], None]:
    """On a terminal, every 64 MB."""
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        if sys.stderr.isatty() and done - told >= 64 << 20:
            told = done
            print(f"\r{done >> 20} MB {word}", end="", file=sys.stderr, flush=True)

    return tell
