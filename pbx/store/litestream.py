"""The program Litestream: which version it is, what its configuration looks like, and restoring with it.

Two lines are in use, and they are not alike (measured with 0.3.13 and 0.5.17):

    0.3   `replicas:` is a list; a single `replica:` is ignored without a word. A new generation begins with a snapshot
          when its own notes beside the database are gone. Metrics tell how far the replica is. Google is `gcs`, in
          0.5 `gs`.
    0.5   `replica:` is one. Rows were lost without a word in 15 of 21 restarts of Litestream where SQLite moved the
          write-ahead log by itself. So nothing of ours does while it replicates, and a snapshot follows each start.
          A socket tells how far the replica is. AWS_CA_BUNDLE in its environment breaks S3.

JSON is YAML, so the configuration needs no YAML writer. This module starts nothing that goes on running.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from pbx.core.errors import PbxError, StartupError
from pbx.store.replica_url import Credentials, ReplicaUrl

__all__ = ["Litestream", "LitestreamError", "Source", "find", "write_config"]

SYNC_INTERVAL = "250ms"
"""How often Litestream looks and sends: what a dead machine loses, but for the time of the sending itself."""
OLDEST_OF_LINES = {(0, 3): 8, (0, 5): 0}
RUN_S = 30.0
RESTORE_S = 3600.0
GET = "See the guide, Backup and standby: pbx/deploy/litestream.sh fetches a version that is known to work"


class LitestreamError(PbxError):
    """Litestream could not do it; its own words are in the text."""


class Source(msgspec.Struct, frozen=True):
    """A database: where it lies, and what its part of the replica is called."""

    name: str
    path: Path


class Litestream(msgspec.Struct, frozen=True):
    """The program, found and of a line that is known."""

    program: str
    version: tuple[int, int, int]

    @property
    def line(self) -> tuple[int, int]:
        return self.version[:2]

    @property
    def is_old(self) -> bool:
        """Whether it is of the 0.3 line."""
        return self.line == (0, 3)

    @property
    def shown(self) -> str:
        return ".".join(map(str, self.version))

    def config(
        self,
        url: ReplicaUrl,
        credentials: Credentials,
        generation: int,
        sources: Sequence[Source],
        *,
        keep_days: int,
        metrics_port: int = 0,
    ) -> dict[str, Any]:
        """What its configuration file says, for this line."""
        kept = {"interval": "24h", "retention": f"{keep_days * 24}h"}
        found: dict[str, Any] = {"logging": {"type": "json", "level": "info", "stderr": True}}
        if self.is_old and metrics_port:
            found["addr"] = f"127.0.0.1:{metrics_port}"
        if not self.is_old:
            found["snapshot"] = kept
            found["socket"] = {"enabled": True, "path": "litestream.sock", "permissions": 0o600}
        google = "gcs" if self.is_old else "gs"
        found["dbs"] = []
        for source in sources:
            replica = _replica(url, credentials, f"g{generation:06d}", source.name, google)
            replica["sync-interval"] = SYNC_INTERVAL
            database: dict[str, Any] = {
                "path": str(source.path.absolute()),
                "monitor-interval": SYNC_INTERVAL,
            }
            if self.is_old:
                replica |= {"snapshot-interval": kept["interval"], "retention": kept["retention"]}
                database["replicas"] = [replica]
            else:
                if url.scheme == "sftp" and credentials.host_key:
                    replica["host-key"] = credentials.host_key
                database["replica"] = replica
            found["dbs"].append(database)
        return found

    def environment(self, credentials: Credentials) -> dict[str, str]:
        """Of its process. What would break it is left out."""
        found = dict(credentials.environment)
        if not self.is_old:
            found.pop("AWS_CA_BUNDLE", None)
        return found

    async def restore(
        self,
        config: Path,
        source: Path,
        target: Path,
        *,
        credentials: Credentials,
        at: datetime | None = None,
    ) -> bool:
        """Write the newest state of `source`, or that of `at`, to `target`, which must not exist.

        False when the replica has nothing of it. Raises `LitestreamError`.
        """
        words = ["-config", str(config), "-no-expand-env", "-if-replica-exists", "-o", str(target)]
        if at is not None:
            words += ["-timestamp", at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")]
        await self.run("restore", *words, os.path.abspath(source), credentials=credentials, limit_s=RESTORE_S)  # noqa: ASYNC240
        return os.path.exists(target)  # noqa: ASYNC240

    async def snapshot(self, config: Path, credentials: Credentials) -> None:
        """A whole copy into the replica now, of the 0.5 line; nothing else of it may run. Raises `LitestreamError`."""
        words = ("-once", "-force-snapshot", "-no-expand-env", "-config", str(config))
        await self.run("replicate", *words, credentials=credentials, limit_s=RESTORE_S)

    async def run(self, *words: str, credentials: Credentials, limit_s: float = RUN_S) -> str:
        """Run it to its end; what it printed. Raises `LitestreamError` with its last words."""
        process = await asyncio.create_subprocess_exec(
            self.program,
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self.environment(credentials),
        )
        try:
            async with asyncio.timeout(limit_s):
                said, _ = await process.communicate()
        except TimeoutError:
            raise LitestreamError(f"litestream {words[0]} has not ended after {limit_s:.0f} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        text = said.decode("utf-8", "replace").strip()
        if process.returncode:
            raise LitestreamError(f"litestream {words[0]}: {_last_words(text) or process.returncode}")
        return text


async def find(program: str) -> Litestream:
    """Look for it and ask its version. Raises `StartupError`."""
    path = shutil.which(program)
    if path is None:
        raise StartupError(f"there is no program {program} here", path="litestream", action=GET)
    try:
        said = await Litestream(path, (0, 0, 0)).run(
            "version", credentials=Credentials(environment=os.environ)
        )
    except (LitestreamError, OSError) as error:
        raise StartupError(
            f"{path} does not say its version: {error}", path="litestream", action=GET
        ) from None
    found = re.fullmatch(r"(?:litestream )?v?(\d+)\.(\d+)\.(\d+)", said.strip())
    version = tuple(map(int, found.groups())) if found else ()
    if len(version) != 3 or version[2] < OLDEST_OF_LINES.get(version[:2], 1 << 30):
        raise StartupError(
            f"Litestream {said.strip()[:40]} is not known to this program, and guessing could lose data",
            path="litestream",
            needed="0.3.8 or newer of the 0.3 line, or any of the 0.5 line",
            action=GET,
        )
    return Litestream(path, (version[0], version[1], version[2]))


def write_config(path: Path, content: Mapping[str, Any]) -> None:
    """For its owner alone, in one go."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(content), indent=2))
    draft.rename(path)


def _replica(
    url: ReplicaUrl, credentials: Credentials, generation: str, name: str, google: str
) -> dict[str, Any]:
    path = url.joined(generation, name)
    if url.scheme == "file":
        return {"type": "file", "path": path}
    if url.scheme == "sftp":
        found: dict[str, Any] = {
            "type": "sftp", "host": f"{url.host}:{url.port}", "user": url.user, "path": path,
        }  # fmt: skip
        if credentials.ssh_key is not None:
            found["key-path"] = str(credentials.ssh_key.absolute())
        if credentials.sftp_password:
            found["password"] = credentials.sftp_password
        return found
    if url.scheme == "abs":
        found = {"type": "abs", "account-name": url.user, "bucket": url.bucket, "path": path}
        if url.endpoint:
            found["endpoint"] = url.endpoint
        return found | {"account-key": credentials.azure_key}
    if url.scheme == "gs":
        return {"type": google, "bucket": url.bucket, "path": path}
    found = {"type": "s3", "bucket": url.bucket, "path": path, "region": url.region}
    if url.endpoint:
        found |= {"endpoint": url.endpoint, "force-path-style": True}
    if credentials.access_key:
        found |= {"access-key-id": credentials.access_key, "secret-access-key": credentials.secret_key}
    return found


def _last_words(text: str) -> str:
    """Its lines are JSON where it got as far as reading its configuration."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    try:
        said = msgspec.json.decode(lines[-1], type=dict[str, Any])
    except msgspec.DecodeError:
        return lines[-1][-400:]
    return str(said.get("error") or said.get("msg") or "")[-400:]
