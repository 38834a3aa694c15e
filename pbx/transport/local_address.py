"""Which of our addresses a peer should see in Via, Contact and SDP.

The kernel's routing table knows: connecting a throw-away UDP socket to the peer sends nothing and names the source
address packets to it will carry. A configured external address is shown to peers outside private networks instead.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

from pbx.core.clock import Clock
from pbx.transport.interfaces import Network, networks
from pbx.transport.udp import family_of

CACHE_S = 30.0
"""How long an answer is kept: routes change when a cable is pulled or a VPN comes up."""

SOMEWHERE = "192.0.2.1"
"""An address nobody has (RFC 5737), for the default route."""

SOMEWHERE_IPV6 = "2001:db8::1"
"""Likewise (RFC 3849)."""

ANY_HOST = ("", "0.0.0.0", "::")  # noqa: S104 compared with, not bound to

_MAX_CACHED = 4096


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

    Peers in local networks see the address that packets to them leave from: `bound_host` where the sockets are bound
    to one, else what the routing table says. Everybody else sees `external()`, when it is known.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        bound_host: str = "",
        external: Callable[[], str] = lambda: "",
        local_networks: Sequence[str] = (),
        own_networks: Callable[[], Sequence[Network]] = networks,
    ) -> None:
        """`local_networks` stand in place of all private ones; this machine's own networks are always local."""
        self._clock = clock
        self._bound = "" if bound_host in ANY_HOST else bound_host
        self._ipv6 = ":" in bound_host
        self._external = external
        self._local = [ipaddress.ip_network(each) for each in local_networks]
        self._own_networks = own_networks
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

    def candidates(self, remote_host: str) -> tuple[str, ...]:
        """All our addresses at which a browser there may find our audio, the likeliest first.

        It may have come through a proxy or a VPN, so that what it came from says little; it tries them all.
        """
        found = [self(remote_host), self._bound or source_address(SOMEWHERE), self._external()]
        if self._ipv6 and not self._bound:
            found.append(source_address(SOMEWHERE_IPV6))
        return tuple(dict.fromkeys(each for each in found if each and (self._ipv6 or ":" not in each)))

    def inside(self) -> str:
        """This node's address in the office's network."""
        return self._bound or source_address(SOMEWHERE) or "127.0.0.1"

    def forget(self) -> None:
        """The external address has changed."""
        self._cache.clear()

    def is_local(self, remote_host: str) -> bool:
        """Whether a peer is reached without leaving our networks."""
        try:
            address = ipaddress.ip_address(remote_host.partition("%")[0])
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        if address.is_loopback or address.is_link_local:
            return True
        if not self._local and not address.is_global:
            return True
        return any(address in each for each in (*self._local, *self._own_networks()))

    def _choose(self, remote_host: str) -> str:
        ipv6 = ":" in remote_host
        external = self._external()
        if external and (":" in external) == ipv6 and not self.is_local(remote_host):
            return external
        if self._bound and (":" in self._bound) == ipv6:
            return self._bound
        return source_address(remote_host) or ("::1" if ipv6 else "127.0.0.1")
