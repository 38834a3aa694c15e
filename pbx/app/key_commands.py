"""`pbx key`: a new key for what is sealed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from pbx.core.config import NodeConfig
from pbx.core.config_sources import Setting

__all__ = ["add"]

Command = Callable[[Any, str, str, Callable[[argparse.Namespace], int]], Any]


def add(
    group: Any,
    command: Command,
    add_settings: Callable[[argparse.ArgumentParser, Iterable[Setting]], None],
    wanted: Iterable[Setting],
    config: Callable[[argparse.Namespace], NodeConfig],
) -> None:
    """Put the commands into the group `pbx key`."""

    def rotate(arguments: argparse.Namespace) -> int:
        return _rotate(config(arguments))

    text = "make a new secret.key and seal everything with it; the node must be stopped"
    add_settings(command(group, "rotate", text, rotate), wanted)


def _rotate(config: NodeConfig) -> int:
    from pbx.store.key_rotation import rotate

    done = rotate(config.data_dir, datetime.now(UTC))
    print(f"{done.fields} sealed fields now open with the new {config.data_dir / 'secret.key'}")
    print(
        f"The old key is kept as {done.before}: backups made until now need it. Delete it when they are gone."
    )
    print("Programs and apps that signed in with tokens of an hour sign in again. Back up the new key.")
    return 0
