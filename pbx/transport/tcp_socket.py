"""Listening TCP sockets."""

from __future__ import annotations

import socket

BACKLOG = 512


def bind_tcp(host: str, port: int) -> socket.socket:
    """A bound TCP socket that does not listen yet. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        # Listening is what makes a second process fail, and it must fail before anything else starts.
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock
