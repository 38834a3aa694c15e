"""What a leg needs from the agent that owns it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from pbx.core.clock import Clock
from pbx.sip.hop import Hop
from pbx.sip.session_timer import SessionPolicy
from pbx.transport.driver import Driver
from pbx.transport.resolver import Resolver

if TYPE_CHECKING:
    from pbx.transport.leg_core import LegCore


class AgentSettings(msgspec.Struct, frozen=True):
    """How an agent behaves. Above `max_legs` or `max_transactions` new requests get 503 with Retry-After."""

    session: SessionPolicy = msgspec.field(default_factory=SessionPolicy)
    max_legs: int = 4000
    max_transactions: int = 120_000
    retry_after_s: int = 5
    max_forwards: int = 70
    user_agent: str = "Bellwire"


class LegHost(Protocol):
    """The agent, as its legs see it."""

    driver: Driver
    clock: Clock
    resolver: Resolver
    settings: AgentSettings
    random: Callable[[], float]
    """Uniform, 0 ≤ x < 1."""

    def facing(self, hop: Hop) -> Hop:
        """The hop with our own address, as its peer sees us, filled in."""
        ...

    def spawn(self, name: str, coro: Coroutine[Any, Any, None]) -> None:
        """Run something the leg does not wait for."""
        ...

    def count(self, name: str) -> None:
        """Count something odd by name; metrics read it."""
        ...

    def moved(self, leg: LegCore) -> None:
        """Its peer is to be reached elsewhere from now on."""
        ...

    def released(self, leg: LegCore) -> None:
        """Nothing is expected for this leg any more: forget it."""
        ...
