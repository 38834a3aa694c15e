"""`pbx key`: a new key for what is sealed."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pbx.app.command_line import add_office_settings, command, config_of, group
from pbx.core.config import NodeConfig

if TYPE_CHECKING:
    from pbx.app.command_line import Commands
    from pbx.core.config_sources import Setting

__all__ = ["add"]


def add(commands: Commands, known: Mapping[str, Setting]) -> None:
    key = group(commands, "key", "the key that opens what is sealed")
    text = "make a new secret.key and seal everything with it; the node must be stopped"
    add_office_settings((command(key, "rotate", text, _run),), known)


def _run(arguments: argparse.Namespace) -> int:
    return _rotate(config_of(arguments))


def _rotate(config: NodeConfig) -> int:
    from pbx.store.key_rotation import rotate

    done = rotate(config.data_dir, datetime.now(UTC))
    print(f"{done.fields} sealed fields now open with the new {config.data_dir / 'secret.key'}")
    print(
        f"The old key is kept as {done.before}: backups made until now need it. Delete it when they are gone."
    )
    print("Programs and apps that signed in with tokens of an hour sign in again. Back up the new key.")
    return 0
