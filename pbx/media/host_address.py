"""Hosts as SDP writes them and as the engine's sockets know them."""

from __future__ import annotations

import socket

from pbx.core.errors import PeerError

_MAPPED = b"\0" * 10 + b"\xff\xff"  # before an IPv4 address, on a socket that takes both (RFC 4291 2.5.5.2)


def packed(host: str, *, ipv6: bool) -> bytes:
    """The address for a socket of this family; empty when it must be learned from packets.

    Raises `PeerError` 488 for an IPv6 address when this node's audio is IPv4 only.
    """
    try:
        found = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError:
        return b""
    if not any(found):
        return b""
    if ":" in host:
        if not ipv6:
            raise PeerError(488, "IPv6 Audio Not Supported Here")
        return found
    return _MAPPED + found if ipv6 else found


def readable(host: bytes) -> str:
    """A packed address as text."""
    if len(host) == 16 and host.startswith(_MAPPED):
        host = host[12:]
    return socket.inet_ntop(socket.AF_INET6 if len(host) == 16 else socket.AF_INET, host)
