"""A certificate authority of the tests: Debian's `pebble` (RFC 8555), with its DNS server, on ports of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from pbx.transport.certificate import CertificateFiles, ensure
from tests.live.ports import free_port

__all__ = ["Pebble", "pebble"]


@dataclass
class Pebble:
    """One CA. `asks_port` is where it asks for proofs in place of 80 and 443; all names lead to this machine."""

    folder: Path
    files: CertificateFiles
    life_s: int = 90 * 86400
    port: int = field(default_factory=free_port)
    asks_port: int = field(default_factory=free_port)
    management_port: int = field(default_factory=free_port)
    dns_port: int = field(default_factory=free_port)

    @property
    def directory(self) -> str:
        return f"https://localhost:{self.port}/dir"

    @property
    def trust(self) -> Path:
        assert self.files.ca is not None
        return self.files.ca

    def options(self, *names: str, challenge: str = "http-01", port: int = 0) -> tuple[str, ...]:
        """What a node needs to order here."""
        return (
            "--acme-domain", ",".join(names),
            "--acme-directory", self.directory,
            "--acme-contact", "it@office.example",
            "--acme-challenge", challenge,
            "--acme-port", str(port or self.asks_port),
            "--tls-trust", str(self.trust),
        )  # fmt: skip

    def spawn(self) -> list[subprocess.Popen[bytes]]:
        config = {
            "pebble": {
                "listenAddress": f"127.0.0.1:{self.port}",
                "managementListenAddress": f"127.0.0.1:{self.management_port}",
                "certificate": str(self.files.certificate),
                "privateKey": str(self.files.key),
                "httpPort": self.asks_port,
                "tlsPort": self.asks_port,
                "certificateValidityPeriod": self.life_s,
                "retryAfter": {"authz": 1, "order": 1},
            }
        }
        path = self.folder / "pebble.json"
        path.write_text(json.dumps(config))
        dns = f"127.0.0.1:{self.dns_port}"
        environment = os.environ | {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "10"}
        commands = (
            ["pebble", "-config", str(path), "-dnsserver", dns],
            [
                "pebble-challtestsrv", "-dns01", dns, "-defaultIPv6", "", "-defaultIPv4", "127.0.0.1",
                "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", "127.0.0.1:0",
            ],
        )  # fmt: skip
        with (self.folder / "pebble.log").open("ab") as log:
            return [
                subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
                for command in commands
            ]

    async def root(self) -> str:
        """The certificate that its certificates lead to, PEM."""
        context = ssl.create_default_context(cafile=self.trust)
        url = f"https://localhost:{self.management_port}/roots/0"
        async with aiohttp.ClientSession() as session, session.get(url, ssl=context) as response:
            return await response.text()


@contextlib.asynccontextmanager
async def pebble(folder: Path, *, life_s: int = 90 * 86400, asks_port: int = 0) -> AsyncIterator[Pebble]:
    """A CA that runs. `life_s` is how long its certificates are good."""
    folder.mkdir(parents=True, exist_ok=True)
    files = await asyncio.to_thread(ensure, folder, ["localhost", "127.0.0.1"])
    ca = Pebble(folder, files, life_s=life_s)
    ca.asks_port = asks_port or ca.asks_port
    processes = ca.spawn()
    try:
        async with asyncio.timeout(15):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    await ca.root()
                    break
                await asyncio.sleep(0.1)
        yield ca
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(10)
