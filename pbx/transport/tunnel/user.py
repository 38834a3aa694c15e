"""What the tunnel asks of the office: who takes the calls and the deliveries that come through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from pbx.transport.tunnel.calls import EdgeCall
    from pbx.transport.tunnel.tunnel import Tunnel

__all__ = ["CallSide", "Delivery", "NeverTaken", "TunnelUser"]


class NeverTaken(Exception):  # noqa: N818 - an answer
    """The office will never take a delivery; the text says why."""


class Delivery(msgspec.Struct, frozen=True):
    """What the edge hands over, perhaps more than once: `id` is always the same. `document` is JSON."""

    id: str
    kind: str
    document: bytes
    body: bytes


class CallSide(Protocol):
    """What a call does in the office. Implemented by `StreamLeg`. None of it waits."""

    def placed(self, sid: str) -> None: ...

    def ringing(self) -> None: ...

    def answered(self) -> None: ...

    def failed(self, status: int, reason: str) -> None:
        """The call that was placed came to nothing; nothing follows."""
        ...

    def digit(self, digit: str) -> None: ...

    def hung_up(self, cause: str) -> None:
        """Whoever is outside has left; nothing follows."""
        ...

    def sound(self, payload: bytes, number: int) -> None: ...

    def lost(self) -> None:
        """The tunnel did not come back in time; nothing follows."""
        ...


class TunnelUser(Protocol):
    """Who takes what comes in. Implemented by `pbx.feature.edge_calls`."""

    def offered(self, call: EdgeCall, *, from_: str, to: str, name: str) -> CallSide:
        """Somebody calls one of the office's numbers."""
        ...

    def expect(self, token: str, *, from_: str, to: str, name: str) -> None:
        """A call to `to` comes by SIP, and its INVITE shows this token."""
        ...

    async def directory(self) -> bytes | None:
        """What the edge is to know of the office, as JSON; None for nothing yet."""
        ...

    async def take(self, delivery: Delivery) -> None:
        """Durable when it returns; the same delivery again changes nothing. Raises `NeverTaken`."""
        ...

    def event(self, topic: str, id: str, document: bytes) -> None: ...

    def changed(self, tunnel: Tunnel) -> None:
        """The tunnel is up, or down."""
        ...
