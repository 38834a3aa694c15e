"""What happens to the names of an office under chaos: the line, the edge and the replica are known by name only."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from tests.live.carrier import CARRIER_HOST, OUTSIDE, ROUTE, Carrier, OutsidePair
from tests.live.day_phone import DayPhone
from tests.live.impair import Impairment
from tests.live.names import TTL_S, Mode, NameServer

if TYPE_CHECKING:
    from tests.live.chaos import Chaos

__all__ = ["CARRIER", "EDGE", "REPLICA", "Names"]

EDGE, REPLICA, CARRIER = "edge.chaos.example", "replica.chaos.example", "sip.carrier.example"
PAIR, CALLER = "310", "311"
SEEN_S = 40.0
"""The longest until the health list says what is wrong, or that it is over."""


class Names:
    """The carrier behind a name, calls to it, and the faults of the DNS."""

    def __init__(self, chaos: Chaos, server: NameServer) -> None:
        self._chaos = chaos
        self._server = server
        self._carrier = Carrier(chaos.node, chaos.dice, chaos.counts)
        self._phone = DayPhone(
            chaos.node,
            CALLER,
            line=Impairment(chaos.dice, loss=0.01),
            counts=chaos.counts,
            on_ring=lambda *_: None,
        )

    async def furnish(self) -> OutsidePair:
        """The line, the phone that calls over it, and a pair that talks over it all the time."""
        chaos = self._chaos
        port = await self._carrier.open(CARRIER)
        # Half an hour needs more calls than one phone is let by default.
        many = {"id": "tester", "name": "Tester", "counts": "extension", "extensions": [CALLER]}
        await chaos.node.send("POST", "limits", many | {"calls_per_hour": 10_000})
        self._server.hosts[CARRIER] = CARRIER_HOST
        self._server.services[f"_sip._udp.{CARRIER}"] = (port, CARRIER)
        await self._phone.open()
        if not await self._phone.register():
            raise RuntimeError(f"{CALLER} could not register")
        await self._line_is("up")
        pair = OutsidePair(chaos.node, PAIR, self._carrier, dice=chaos.dice, counts=chaos.counts)
        await pair.register()
        await pair.talk()
        return pair

    # -- faults --------------------------------------------------------------------------------------------------------

    async def dns_is_silent(self) -> None:
        await self._without("silent", 70)

    async def dns_fails(self) -> None:
        await self._without("servfail", 20)

    async def dns_denies_all(self) -> None:
        await self._without("empty", 20)

    async def dns_lies(self) -> None:
        await self._without("wrong", 20)

    async def _without(self, mode: Mode, seconds: float) -> None:
        """All that the office does by name goes on; and it says what is wrong."""
        chaos, ending = self._chaos, time.monotonic() + seconds
        self._server.mode = mode
        await asyncio.sleep(TTL_S + 1)
        drawn = chaos.dice.random()
        if drawn < 0.4:
            before = self._tunnels()
            await chaos.tunnel_is_cut()
            await self._tunnel_is_back(mode, before)
        elif drawn < 0.7 and mode != "wrong":  # who has just started has nothing to hold against a lie
            chaos.counts["node is killed, without DNS"] += 1
            await chaos.node_is_killed()
        await self._call(mode)
        if mode != "wrong":
            await self._health(mode, well=False)
        while time.monotonic() < ending:
            await self._call(mode)
            await asyncio.sleep(chaos.dice.uniform(1, 4))
        self._server.mode = "right"
        await self._health(mode, well=True)
        await self._line_is("up")

    async def _call(self, mode: str) -> None:
        chaos = self._chaos
        call = await self._phone.dial(f"{ROUTE}{OUTSIDE}")
        chaos.counts["calls over the line without DNS"] += 1
        if call is None:
            chaos.trouble(f"no call over the line while the DNS is {mode}")
            return
        ending = time.monotonic() + 10
        while call.heard < 25 and time.monotonic() < ending:
            await asyncio.sleep(0.02)
        if call.heard < 25:
            chaos.trouble(f"a call over the line without sound while the DNS is {mode}")
        await self._phone.hang_up(call)

    def _tunnels(self) -> int:
        """How many have been made."""
        return self._chaos.node.log.count("the tunnel is up")

    async def _tunnel_is_back(self, mode: str, before: int) -> None:
        """But not while the DNS names another place."""
        if mode == "wrong":
            return
        ending = time.monotonic() + 60
        while time.monotonic() < ending:
            if self._tunnels() > before:
                self._chaos.counts["tunnels made without DNS"] += 1
                return
            await asyncio.sleep(0.5)
        self._chaos.trouble(f"no tunnel while the DNS is {mode}")

    async def _health(self, mode: str, *, well: bool) -> None:
        ending, found = time.monotonic() + SEEN_S, {}
        while time.monotonic() < ending:
            found = await self._line_of_health()
            if found["ok"] == well:
                return
            await asyncio.sleep(0.5)
        self._chaos.trouble(f"the health list on the DNS ({mode}): {found}")

    async def _line_of_health(self) -> dict[str, Any]:
        lines: list[dict[str, Any]] = (await self._chaos.node.get("status"))["health"]
        return next(each for each in lines if each["name"] == "host names")

    async def _line_is(self, state: str) -> None:
        ending = time.monotonic() + SEEN_S
        while time.monotonic() < ending:
            items = (await self._chaos.node.get("trunk-statuses"))["items"]
            if any(each["trunk"] == "carrier" and each["state"] == state for each in items):
                return
            await asyncio.sleep(0.2)
        self._chaos.trouble(f"the line is not {state} again")

    async def alarms(self) -> int:
        """How often somebody was told that the DNS is gone."""
        notices = (await self._chaos.node.get("notices?limit=100"))["items"]
        return sum(each["facts"].get("what") == "names_gone" for each in notices)
