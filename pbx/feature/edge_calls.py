"""Calls that come and go through the tunnels to the office's edges: each is a call like one over a trunk.

A caller from there reaches what the called number points to, and nothing else. What else comes through a tunnel (what
was delivered, what has happened) goes to whoever takes it here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import msgspec

from pbx.call.incoming import Incoming
from pbx.call.ports import Leg, Signaling
from pbx.core.errors import PeerError, UserError
from pbx.feature.numbering import to_e164, written
from pbx.model.leg_event import LegCause
from pbx.model.party import DialTarget, Party
from pbx.transport.stream_leg import KeptStreamLeg, StreamLeg
from pbx.transport.tunnel.calls import EdgeCall
from pbx.transport.tunnel.requests import TunnelDown
from pbx.transport.tunnel.tunnel import RESUME_S, Tunnel
from pbx.transport.tunnel.user import CallSide, Delivery, NeverTaken

if TYPE_CHECKING:
    from pbx.transport.sip_leg import SipLeg

__all__ = ["SOURCE", "TOKEN_HEADER", "TRANSPORT", "ByTransport", "EdgeCalls", "Offers", "Taking"]

log = logging.getLogger(__name__)

SOURCE = "edge"
"""The trunk of calls that come from an edge, where no trunk of the office stands for it."""
TRANSPORT = "EDGE"
"""The transport of targets that are called through a tunnel."""
RING_S = 120

Taking = Callable[[str, str, bytes, bytes], Awaitable[None]]
"""Takes a delivery: id, kind, document, body. Raises `UserError` for what can never be taken."""


TOKEN_HEADER = "X-Edge-Token"  # noqa: S105  the name of a header
EXPECT_S = 60.0
MOST_EXPECTED = 1000


class _Expected(msgspec.Struct, frozen=True):
    until: float
    caller: Party
    called: str


class Offers(Protocol):
    """Takes calls. Implemented by `pbx.call.switch`."""

    def admit(self) -> None: ...

    def offered(self, incoming: Incoming) -> object: ...


class EdgeCalls:
    """Implements `TunnelUser`. `host` is the loopback address of the audio engine; `trunk` names the trunk that calls
    of an edge come over."""

    def __init__(
        self,
        switch: Callable[[], Offers],
        *,
        host: str,
        country: str,
        trunk: Callable[[], str] = lambda: SOURCE,
        publish: Callable[[str, str, bytes], None] = lambda _topic, _id, _document: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tunnels: dict[str, Tunnel] = {}
        self.document: Callable[[], bytes] = lambda: b""
        self.takes: Taking | None = None
        self.on_change: Callable[[Tunnel], None] = lambda _: None
        self._switch = switch
        self._host = host
        self._country = country
        self._trunk = trunk
        self._publish = publish
        self._monotonic = monotonic
        self._expected: dict[str, _Expected] = {}
        self._waiting: dict[str, list[tuple[str, StreamLeg]]] = {}
        """Legs of the last run, by their edge, and what its tunnel calls them."""

    # -- for the other parts ----------------------------------------------------------------------------------------

    def up(self) -> Iterator[Tunnel]:
        """The tunnels that stand, in the order of the settings."""
        return (each for each in self.tunnels.values() if each.is_up)

    def numbers(self) -> Mapping[str, Tunnel]:
        """The outside numbers of the edges that can be reached, each with the first that has it."""
        found: dict[str, Tunnel] = {}
        for tunnel in self.up():
            for number in tunnel.state.numbers:
                found.setdefault(number, tunnel)
        return found

    def dial(self, target: DialTarget, *, offer: bytes | None, caller: Party) -> Leg:
        """Have the number called that `target` names. What goes wrong is told by the leg."""
        leg = StreamLeg(self._host, incoming=False)
        try:
            leg.offered(offer)
            tunnel, shown = self._way(target.caller.number if target.caller is not None else caller.number)
            leg.call = tunnel.place(target.label, shown=shown, timeout_s=RING_S, side=leg)
        except PeerError as error:
            leg.refuse(error.sip_status, error.reason)
        except TunnelDown:
            leg.refuse(503, "No Edge")
        return leg

    def _way(self, shown: str) -> tuple[Tunnel, str]:
        """An edge, and the number that is shown there: one of the office's. Raises `TunnelDown`."""
        numbers = self.numbers()
        tunnel = numbers.get(shown) or next(self.up(), None)
        if tunnel is None:
            raise TunnelDown("no edge is connected")
        if shown not in numbers and tunnel.state.numbers:
            shown = next((each for each, has in numbers.items() if has is tunnel), "")
        return tunnel, shown

    async def tell_directory(self) -> None:
        """The office has changed: every edge is told."""
        for tunnel in list(self.tunnels.values()):
            await tunnel.say_directory()

    # -- legs of the last run ---------------------------------------------------------------------------------------

    def revive(self, kept: KeptStreamLeg) -> StreamLeg:
        """Go on with a leg, which waits for its tunnel. Raises `PeerError`."""
        leg = StreamLeg.revived(self._host, kept)
        waiting = self._waiting.setdefault(kept.edge, [])
        if not waiting:
            asyncio.get_running_loop().call_later(RESUME_S, self._give_up, kept.edge)
        waiting.append((kept.call, leg))
        return leg

    def add(self, tunnel: Tunnel) -> None:
        """From now on this tunnel is one of the office's. It brings along its calls of the last run."""
        self.tunnels[tunnel.name] = tunnel
        for name, leg in self._waiting.pop(tunnel.name, ()):
            leg.call = tunnel.bring(name, leg)
            if leg.is_over:
                leg.call.hang_up(LegCause.NORMAL.value)

    def _give_up(self, edge: str) -> None:
        """That edge is no longer one of the office's."""
        for _, leg in self._waiting.pop(edge, ()):
            leg.lost()

    # -- TunnelUser -------------------------------------------------------------------------------------------------

    def offered(self, call: EdgeCall, *, from_: str, to: str, name: str) -> CallSide:
        leg = StreamLeg(self._host, incoming=True)
        leg.call = call
        try:
            self._switch().admit()
            self._switch().offered(self._incoming(leg, from_, to, name))
        except PeerError as error:
            leg.turn_away(error.sip_status, error.reason)
        return leg

    def _incoming(self, leg: StreamLeg, from_: str, to: str, name: str) -> Incoming:
        return Incoming(
            leg=leg,
            caller=self._caller(from_, name),
            dialled=to_e164(to, self._country) or to,
            source=SOURCE,
            source_host=self._host,
            offer=leg.offer,
            trunk=self._trunk(),
            srtp="off",
        )

    def _caller(self, number: str, name: str) -> Party:
        full = to_e164(number, self._country) if number else None
        if full is None:
            return Party(number, name)
        return Party(full, name, shown=written(full, "national", self._country))

    def expect(self, token: str, *, from_: str, to: str, name: str) -> None:
        now = self._monotonic()
        self._expected = {key: each for key, each in self._expected.items() if each.until > now}
        if len(self._expected) < MOST_EXPECTED:
            caller, called = self._caller(from_, name), to_e164(to, self._country) or to
            self._expected[token] = _Expected(now + EXPECT_S, caller, called)

    def expected(self, leg: SipLeg) -> Incoming | None:
        """The call that an edge has told of, when this INVITE shows its token; None for any other."""
        token = leg.request.headers.get(TOKEN_HEADER)
        found = self._expected.pop(token, None) if token else None
        if found is None or found.until < self._monotonic():
            return None
        return Incoming(
            leg=leg,
            caller=found.caller,
            dialled=found.called,
            source=SOURCE,
            source_host=leg.hop.remote_host,
            offer=leg.offer,
            trunk=self._trunk(),
        )

    async def directory(self) -> bytes | None:
        return self.document() or None

    async def take(self, delivery: Delivery) -> None:
        if self.takes is None:
            raise NeverTaken("this node takes no deliveries")
        try:
            await self.takes(delivery.id, delivery.kind, delivery.document, delivery.body)
        except UserError as error:
            raise NeverTaken(error.message) from error

    def event(self, topic: str, id: str, document: bytes) -> None:
        self._publish(topic, id, document)

    def changed(self, tunnel: Tunnel) -> None:
        self.on_change(tunnel)


class ByTransport:
    """Implements `Signaling`: most targets are SIP's, some are called through a tunnel."""

    def __init__(self, sip: Signaling, edges: EdgeCalls) -> None:
        self._sip = sip
        self._edges = edges

    def dial(
        self,
        target: DialTarget,
        *,
        offer: bytes | None,
        caller: Party,
        call: str,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Leg:
        if target.transport == TRANSPORT:
            return self._edges.dial(target, offer=offer, caller=caller)
        return self._sip.dial(target, offer=offer, caller=caller, call=call, headers=headers)
