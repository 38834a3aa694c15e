"""Ports of this machine's loopback that nobody uses at the moment.

A port is free when it can be bound; it is closed again at once, so that a node or a phone can take it. Until then it is
ours by a lock on one byte of a file, which other test runners respect and which dies with the process.
"""

from __future__ import annotations

import fcntl
import functools
import os
import random
import socket
import tempfile

__all__ = ["free_pair", "free_port", "free_range", "give_back"]

FIRST, SINGLE, LAST = 9000, 15000, 20000  # above: `tests.media.conftest`, then the kernel's ephemeral range
"""Below `SINGLE` are the long ranges, above it the few, so that they leave no gaps that are too small."""
FEW = 10
_dice = random.Random(os.getpid())
_taken: set[int] = set()


@functools.cache
def _lock_file() -> int:
    """One descriptor for good: closing any would give up all locks of this process (fcntl(2))."""
    path = os.path.join(tempfile.gettempdir(), f"bellwire-test-ports-{os.getuid()}")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _is_ours(first: int, count: int) -> bool:
    """Lock a range against other test runners; False when one of them has a part of it."""
    try:
        fcntl.lockf(_lock_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, count, first)
    except OSError:
        return False
    return True


def _is_free(port: int, *, host: str = "127.0.0.1") -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def free_range(count: int) -> int:
    """The first of `count` consecutive ports, even, all free for UDP and TCP, and not handed out before."""
    lowest, highest = (SINGLE, LAST) if count <= FEW else (FIRST, SINGLE)
    for attempt in range(4000):
        if attempt == 1000:
            give_back()  # a long run has been everywhere
        first = _dice.randrange(lowest, highest - count, 2)
        ports = range(first, first + count)
        if _taken.isdisjoint(ports) and _is_ours(first, count) and all(map(_is_free, ports)):
            _taken.update(ports)
            return first
    raise RuntimeError(f"no {count} free ports in a row between {lowest} and {highest}")


def give_back() -> None:
    """All that were handed out are free for others again. What is still in use is found by binding to it."""
    _taken.clear()
    fcntl.lockf(_lock_file(), fcntl.LOCK_UN)


def free_port() -> int:
    """One free port."""
    return free_range(1)


def free_pair() -> tuple[int, int]:
    """A port and the one above it (SIP and SIP over TLS of a phone)."""
    first = free_range(2)
    return first, first + 1
