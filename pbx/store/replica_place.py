"""What a node knows of its replica before anything runs: where it is, how to get in, and its own notes on it.

replica/litestream.yml   written anew at each start, mode 0600
replica/owner.json       as whom this node writes there
replica/host_key         the key that the SSH server showed first
replica/drill.json       what the last restore drill found
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from pbx.core.config import NodeConfig
from pbx.core.names import Lookup, system_lookup
from pbx.model.replication import Owner
from pbx.store.database import FILE_NAME
from pbx.store.litestream import Source, write_config
from pbx.store.litestream_meta import meta_folder
from pbx.store.replica_files import ReplicaFiles, files_at
from pbx.store.replica_url import Credentials, ReplicaUrl, parse, read_credentials

__all__ = ["DATABASES", "OWNER_NOTE", "ReplicaPlace", "sources_in"]

T = TypeVar("T")

FOLDER = "replica"
OWNER_NOTE = "owner.json"
DATABASES = (("pbx", FILE_NAME), ("edge", "edge/edge.sqlite3"), ("push", "push/push.sqlite3"))


class ReplicaPlace(msgspec.Struct, frozen=True):
    """One replica as the settings name it. Made by `of`."""

    config: NodeConfig
    url: ReplicaUrl
    credentials: Credentials
    lookup: Lookup = system_lookup

    @classmethod
    def of(cls, config: NodeConfig) -> ReplicaPlace | None:
        """None where no replica is set. Raises `StartupError`."""
        if not config.replica_url:
            return None
        folder = config.data_dir / FOLDER
        return cls(
            config,
            parse(config.replica_url),
            read_credentials(
                config.replica_credentials, config.replica_ssh_key, os.environ, _text(folder / "host_key")
            ),
        )

    @property
    def folder(self) -> Path:
        """Of the node's notes; made when it is asked for."""
        folder = self.config.data_dir / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    @property
    def owner(self) -> Owner | None:
        """As whom this node writes."""
        return self.note(OWNER_NOTE, Owner)

    def files(self) -> ReplicaFiles:
        """A connection to where the files are. Raises `StartupError` for a place that keeps none."""
        return files_at(self.url, self.credentials, learned=self._learned, lookup=self.lookup)

    def now(self) -> ReplicaPlace:
        """The same with what has been learned meanwhile."""
        host_key = _text(self.config.data_dir / FOLDER / "host_key")
        return replace(self, credentials=replace(self.credentials, host_key=host_key))

    def note(self, name: str, kind: type[T]) -> T | None:
        """What was kept in the folder; None without, or from another version."""
        try:
            return msgspec.json.decode((self.config.data_dir / FOLDER / name).read_bytes(), type=kind)
        except (OSError, msgspec.MsgspecError):
            return None

    def keep(self, name: str, value: object) -> None:
        content: dict[str, object] = msgspec.to_builtins(value)
        write_config(self.folder / name, content)

    def prepare(self) -> None:
        """From here on connections leave the write-ahead log to Litestream."""
        for _, name in DATABASES:
            path = self.config.data_dir / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            meta_folder(path).mkdir(mode=0o700, exist_ok=True)

    def _learned(self, host_key: str) -> None:
        path = self.folder / "host_key"
        path.write_text(f"{host_key}\n", "ascii")
        path.chmod(0o600)


def sources_in(data_dir: Path) -> list[Source]:
    """The databases that are there now."""
    return [Source(name, data_dir / file) for name, file in DATABASES if (data_dir / file).exists()]


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
