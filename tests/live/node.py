"""The node under test: `python -m pbx serve` as a process of its own, with its own folder and ports.

A node keeps its ports over restarts, so phones find it again. Its log is kept, and a traceback in it fails the test.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from pbx.store.database import FILE_NAME
from tests.live import ready_made
from tests.live.ports import free_port, free_range

__all__ = ["PASSWORD", "ROOT", "Node", "cpu_of", "environment", "rss_of", "running"]

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct-horse-{number}"
START_WITHIN_S, STOP_WITHIN_S = 60, 30
"""It takes a second; a machine may stall."""


@dataclass
class Node:
    """One node. `extensions` are imported before the first start; their password is `password(number)`."""

    folder: Path
    extensions: Sequence[str] = ("101", "102", "103")
    options: Sequence[str] = ()
    ring_timeout_s: int = 30
    rtp_ports: int = 40
    sip_port: int = field(default_factory=lambda: free_range(2))
    http_port: int = field(default_factory=free_port)
    sip_tls_port: int = field(default_factory=free_port)
    https_port: int = field(default_factory=free_port)
    rtp_first: int = 0
    token: str = ""
    process: subprocess.Popen[bytes] | None = None
    expected_errors: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    """More of it, for the process that serves."""
    within: Sequence[str] = ()
    """Words before all its commands, such as those of `unshare`."""

    def __post_init__(self) -> None:
        if not self.rtp_first:
            self.rtp_first = free_range(self.rtp_ports)

    # -- names

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def address(self) -> str:
        """Where phones register: host and SIP port."""
        return f"127.0.0.1:{self.sip_port}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def log(self) -> str:
        path = self.folder / "node.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @staticmethod
    def password(number: str) -> str:
        return PASSWORD.format(number=number)

    # -- preparing

    def cli(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run another `pbx` command on this node's data folder."""
        command = [*self.within, sys.executable, "-m", "pbx", *words, "--data-dir", str(self.data)]
        result = subprocess.run(
            command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60, check=False
        )
        if check and result.returncode:
            raise RuntimeError(
                f"{' '.join(command)} exited {result.returncode}:\n{result.stdout}{result.stderr}"
            )
        return result

    async def prepare(self) -> None:
        """Import the office and make an API token. Idempotent."""
        self.folder.mkdir(parents=True, exist_ok=True)
        office = {
            "extensions": [
                {
                    "number": number,
                    "name": f"Phone {number}",
                    "sip_password": self.password(number),
                    "ring_timeout_s": self.ring_timeout_s,
                }
                for number in self.extensions
            ]
        }
        path = self.folder / "office.json"
        path.write_text(json.dumps(office))
        kind = (tuple(self.extensions), self.ring_timeout_s)
        ours = type(self).cli is Node.cli  # an installed program makes its own
        if ours and (token := await asyncio.to_thread(ready_made.copied, kind, self.data)):
            self.token = token
            return
        fresh = ours and not (self.data / FILE_NAME).exists()
        await asyncio.to_thread(self.cli, "import", str(path))
        printed = (await asyncio.to_thread(self.cli, "token", "create", "live-tests")).stdout
        self.token = max(re.findall(r"[A-Za-z0-9_\-]{20,}", printed), key=len)
        if fresh:
            ready_made.keep(kind, self.data, self.token)

    # -- life

    def command(self) -> list[str]:
        """The command line of this node."""
        return [
            *self.within, sys.executable, "-m", "pbx", "serve",
            "--data-dir", str(self.data),
            "--host", "127.0.0.1",
            "--http-port", str(self.http_port),
            "--sip-port", str(self.sip_port),
            "--sip-tls-port", str(self.sip_tls_port),
            "--https-port", str(self.https_port),
            "--rtp-port-min", str(self.rtp_first),
            "--rtp-port-max", str(self.rtp_first + self.rtp_ports - 1),
            "--external-ip", "127.0.0.1",
            "--options-interval-s", "0",  # raw phones and SIPp wait for what a test is about
            "--log-level", "info",
            *self.options,
        ]  # fmt: skip

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the process without waiting for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=ROOT,
                env=environment() | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self.process

    async def start(self) -> None:
        """Start, and return when it answers SIP and HTTP."""
        if not self.token:
            await self.prepare()
        process = self.spawn()
        deadline = time.monotonic() + START_WITHIN_S
        async with aiohttp.ClientSession() as session:
            while True:
                if process.poll() is not None:
                    raise RuntimeError(f"the node exited {process.returncode}:\n{self.log}")
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(self.url + "/api/v1/health") as response:
                        if response.status == 200:
                            return
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the node was not healthy within {START_WITHIN_S} s:\n{self.log}")
                await asyncio.sleep(0.02)

    async def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        process = self.process
        if process is None:
            return 0
        self.process = None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(process.wait, STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)
            raise TimeoutError(
                f"the node did not stop within {STOP_WITHIN_S} s of SIGTERM:\n{self.log[-4000:]}"
            ) from None

    def leave(self) -> None:
        """SIGUSR2: its calls are for the next process."""
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR2)
        assert self.process.wait(5) == 0
        self.process = None

    def kill(self) -> None:
        """SIGKILL: what a power cut leaves of the process, at once."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    @property
    def rss_bytes(self) -> int:
        """Resident memory of the process."""
        assert self.process is not None
        return rss_of(self.process.pid)

    @property
    def cpu_s(self) -> float:
        """User and system time the process has used, all threads."""
        assert self.process is not None
        return cpu_of(self.process.pid)

    def assert_clean_log(self) -> None:
        """No traceback and no line of level ERROR or above, but for `expected_errors` (substrings of the line)."""
        log = self.log
        assert "Traceback (most recent call last)" not in log, log[-8000:]
        errors = [
            line
            for line in log.splitlines()
            if re.search(r"\b(ERROR|CRITICAL)\b", line)
            and not any(known in line for known in self.expected_errors)
        ]
        assert not errors, "\n".join(errors)

    # -- asking it

    async def get(self, path: str) -> Any:
        """GET from the API with the token, e.g. `get("calls")`. Raises on anything but 200."""
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {self.token}"}) as session,
            session.get(f"{self.url}/api/v1/{path}") as response,
        ):
            body = await response.json(content_type=None)
            if response.status != 200:
                raise RuntimeError(f"GET {path}: {response.status} {body}")
            return body

    async def send(self, method: str, path: str, body: object = None) -> Any:
        """POST, PUT, PATCH or DELETE to the API; None when it has nothing to say. Raises on anything but success."""
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {self.token}"}) as session,
            session.request(method, f"{self.url}/api/v1/{path}", json=body) as response,
        ):
            text = await response.text()
            if response.status not in (200, 201, 202, 204):
                raise RuntimeError(f"{method} {path}: {response.status} {text}")
            return json.loads(text) if text else None

    async def metrics(self) -> dict[str, float]:
        """What /metrics says: sample name with labels → value."""
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {self.token}"}) as session,
            session.get(self.url + "/metrics") as response,
        ):
            text = await response.text()
        pairs = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}

    async def registrations(self, number: str) -> list[dict[str, Any]]:
        """The registered contacts of one extension."""
        items: list[dict[str, Any]] = (await self.get("registrations?limit=500"))["items"]
        return [item for item in items if item["extension"] == number]

    async def cdrs(
        self, *, at_least: int = 1, ended: bool = True, timeout_s: float = 5.0
    ) -> list[dict[str, Any]]:
        """The call records with their events, oldest first, once there are so many, and with `ended` all closed."""
        deadline = time.monotonic() + timeout_s
        while True:
            items: list[dict[str, Any]] = (await self.get("cdrs?limit=500"))["items"]
            done = not ended or all(item["disposition"] != "in_progress" for item in items)
            if len(items) >= at_least and done:
                whole = [await self.get(f"cdrs/{item['id']}") for item in items]
                return sorted(whole, key=lambda item: str(item["started_at"]))
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"wanted {at_least} finished CDRs within {timeout_s} s, have {items}\n{self.log}"
                )
            await asyncio.sleep(0.05)

    async def stored(self, key: str, wanted: Callable[[Any], bool], *, timeout_s: float = 5.0) -> None:
        """Wait until what the node remembers under a key (None: nothing) has come to its database."""
        deadline = time.monotonic() + timeout_s
        while True:
            with contextlib.closing(
                sqlite3.connect(f"file:{self.data / FILE_NAME}?mode=ro", uri=True)
            ) as file:
                row = file.execute("SELECT value FROM state WHERE key=?", (key,)).fetchone()
            value = None if row is None else json.loads(row[0])
            if wanted(value):
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"stored under {key}: {value}")
            await asyncio.sleep(0.05)

    async def no_calls(self, *, timeout_s: float = 5.0) -> None:
        """Wait until the node knows of no live call."""
        deadline = time.monotonic() + timeout_s
        while (calls := await self.get("calls"))["items"]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"calls that never ended: {calls}\n{self.log[-4000:]}")
            await asyncio.sleep(0.05)


def cpu_of(pid: int) -> float:
    """Seconds of user and system time that a process has used, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_of(pid: int) -> int:
    """Bytes of a process that are in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def environment() -> dict[str, str]:
    """The test runner's environment without what would change the node: its settings, and Python compiling anew."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PBX_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
    }


@contextlib.asynccontextmanager
async def running(node: Node) -> AsyncIterator[Node]:
    """Start a node; in the end stop it and look at its log. One that does not start is killed."""
    try:
        await node.start()
    except BaseException:
        if node.process is not None:
            node.kill()
        raise
    try:
        yield node
    finally:
        code = await node.stop()
    assert code == 0, f"the node exited {code} after SIGTERM:\n{node.log[-4000:]}"
    node.assert_clean_log()
