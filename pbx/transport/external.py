"""This node's address in the Internet: configured, or asked for by STUN every few minutes (RFC 8489).

A node behind a router does not know the address that phones and providers outside must send to. Only the address
counts: ports are forwarded by the router as they are.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable

from pbx.sip.stun import TRANSACTION_BYTES, binding_request, mapped_address
from pbx.transport.dns import Dns
from pbx.transport.udp import family_of

log = logging.getLogger(__name__)

EVERY_S = 300.0
RETRY_S = 60.0
TRIES_S = (0.5, 1.0, 2.0)
"""Waiting for an answer, each time longer."""
STUN_PORT = 3478


class ExternalAddress:
    """The last known external address; "" while it is unknown. `changed(before, now)` is told of every change."""

    def __init__(
        self, *, configured: str, server: str, dns: Dns, changed: Callable[[str, str], None] | None = None
    ) -> None:
        """`configured` is an address, "" or "auto"; `server` is a STUN server's name or address, port optional."""
        self.address = "" if configured == "auto" else configured
        self.on_change = changed
        self.problem = ""
        self._automatic = configured == "auto" and server not in ("", "none")
        self._server = server
        self._dns = dns

    @property
    def automatic(self) -> bool:
        """Whether it is asked for."""
        return self._automatic

    async def follow(self) -> None:
        """Ask now and then, for ever."""
        while self._automatic:
            await self.check()
            await asyncio.sleep(RETRY_S if self.problem else EVERY_S)

    async def check(self) -> None:
        """Ask once. An answer that does not come changes nothing: the last address is the best guess."""
        try:
            found = await self._ask()
        except OSError as error:  # a TimeoutError is one too
            if not self.problem:
                log.info(
                    "the STUN server does not answer", extra={"server": self._server, "error": str(error)}
                )
            self.problem = f"the STUN server {self._server} does not answer"
            return
        self.problem = ""
        if found != self.address:
            before, self.address = self.address, found
            log.info("the external address is known", extra={"address": found, "before": before})
            if self.on_change is not None:
                self.on_change(before, found)

    async def _ask(self) -> str:
        host, port = _split(self._server)
        addresses = [host] if family_of(host) else (await self._dns.addresses(host)).records
        wanted = [each for each in addresses if family_of(each) == socket.AF_INET] or list(addresses)
        if not wanted:
            raise OSError(f"{host} has no address")
        return await ask(wanted[0], port)


async def ask(host: str, port: int) -> str:
    """The address that a STUN server sees us at. Raises `TimeoutError` or `OSError`."""
    loop = asyncio.get_running_loop()
    with socket.socket(family_of(host), socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, (host, port))
        transaction = secrets.token_bytes(TRANSACTION_BYTES)
        for wait_s in TRIES_S:
            await loop.sock_sendall(sock, binding_request(transaction))
            try:
                async with asyncio.timeout(wait_s):
                    return await _answer(lambda: loop.sock_recv(sock, 2048), transaction)
            except TimeoutError:
                continue
    raise TimeoutError("no answer")


async def _answer(receive: Callable[[], Awaitable[bytes]], transaction: bytes) -> str:
    while True:
        found = mapped_address(await receive(), transaction)
        if found is not None:
            return found[0]


def _split(server: str) -> tuple[str, int]:
    if server.startswith("["):
        host, _, port = server[1:].partition("]")
        return host, int(port[1:]) if port[1:].isdigit() else STUN_PORT
    host, _, port = server.partition(":") if server.count(":") == 1 else (server, "", "")
    return host, int(port) if port.isdigit() else STUN_PORT
