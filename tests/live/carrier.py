"""A carrier at an address of its own: it takes every call, and a pair of which it is one end."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from dataclasses import dataclass
from random import Random

from tests.live.day_phone import DayCall, DayPhone
from tests.live.home import Home
from tests.live.impair import Impairment
from tests.live.node import Node
from tests.live.steady import Steady

__all__ = ["CARRIER_HOST", "OUTSIDE", "Carrier", "OutsidePair"]

CARRIER_HOST = "127.0.0.66"
OUTSIDE = "2025550177"
ROUTE = "0"
TRUNK = "carrier"


@dataclass(frozen=True)
class _Elsewhere(Home):
    """Another address of this machine."""

    def udp(self) -> socket.socket:
        each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        each.setblocking(False)
        each.bind((self.address, 0))
        return each


class Carrier:
    """One phone that answers whatever it is called by."""

    def __init__(self, node: Node, dice: Random, counts: Counter[str]) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self.phone = DayPhone(
            node,
            OUTSIDE,
            line=Impairment(dice, loss=0.01),
            counts=counts,
            on_ring=self._rings,
            home=_Elsewhere("", CARRIER_HOST, "127.0.0.1"),
        )

    async def open(self, host: str) -> int:
        """Its port, once the office knows it as its line, by that name."""
        await self.phone.open()
        node = self.phone.node
        trunk = {"id": TRUNK, "name": "The carrier", "host": host, "register": False, "check_every_s": 5}
        await node.send("POST", "trunks", trunk | {"number_format": "as_dialled"})
        route = {"id": "all", "name": "All", "patterns": [f"{ROUTE}."], "trunks": [TRUNK], "strip_digits": 1}
        await node.send("POST", "outbound-routes", route)
        return self.phone.port

    def _rings(self, phone: DayPhone, call: DayCall) -> None:
        task = asyncio.ensure_future(phone.answer(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class OutsidePair(Steady):
    """A desk phone that talks to somebody outside, over the carrier."""

    def __init__(
        self, node: Node, first: str, carrier: Carrier, *, dice: Random, counts: Counter[str]
    ) -> None:
        super().__init__(node, first, OUTSIDE, dice=dice, counts=counts, home=None)
        self.phones = (self.phones[0], carrier.phone)

    async def register(self) -> None:
        phone = self.phones[0]
        await phone.open()
        if not await phone.register():
            raise RuntimeError(f"{phone.number} could not register")
        self._begin(self._stay_registered((phone,)))

    async def talk(self) -> None:
        """Call, until it stands. The carrier has other calls as well: ours is the one whose sound comes to us."""
        first, carrier = self.phones
        while True:
            known = set(carrier.calls)
            leg = await first.dial(f"{ROUTE}{OUTSIDE}")
            fresh = [each for call_id, each in carrier.calls.items() if call_id not in known]
            if leg is not None and len(fresh) == 1:
                self.legs = (leg, fresh[0])
                return
            if leg is not None:
                await first.hang_up(leg)
            await asyncio.sleep(1)
