"""Ports of this machine's loopback that nobody uses at the moment.

The kernel is asked for a port and the socket is closed again, so two tests that run at the same time could be handed
the same one; the range is therefore split by the process id of the test runner.
"""

from __future__ import annotations

import itertools
import os
import random
import socket

__all__ = ["free_pair", "free_port", "free_range"]

FIRST, LAST = 12000, 32000  # below the kernel's ephemeral range
_dice = random.Random(os.getpid())
_taken: set[int] = set()


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
    for attempt in range(2000):
        if attempt == 1000:
            _taken.clear()  # a long run has been everywhere; what is still in use is found by binding to it
        first = _dice.randrange(FIRST, LAST - count, 2)
        ports = range(first, first + count)
        if _taken.isdisjoint(ports) and all(map(_is_free, ports)):
            _taken.update(ports)
            return first
    raise RuntimeError(f"no {count} free ports in a row between {FIRST} and {LAST}")


def free_port() -> int:
    """One free port."""
    return free_range(1)


def free_pair() -> tuple[int, int]:
    """A port and the one above it (SIP and SIP over TLS of a phone)."""
    first, second = itertools.islice(itertools.count(free_range(2)), 2)
    return first, second
