"""Where a request for a URI goes (RFC 3263): transport, address, port.

An IP literal is answered at once, a name by the system's resolver (A and AAAA), in the order it prefers. `hops` gives
every candidate, so that the next can be tried when one fails; NAPTR and SRV slot in there.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

from pbx.core.clock import Clock
from pbx.core.errors import PeerError
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.uri import SipUri
from pbx.transport.udp import family_of

log = logging.getLogger(__name__)

DEFAULT_PORT = {"UDP": 5060, "TCP": 5060, "TLS": 5061, "WS": 80, "WSS": 443}
FRESH_S = 60.0
FAILED_FRESH_S = 5.0
LOOKUP_S = 5.0

_MAX_CACHED = 1024

Lookup = Callable[[str], Awaitable[list[str]]]
"""A host name to its addresses, best first. Raises `OSError`."""


async def system_lookup(host: str) -> list[str]:
    """Addresses from the system's resolver, which runs in a thread."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class Resolver:
    """Next hops of URIs, with a small cache."""

    def __init__(self, clock: Clock, lookup: Lookup = system_lookup) -> None:
        self._clock = clock
        self._lookup = lookup
        self._cache: dict[str, tuple[float, list[str]]] = {}

    def known(self, uri: str) -> Hop | None:
        """The next hop when no look-up is needed: an IP literal, or a name resolved a moment ago."""
        try:
            transport, host, port = _destination(uri)
        except PeerError:
            return None
        if family_of(host):
            return Hop(transport, host, port)
        addresses = self._cached(host)
        return Hop(transport, addresses[0], port) if addresses else None

    async def hops(self, uri: str) -> list[Hop]:
        """All next hops, best first. Raises `PeerError`: 404 for a name that does not resolve, 416 for a URI that
        is none of ours, 504 when the resolver takes too long."""
        transport, host, port = _destination(uri)
        if family_of(host):
            return [Hop(transport, host, port)]
        addresses = self._cached(host)
        if addresses is None:
            addresses = await self._ask(host)
        if not addresses:
            raise PeerError(404, "Host Not Found")
        return [Hop(transport, address, port) for address in addresses]

    def _cached(self, host: str) -> list[str] | None:
        known = self._cache.get(host)
        if known is None or known[0] < self._clock.monotonic():
            return None
        return known[1]

    async def _ask(self, host: str) -> list[str]:
        try:
            async with asyncio.timeout(LOOKUP_S):
                addresses = await self._lookup(host)
        except TimeoutError as error:  # an OSError too, so it comes first
            raise PeerError(504, "Resolver Time-out") from error
        except OSError as error:
            log.info("host name not found", extra={"host": host, "error": str(error)})
            addresses = []
        if len(self._cache) >= _MAX_CACHED:
            self._cache.clear()
        fresh_s = FRESH_S if addresses else FAILED_FRESH_S
        self._cache[host] = (self._clock.monotonic() + fresh_s, addresses)
        return addresses


def _destination(uri: str) -> tuple[str, str, int]:
    """(transport, host, port) a URI names; RFC 3263 4.1 and 4.2 without NAPTR and SRV."""
    try:
        parsed = SipUri.parse(uri)
    except ParseError as error:
        raise PeerError(416, "Unsupported URI Scheme") from error
    secure = parsed.scheme == "sips"
    transport = (parsed.params.get("transport") or "").upper() or ("TLS" if secure else "UDP")
    if secure and transport == "TCP":
        transport = "TLS"
    if transport not in DEFAULT_PORT:
        raise PeerError(503, "Transport Not Supported")
    host = (parsed.params.get("maddr") or parsed.host).strip("[]")
    return transport, host, parsed.port or DEFAULT_PORT[transport]
