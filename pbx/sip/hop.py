"""One step on a message's way: which transport, from which of our sockets, to or from which peer.

A received message carries the hop it came in on; a response goes back over that hop (RFC 3261 18.2.2, RFC 3581).
"""

from __future__ import annotations

import msgspec

RELIABLE = frozenset({"TCP", "TLS", "WS", "WSS"})


class Hop(msgspec.Struct, frozen=True, gc=False):
    """Where a message came from, or goes to.

    `local_host` is the address the peer can reach us at (it goes into Via), never a wildcard. IPv6 addresses are
    written without brackets. `connection` is the driver's number of a stream connection, 0 for none or any.
    `server_name` is the domain a TLS peer has to prove (RFC 5922 7), "" where only its address is known.
    """

    transport: str
    remote_host: str
    remote_port: int
    local_host: str = ""
    local_port: int = 0
    connection: int = 0
    server_name: str = ""

    @property
    def reliable(self) -> bool:
        """Whether the transport itself repeats what is lost (RFC 3261 17: no retransmissions, no waiting)."""
        return self.transport in RELIABLE

    def reaches_same_peer(self, other: Hop) -> bool:
        """Whether both hops lead to one peer address over one transport (and one connection, where both name it)."""
        return (
            self.remote_host == other.remote_host
            and self.remote_port == other.remote_port
            and self.transport == other.transport
            and (not self.connection or not other.connection or self.connection == other.connection)
        )


def host_port(host: str, port: int) -> str:
    """`host:port` as URIs and Via write it: IPv6 addresses in brackets, port 0 left out."""
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"{host}:{port}" if port else host
