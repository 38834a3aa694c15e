"""Tickets: what lets a browser open a WebSocket from another host, where it can send neither cookie nor header.

A ticket is good once and for half a minute, since it stands in an address. Memory is bounded; the oldest go first.
"""

from __future__ import annotations

from collections import OrderedDict

from pbx.api.exchange import Principal
from pbx.core.ids import token

__all__ = ["TICKET_S", "Tickets"]

TICKET_S = 30.0
_KEPT = 1024


class Tickets:
    """Those that are out; times are monotonic seconds."""

    def __init__(self) -> None:
        self._out: OrderedDict[str, tuple[Principal, float]] = OrderedDict()

    def issue(self, principal: Principal, now_s: float) -> str:
        made = token(24)
        self._out[made] = (principal, now_s + TICKET_S)
        while len(self._out) > _KEPT:
            self._out.popitem(last=False)
        return made

    def redeem(self, ticket: str, now_s: float) -> Principal | None:
        """Whose it is, if it is still good; it is spent."""
        principal, until_s = self._out.pop(ticket, (None, 0.0))
        return principal if now_s < until_s else None
