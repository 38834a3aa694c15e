"""A home behind a router that translates addresses: network namespaces of our own, for phones out of the office.

The node cannot reach the home's addresses; what the phones write into their messages is of no use to it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Home", "home"]

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Home:
    """`node_host` is where the node is, seen from there."""

    namespace: str
    address: str
    node_host: str

    def udp(self) -> socket.socket:
        """A UDP socket in the home, bound to its address and a port of the system's choice."""
        made: list[socket.socket | OSError] = []
        thread = threading.Thread(target=self._open, args=(made,))
        thread.start()
        thread.join()
        (found,) = made
        if isinstance(found, OSError):
            raise found
        return found

    def _open(self, made: list[socket.socket | OSError]) -> None:
        """In a thread of its own: it never comes back from the namespace."""
        try:
            _enter(self.namespace)
            each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            each.setblocking(False)
            each.bind((self.address, 0))
            made.append(each)
        except OSError as error:
            made.append(error)


def _enter(namespace: str) -> None:
    """This thread is in that namespace from now on."""
    with open(f"/run/netns/{namespace}") as file:
        if _libc.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns to {namespace}")


@contextlib.contextmanager
def home(number: int = 1) -> Iterator[Home]:
    """The home, its router, and the line to it. Needs root; raises `CalledProcessError` without."""
    mark = f"{os.getpid() % 100000:x}{number}"
    inside, router, cable, plug = f"bwh{mark}", f"bwr{mark}", f"bwc{mark}", f"bwp{mark}"
    net, lan = f"10.201.{number}", f"10.202.{number}"
    try:
        for each in (inside, router):
            _ip("netns", "add", each)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "wan", "netns", router)
        _ip("address", "add", f"{net}.1/24", "dev", cable)
        _ip("link", "set", cable, "up")
        _ip("link", "add", plug, "netns", router, "type", "veth", "peer", "name", "lan", "netns", inside)
        for at, device, address in (
            (router, "wan", f"{net}.2"),
            (router, plug, f"{lan}.1"),
            (inside, "lan", f"{lan}.2"),
        ):
            _ip("-n", at, "address", "add", f"{address}/24", "dev", device)
            _ip("-n", at, "link", "set", device, "up")
            _ip("-n", at, "link", "set", "lo", "up")
        _ip("-n", inside, "route", "add", "default", "via", f"{lan}.1")
        rules = (
            "table ip nat { chain out { type nat hook postrouting priority 100; oifname wan masquerade; }; }"
        )
        _run(
            "ip",
            "netns",
            "exec",
            router,
            "sh",
            "-c",
            f"echo 1 > /proc/sys/net/ipv4/ip_forward; nft '{rules}'",
        )
        yield Home(inside, f"{lan}.2", f"{net}.1")
    finally:
        for each in (inside, router):
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", each)
        with contextlib.suppress(subprocess.CalledProcessError):
            _ip("link", "delete", cable)


def _ip(*words: str) -> None:
    _run("ip", *words)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
