"""A name server on the loopback: real packets, written and read by dnslib."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import dnslib  # type: ignore[import-untyped]

__all__ = ["NameServer", "name_server"]

Zone = Mapping[tuple[str, str], Sequence[Any]]
"""(name, type) to the data of its records: an address, (priority, weight, port, target) or (order, preference, flags,
service, replacement)."""


class NameServer(asyncio.DatagramProtocol):
    """Answers from `zone`; NXDOMAIN for a name it does not have, and nothing at all while `silent`."""

    def __init__(self, zone: Zone, ttl_s: int) -> None:
        self.zone = dict(zone)
        self.ttl_s = ttl_s
        self.silent = False
        self.asked: list[tuple[str, str]] = []
        self.address = ""
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        host, port = transport.get_extra_info("sockname")
        self.address = f"{host}:{port}"

    def datagram_received(self, data: bytes, address: Any) -> None:
        query = dnslib.DNSRecord.parse(data)
        name, kind = str(query.q.qname).rstrip(".").lower(), dnslib.QTYPE[query.q.qtype]
        self.asked.append((name, kind))
        if self.silent or self._transport is None:
            return
        reply = query.reply()
        if not any(known == name for known, _ in self.zone):
            reply.header.rcode = dnslib.RCODE.NXDOMAIN
        for data_of in self.zone.get((name, kind), ()):
            made = getattr(dnslib, kind)(*_arguments(kind, data_of))
            reply.add_answer(dnslib.RR(query.q.qname, query.q.qtype, ttl=self.ttl_s, rdata=made))
        self._transport.sendto(reply.pack(), address)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None


def _arguments(kind: str, data: Any) -> tuple[Any, ...]:
    if kind == "NAPTR":
        order, preference, flags, service, replacement = data
        return (order, preference, flags.encode(), service.encode(), b"", replacement)
    return data if isinstance(data, tuple) else (data,)


@asynccontextmanager
async def name_server(zone: Zone, *, ttl_s: int = 300) -> AsyncIterator[NameServer]:
    """A running server."""
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(zone, ttl_s), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()
