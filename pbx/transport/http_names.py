"""Names for aiohttp's clients from the office's own look-ups, so that they outlive a name server as calls do."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from pbx.transport.udp import family_of

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver, ResolveResult

    from pbx.transport.dns import Dns

__all__ = ["http_names"]


def http_names(dns: Dns) -> AbstractResolver:
    """For the `resolver` of a connector. aiohttp is imported here."""
    from aiohttp.abc import AbstractResolver

    class Names(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            try:
                found = (await dns.addresses(host)).records
            except TimeoutError as error:  # to aiohttp that would be the whole request
                raise OSError(None, f"no name server answers where {host} is") from error
            of_family = [each for each in found if family in (socket.AF_UNSPEC, family_of(each))]
            if not of_family:
                raise OSError(None, f"no name server knows {host}")
            return [_result(host, each, port) for each in of_family]

        async def close(self) -> None:
            """The names are not ours."""

    return Names()


def _result(host: str, address: str, port: int) -> ResolveResult:
    return {
        "hostname": host,
        "host": address,
        "port": port,
        "family": socket.AddressFamily(family_of(address)),
        "proto": 0,
        "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    }
