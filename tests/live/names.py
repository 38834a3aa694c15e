"""A name server of the tests' own, which can fail in all ways, and processes that ask it and no other.

Written from RFC 1035 and RFC 2782; A and SRV is what it knows. Needs root: port 53, and a resolv.conf for those alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

__all__ = ["NameServer", "name_server"]

Mode = Literal["right", "silent", "servfail", "empty", "wrong"]
TTL_S = 4
A, SRV = 1, 33
SERVFAIL, NXDOMAIN = 2, 3
NOBODY = "127.0.0.99"
"""Where it sends everybody when it is wrong: nobody listens there."""


class NameServer(asyncio.DatagramProtocol):
    """`within` are the words to start a process with that asks it."""

    def __init__(self, folder: Path) -> None:
        self.mode: Mode = "right"
        self.hosts: dict[str, str] = {}
        self.services: dict[str, tuple[int, str]] = {}
        self.asked = 0
        self.address = f"127.{53 + os.getpid() % 200}.{os.getpid() // 200 % 250}.53"
        self._transport: Any = None
        path = folder / "resolv.conf"
        path.write_text(f"nameserver {self.address}\noptions timeout:1 attempts:2\n")
        script = f'mount --bind {path} /etc/resolv.conf && exec "$@"'
        self.within = ("unshare", "--mount", "sh", "-c", script, "sh")

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.asked += 1
        if self.mode == "silent":
            return
        name, kind, end = _question(data)
        code, records = self._answer(name, kind)
        head = data[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(records), 0, 0)
        answers = b"".join(
            struct.pack("!HHHIH", 0xC00C, kind, 1, TTL_S, len(each)) + each for each in records
        )
        self._transport.sendto(head + data[12:end] + answers, address)

    def _answer(self, name: str, kind: int) -> tuple[int, list[bytes]]:
        if self.mode == "servfail":
            return SERVFAIL, []
        if self.mode == "empty" or (name not in self.hosts and name not in self.services):
            return NXDOMAIN, []
        if kind == A and name in self.hosts:
            return 0, [socket.inet_aton(NOBODY if self.mode == "wrong" else self.hosts[name])]
        if kind == SRV and name in self.services:
            port, host = self.services[name]
            return 0, [struct.pack("!HHH", 1, 1, port) + _packed(host)]
        return 0, []


def _question(data: bytes) -> tuple[str, int, int]:
    """Its name, its type, and where it ends."""
    labels, at = [], 12
    while data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]].decode())
        at += 1 + data[at]
    return ".".join(labels).lower(), int.from_bytes(data[at + 1 : at + 3]), at + 5


def _packed(name: str) -> bytes:
    return b"".join(bytes((len(each),)) + each.encode() for each in name.split(".")) + b"\0"


@contextlib.asynccontextmanager
async def name_server(folder: Path) -> AsyncIterator[NameServer]:
    server = NameServer(folder)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: server, local_addr=(server.address, 53)
    )
    try:
        yield server
    finally:
        transport.close()
