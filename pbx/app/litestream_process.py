"""`litestream replicate` as a process beside the node: started, listened to, asked how far it is, ended.

It is in a process group of its own and dies with the node (PR_SET_PDEATHSIG, by util-linux's setpriv). One that a
killed node left behind is ended before the next is started: two at one database would damage the replica.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pbx.core.imports import imported
from pbx.store.litestream import Litestream, Source, write_config
from pbx.store.litestream_meta import meta_folder
from pbx.store.replica_place import ReplicaPlace

if TYPE_CHECKING:
    import aiohttp

__all__ = ["LitestreamProcess", "end_leftover"]

log = logging.getLogger("litestream")

CONFIG = "litestream.yml"
SOCKET = "litestream.sock"
PID = "litestream.pid"
STOP_S = 10.0
ASK_S = 10.0
LEVELS = {"ERROR": logging.WARNING, "WARN": logging.WARNING, "INFO": logging.DEBUG}
"""Its errors are tried again by itself; what lasts is told by the health list."""
_POSITIONS = {"litestream_replica_wal_index": 0, "litestream_replica_wal_offset": 1}
_METRIC = re.compile(r'^(\w+)\{db="((?:[^"\\]|\\.)*)"[^}]*\} ([0-9.e+]+)$', re.MULTILINE)


class LitestreamProcess:
    """One run of it. `on_error` is told what it complains of."""

    def __init__(
        self, litestream: Litestream, place: ReplicaPlace, sources: Sequence[Source], generation: int
    ) -> None:
        self.sources = sources
        self.last_error = ""
        self._litestream = litestream
        self._place = place
        self._generation = generation
        self._process: asyncio.subprocess.Process | None = None
        self._port = 0
        self._http: aiohttp.ClientSession | None = None
        self._folder_fd = -1

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    @property
    def ended(self) -> bool:
        return self._process is None or self._process.returncode is not None

    async def start(self) -> None:
        """Write its configuration and run it, after a snapshot where one has to be asked for. Raises
        `LitestreamError`."""
        folder, place = self._place.folder, self._place
        self._port = _free_port() if self._litestream.is_old else 0
        config = folder / CONFIG
        content = self._litestream.config(
            place.url,
            place.credentials,
            self._generation,
            self.sources,
            keep_days=place.config.replica_keep_days,
            metrics_port=self._port,
        )
        write_config(config, content)
        if not self._litestream.is_old:
            without_socket = folder / "snapshot.yml"
            write_config(without_socket, {key: value for key, value in content.items() if key != "socket"})
            await self._litestream.snapshot(without_socket, place.credentials)
        words = [self._litestream.program, "replicate", "-config", str(config.absolute()), "-no-expand-env"]
        guard = shutil.which("setpriv")
        self._process = await asyncio.create_subprocess_exec(
            *([guard, "--pdeathsig", "TERM", "--"] if guard else []),
            *words,
            cwd=folder,
            env=self._litestream.environment(place.credentials),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=1 << 20,
        )
        (folder / PID).write_text(f"{self._process.pid}\n")

    async def run(self) -> int:
        """Pass its lines on until it ends; its exit status."""
        assert self._process is not None
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._pass_on(line)
        return await self._process.wait()

    async def stop(self) -> None:
        """It sends what is left, then ends; killed when that takes too long."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            try:
                async with asyncio.timeout(STOP_S):
                    await self._process.wait()
            except TimeoutError:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                await self._process.wait()
        if self._http is not None:
            await self._http.close()
            self._http = None
        if self._folder_fd >= 0:
            os.close(self._folder_fd)
            self._folder_fd = -1

    async def synced(self) -> Mapping[str, bool]:
        """By database, whether all that was committed before (but for the last moment) is at the replica. Empty when it
        cannot be asked."""
        await imported("aiohttp")
        import aiohttp

        try:
            async with asyncio.timeout(ASK_S):
                if self._litestream.is_old:
                    return await self._ask_metrics()
                return {source.name: await self._ask_socket(source) for source in self.sources}
        except (aiohttp.ClientError, OSError, TimeoutError, msgspec.DecodeError):
            return {}

    async def _ask_metrics(self) -> Mapping[str, bool]:
        async with self._session().get(f"http://127.0.0.1:{self._port}/metrics") as answer:
            text = await answer.text()
        places: dict[str, list[float]] = {}
        for name, path, value in _METRIC.findall(text):
            if name in _POSITIONS:
                places.setdefault(path, [-1.0] * 2)[_POSITIONS[name]] = float(value)
        return {
            each.name: _is_there(each.path, places.get(str(each.path.absolute()))) for each in self.sources
        }

    async def _ask_socket(self, source: Source) -> bool:
        body = {"path": str(source.path.absolute()), "wait": True, "timeout": int(ASK_S) - 2}
        async with self._session().post("http://litestream/sync", data=msgspec.json.encode(body)) as answer:
            said = msgspec.json.decode(await answer.read(), type=dict[str, Any])
        if answer.status != 200:
            self.last_error = str(said.get("error", answer.status))[:400]
        return answer.status == 200 and said.get("replicated_txid", -1) == said.get("txid")

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            import aiohttp

            connector: aiohttp.BaseConnector
            if self._litestream.is_old:
                connector = aiohttp.TCPConnector()
            else:  # by the folder's descriptor: a socket's path may have 107 bytes only
                self._folder_fd = os.open(self._place.folder, os.O_RDONLY | os.O_DIRECTORY)
                connector = aiohttp.UnixConnector(f"/proc/self/fd/{self._folder_fd}/{SOCKET}")
            self._http = aiohttp.ClientSession(connector=connector)
        return self._http

    def _pass_on(self, line: bytes) -> None:
        try:
            said = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError:
            if text := line.decode("utf-8", "replace").strip():
                log.warning("said", extra={"text": text[:500]})
                self.last_error = text[:400]
            return
        level = str(said.get("level", "INFO"))
        if level in ("ERROR", "WARN"):
            self.last_error = f"{said.get('msg', '')}: {said.get('error', '')}".strip(": ")[:400]
        facts = {
            f"litestream_{key}": value
            for key, value in said.items()
            if key in ("msg", "error", "db", "generation", "reason", "txid")
        }
        log.log(LEVELS.get(level, logging.DEBUG), "said", extra=facts)


def end_leftover(place: ReplicaPlace) -> None:
    """End what a killed node left running. Blocks for a moment, at the start only."""
    path = place.folder / PID
    try:
        pid = int(path.read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return
    if str((place.folder / CONFIG).absolute()).encode() in words:
        log.warning("one of the last run is ended", extra={"process": pid})
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    path.unlink(missing_ok=True)


def _is_there(database: Path, sent: list[float] | None) -> bool:
    """Whether what was sent, log index and offset, is all of the last log that Litestream 0.3 has copied for itself."""
    folder = meta_folder(database)
    try:
        generation = (folder / "generation").read_text().strip()
        last = max((folder / "generations" / generation / "wal").glob("*.wal"))
        index, size = int(last.stem, 16), last.stat().st_size
    except (OSError, ValueError):
        return False
    return sent is not None and (sent[0] > index or (sent[0] == index and sent[1] >= size))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
