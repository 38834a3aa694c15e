"""Host names to addresses, for all who make connections by name: how it is asked is handed to them.

A name that is looked up in a library's own way blocks a thread while the DNS is silent, and fails though its address
was known a moment ago. So libraries are given addresses.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver, ResolveResult

__all__ = ["Lookup", "addresses_of", "connected", "host_of", "http_names", "system_lookup"]

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""A host name to its addresses, best first. Raises `OSError`."""


def host_of(url: str) -> str:
    """Host and port as they stand in an address, in small letters; "" for what is none."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:  # half an IPv6 address
        return ""


async def system_lookup(host: str) -> list[str]:
    """Addresses from the system's resolver, which runs in a thread: it goes on when nobody waits any more."""

    async def ask() -> list[str]:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        return list(dict.fromkeys(str(address[4][0]) for address in found))

    asking = asyncio.get_running_loop().create_task(ask())
    asking.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(asking)


async def addresses_of(host: str, lookup: Lookup) -> Sequence[str]:
    """Those of the name, at least one; an address is its own. Raises `OSError`, also when there are none."""
    try:
        return [str(ip_address(host.partition("%")[0])) and host]
    except ValueError:
        pass
    try:
        found = await lookup(host)
    except TimeoutError as error:  # to others that would be a connection that hangs
        raise OSError(f"no name server says where {host} is") from error
    if not found:
        raise OSError(f"no name server knows {host}")
    return found


async def connected(host: str, port: int, lookup: Lookup, timeout_s: float) -> socket.socket:
    """A TCP connection to the first of the name's addresses that takes it. Raises `OSError`, `TimeoutError`."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        found = await addresses_of(host, lookup)
        for left, address in zip(range(len(found) - 1, -1, -1), found, strict=True):
            sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            sock.setblocking(False)
            try:
                async with asyncio.timeout(timeout_s / len(found)):
                    await loop.sock_connect(sock, (address, port))
            except BaseException as error:
                sock.close()
                if not left or not isinstance(error, OSError):
                    raise
            else:
                return sock
    raise AssertionError("a name has at least one address")


def http_names(lookup: Lookup) -> AbstractResolver:
    """For the `resolver` of an aiohttp connector. aiohttp is imported here."""
    from aiohttp.abc import AbstractResolver

    class Names(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            found = [_result(host, each, port) for each in await addresses_of(host, lookup)]
            wanted = [each for each in found if family in (socket.AF_UNSPEC, each["family"])]
            if not wanted:
                raise OSError(f"{host} has no address of that kind")
            return wanted

        async def close(self) -> None:
            """The names are not ours."""

    return Names()


def _result(host: str, address: str, port: int) -> ResolveResult:
    return {
        "hostname": host,
        "host": address,
        "port": port,
        "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
        "proto": 0,
        "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    }
