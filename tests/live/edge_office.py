"""An office with its edge and a simulated Twilio, as they run in earnest: what the live tests of calls start from."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from tests.fakes.twilio.server import FakeTwilio
from tests.live.node import ROOT, Node
from tests.live.ports import free_port
from tests.live.tone import ulaw_samples

__all__ = ["CALLER", "NUMBER", "Cable", "EdgeProcess", "Line", "edge_office", "is_tone", "loudest_hz"]

NUMBER = "+13125550199"
CALLER = "+13125550100"
PUBLIC = "https://edge.example.com"


@dataclass
class EdgeProcess:
    """`python -m edge serve` as a process of its own."""

    folder: Path
    twilio: FakeTwilio
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        path = self.folder / "edge.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("PBX_")},
            "PBX_TWILIO_ACCOUNT_SID": self.twilio.account_sid,
            "PBX_TWILIO_AUTH_TOKEN": self.twilio.auth_token,
        }

    async def add_office(self, name: str = "Test") -> str:
        """Its key, as `office.key`."""
        words = [sys.executable, "-m", "edge", "office", "add", name, "--data-dir", str(self.folder / "data")]
        done = await asyncio.to_thread(
            subprocess.run,
            words,
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        found = re.search(r"key\s+(\S+\.\S+)", done.stdout)
        assert found is not None, done.stdout
        return found[1]

    async def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        words = [
            sys.executable, "-m", "edge", "serve", "--data-dir", str(self.folder / "data"), "--host", "127.0.0.1",
            "--port", str(self.port), "--public-url", PUBLIC, "--twilio-api-url", self.twilio.url,
        ]  # fmt: skip
        with (self.folder / "edge.log").open("ab") as log:
            self.process = subprocess.Popen(
                words, cwd=ROOT, env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 20
        async with aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.url}/edge/health") as response:
                        if response.status == 200:
                            break
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the edge did not start:\n{self.log}")
                await asyncio.sleep(0.05)
        self.twilio.reach(PUBLIC, self.url)

    async def stop(self) -> None:
        process, self.process = self.process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(process.wait, 15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None


class Cable:
    """What the tunnel goes through; a test may cut it, and mend it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.to = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Connections break at once, and none is made."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, other_writer}
        self._writers |= both
        try:
            await asyncio.gather(_pump(reader, other_writer), _pump(other_reader, writer))
        finally:
            self._writers -= both


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, RuntimeError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@dataclass
class Line:
    """The office, its edge (None: inside the node), and Twilio."""

    node: Node
    edge: EdgeProcess | None
    twilio: FakeTwilio
    cable: Cable

    async def leads_to(self, destination: str) -> None:
        """Where calls to the outside number go."""
        number = {"number": NUMBER, "name": "Main", "destination": destination}
        await self.node.send("POST", "inbound-numbers", number)

    async def connected(self, times: int = 1) -> None:
        """Until the office has come to its edge for the n-th time: a call would be taken."""
        async with asyncio.timeout(30):
            while self.node.log.count("the tunnel is up") < times:
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def edge_office(
    folder: Path, *, inside: bool = False, edge_host: str = "127.0.0.1", **of_node: Any
) -> AsyncIterator[Line]:
    """Everything started and connected; `inside`: the edge runs in the node. `edge_host` is how the office knows it."""
    async with FakeTwilio() as twilio:
        twilio.add_number(
            NUMBER,
            voice_url=f"{PUBLIC}/twilio/voice",
            status_callback=f"{PUBLIC}/twilio/voice/status",
        )
        edge, cable = None if inside else EdgeProcess(folder / "edge", twilio), Cable()
        options: tuple[str, ...]
        if edge is None:
            options = (
                "--twilio-account-sid", twilio.account_sid, "--twilio-auth-token", twilio.auth_token,
                "--twilio-api-url", twilio.url, "--public-url", PUBLIC,
            )  # fmt: skip
        else:
            key = await edge.add_office()
            options = ("--edge-url", f"http://{edge_host}:{cable.port}", "--edge-key", key)
        node = Node(folder / "node", options=(*of_node.pop("options", ()), *options), **of_node)
        line = Line(node, edge, twilio, cable)
        try:
            if edge is not None:
                cable.to = edge.port
                await edge.start()
                await cable.mend()
            await node.start()
            if edge is None:
                twilio.reach(PUBLIC, node.url)
            await line.connected()
            yield line
        finally:
            await node.stop()
            await cable.cut()
            if edge is not None:
                await edge.stop()
        node.assert_clean_log()
        if edge is not None:
            assert "Traceback" not in edge.log, edge.log[-8000:]


def loudest_hz(ulaw: bytes) -> float:
    """The strongest frequency in it."""
    samples = ulaw_samples(ulaw)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * 8000 / len(samples))


def is_tone(ulaw: bytes, hz: float, *, within_hz: float = 12.0) -> bool:
    """Whether this frequency is the loudest by far, and loud."""
    samples = ulaw_samples(ulaw)
    if len(samples) < 800 or float(np.sqrt(np.mean(samples**2))) < 0.01:
        return False
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    at = np.arange(len(spectrum)) * 8000 / len(samples)
    near = np.abs(at - hz) <= within_hz * 2
    return abs(loudest_hz(ulaw) - hz) <= within_hz and float(spectrum[near].sum() / spectrum.sum()) > 0.6
