"""A network between a browser and a node that tests break: it can lose everything, and change its own address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["UdpRelay", "relay"]

Address = tuple[str, int]


class _Side(asyncio.DatagramProtocol):
    def __init__(self, owner: UdpRelay, client: Address | None) -> None:
        self.owner, self.client = owner, client

    def datagram_received(self, data: bytes, source: Address) -> None:
        if self.client is None:
            self.owner.from_browser(data, source)
        else:
            self.owner.from_node(data, self.client)


class UdpRelay:
    """Every source at the browser's side has a socket of its own towards the node, as behind a NAT."""

    def __init__(self) -> None:
        self.target: Address | None = None
        self.loses = False
        self.lost = 0
        self.switches = 0
        self._front: asyncio.DatagramTransport | None = None
        self._back: dict[Address, asyncio.DatagramTransport] = {}
        self._opening: set[asyncio.Task[None]] = set()

    async def open(self) -> str:
        """Its address as a candidate names it: host, a space, port."""
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: _Side(self, None), local_addr=("127.0.0.1", 0)
        )
        host, port = self._front.get_extra_info("sockname")[:2]
        return f"{host} {port}"

    def switch(self) -> None:
        """From now on the browser's packets come to the node from other ports."""
        self.switches += 1
        old, self._back = self._back, {}
        for each in old.values():
            each.close()

    def close(self) -> None:
        self.switch()
        if self._front is not None:
            self._front.close()

    def from_browser(self, data: bytes, source: Address) -> None:
        if self.loses or self.target is None:
            self.lost += 1
        elif source in self._back:
            self._back[source].sendto(data, self.target)
        elif not self._opening:
            opening = asyncio.create_task(self._join(source))
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)

    async def _join(self, source: Address) -> None:
        loop = asyncio.get_running_loop()
        self._back[source], _ = await loop.create_datagram_endpoint(
            lambda: _Side(self, source), local_addr=("127.0.0.1", 0)
        )

    def from_node(self, data: bytes, client: Address) -> None:
        if self.loses or self._front is None:
            self.lost += 1
        else:
            self._front.sendto(data, client)


@asynccontextmanager
async def relay() -> AsyncIterator[tuple[UdpRelay, str]]:
    made = UdpRelay()
    address = await made.open()
    try:
        yield made, address
    finally:
        made.close()
