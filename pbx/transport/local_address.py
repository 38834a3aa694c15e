"""Which of our addresses a peer should see in Via, Contact and SDP.

The kernel's routing table knows: connecting a throw-away UDP socket to the peer sends nothing and names the source
address packets to it will carry. A configured external address is shown to peers outside private networks instead.
"""

from __future__ import annotations

import ipaddress
import socket

from pbx.core.clock import Clock
from pbx.transport.udp import family_of

CACHE_S = 30.0
"""How long an answer is kept: routes change when a cable is pulled or a VPN comes up."""

SOMEWHERE = "192.0.2.1"
"""An address nobody has (RFC 5737), for the default route."""

ANY_HOST = ("", "0.0.0.0", "::")  # noqa: S104 compared with, not bound to

_MAX_CACHED = 4096


def is_local_network(host: str) -> bool:
    """Whether an IP literal lies in a private, link-local or loopback network (also IPv4 in IPv6 form, and CGNAT)."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    return not address.is_global


def source_address(remote_host: str) -> str:
    """The address packets to `remote_host` leave from; "" when there is no route.

    A host name that is not resolved yet counts as somewhere in the Internet.
    """
    if not family_of(remote_host):
        remote_host = SOMEWHERE
    family = socket.AF_INET6 if ":" in remote_host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((remote_host, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""


class LocalAddress:
    """Answers `address(remote_host)`; callable, so that it fits where a function is wanted.

    `bound_host` is what the sockets are bound to: a specific address is the only answer there is. `external_ip` is
    shown to peers outside private networks ("" or "auto": the routed address is shown to everybody).
    """

    def __init__(self, clock: Clock, *, bound_host: str = "", external_ip: str = "") -> None:
        self._clock = clock
        self._bound = "" if bound_host in ANY_HOST else bound_host
        self._external = "" if external_ip == "auto" else external_ip
        self._cache: dict[str, tuple[float, str]] = {}

    def __call__(self, remote_host: str) -> str:
        """Our address as `remote_host` (an IP literal) should see it."""
        now = self._clock.monotonic()
        known = self._cache.get(remote_host)
        if known is not None and now - known[0] < CACHE_S:
            return known[1]
        address = self._choose(remote_host)
        if len(self._cache) >= _MAX_CACHED:
            self._cache.clear()
        self._cache[remote_host] = (now, address)
        return address

    def _choose(self, remote_host: str) -> str:
        ipv6 = ":" in remote_host
        if self._external and (":" in self._external) == ipv6 and not is_local_network(remote_host):
            return self._external
        if self._bound and (":" in self._bound) == ipv6:
            return self._bound
        return source_address(remote_host) or ("::1" if ipv6 else "127.0.0.1")
