"""The node's certificate in its two uses: SIP over TLS, and HTTPS.

With `--tls-cert` and `--tls-key` it is the administrator's and is only read; without, the node's own CA signs one for
the addresses this machine has, and again when they change or it grows old.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable

from msgspec.structs import replace

from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError
from pbx.transport.certificate import CertificateFiles, ensure, is_due, made
from pbx.transport.interfaces import addresses
from pbx.transport.local_address import ANY_HOST
from pbx.transport.tls import ServerTls, client_context

log = logging.getLogger(__name__)

RELOAD_S = 5.0
"""How often the files are looked at."""
RENEW_S = 600.0
"""How often it is checked whether the node's own certificate still fits."""


class Secure:
    """What is served, and what is shown when this node connects itself."""

    def __init__(self, config: NodeConfig) -> None:
        self.external: Callable[[], str] = lambda: ""
        """The node's address in the Internet, as far as it is known."""
        self._config = config
        self._server: ServerTls | None = None
        self._client: ssl.SSLContext | None = None

    async def prepare(self) -> ServerTls:
        """Make the certificate if there is none yet, and read it. Raises `StartupError`."""
        self._server = ServerTls(await asyncio.to_thread(self._files))
        return self._server

    @property
    def ca_certificate(self) -> bytes | None:
        """The node's own CA as PEM, for phones and browsers to trust; None when somebody else signed."""
        files = self._server.files if self._server is not None else None
        try:
            return files.ca.read_bytes() if files is not None and files.ca is not None else None
        except OSError:
            return None

    def client(self) -> ssl.SSLContext:
        """The context of connections this node opens."""
        if self._client is None:
            files = self._server.files if self._server is not None else None
            public = self._server.public if self._server is not None else None
            if public is not None:  # what others can check; our own CA stays trusted
                files = replace(public, ca=files.ca if files is not None else None)
            self._client = client_context(files, self._config.tls_trust)
        return self._client

    def reload(self) -> None:
        """Look at the files now."""
        if self._server is not None and self._server.reload():
            self._client = None

    async def watch(self) -> None:
        """Follow the files, and renew the node's own certificate in time."""
        waited_s = 0.0
        while True:
            await asyncio.sleep(RELOAD_S)
            waited_s += RELOAD_S
            if waited_s >= RENEW_S:
                waited_s = 0.0
                await self._renew()
            self.reload()

    async def _renew(self) -> None:
        try:
            await asyncio.to_thread(self._files)
        except StartupError as error:
            log.warning("the node's certificate cannot be renewed", extra={"error": error.message})

    def _files(self) -> CertificateFiles:
        config = self._config
        if config.tls_cert is not None and config.tls_key is not None:
            return CertificateFiles(config.tls_cert, config.tls_key)
        wanted = names(config, self.external())
        if is_due(made(config.data_dir), wanted, time.time()):
            # In a process of its own: what it imports would stay in this one.
            command = [sys.executable, "-m", "pbx.transport.certificate", str(config.data_dir), *wanted]
            subprocess.run(command, check=False, capture_output=True, timeout=60)  # noqa: S603  our own words
        return ensure(config.data_dir, wanted)  # does nothing, or says what went wrong


def names(config: NodeConfig, external: str = "") -> list[str]:
    """What the node's certificate is made out to: every name a phone or a browser may know it by."""
    host = socket.gethostname().split(".")[0].lower()
    wanted = [host, f"{host}.local"] if host.replace("-", "").isalnum() and host.isascii() else []
    wanted += ["localhost", "127.0.0.1", "::1"]
    wanted += [config.host] if config.host not in ANY_HOST else addresses()
    wanted += [each for each in (config.external_ip, external) if each not in ("", "auto")]
    return list(dict.fromkeys(wanted))


def own_certificate_fits(config: NodeConfig, now: float) -> bool:
    """Whether the node's own certificate says all its names and is not about to end; for `pbx doctor`."""
    return not is_due(made(config.data_dir), names(config), now)
