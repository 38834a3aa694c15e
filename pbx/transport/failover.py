"""The hops of one request, tried in turn (RFC 3263 4.3).

A hop is given up when its transport fails, when it answers 503, and, while another is left, when it has not said a word
for a few seconds: half a minute of Timer B would be longer than any caller waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from pbx.sip.build import response_to
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.transport.resolver import Resolver
from pbx.transport.transaction_users import NOBODY, Outgoing

if TYPE_CHECKING:
    from pbx.transport.leg_host import LegHost
    from pbx.transport.timer_queue import Timer

PATIENCE_S = 4.0
"""How long a hop may be silent while another is left: four tries over UDP."""

GIVES_UP = (408, 503)


class Attempt:
    """One INVITE on its way over one hop, while others are left. `silent` is called when nothing comes."""

    __slots__ = ("_hop", "_host", "_outgoing", "_timer")

    def __init__(self, host: LegHost, hop: Hop) -> None:
        self._host = host
        self._hop = hop
        self._outgoing: Outgoing | None = None
        self._timer: Timer | None = None

    def watch(self, outgoing: Outgoing, silent: Callable[[], None]) -> None:
        """Begin to lose patience."""

        def due() -> None:
            self._timer = None
            # What still comes over this hop is nobody's: cancelled when it rings, and never acknowledged.
            outgoing.user = NOBODY
            self._host.driver.cancel(outgoing)
            self.failed()
            silent()

        self._timer = self._host.driver.timers.call_later(PATIENCE_S, due)

    def heard(self, status: int) -> None:
        """Something came back."""
        self._stop()
        if status == 503:
            self._host.resolver.failed(self._hop)
        else:
            self._host.resolver.answered(self._hop)

    def failed(self) -> None:
        """The transport refused, or nothing came."""
        self._stop()
        self._host.resolver.failed(self._hop)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


async def ask_in_turn(
    request: Request,
    hops: Sequence[Hop],
    resolver: Resolver,
    ask: Callable[[Request, Hop], Awaitable[Response]],
) -> Response:
    """A request outside any dialog over the first hop that answers; the last one's answer when none does."""
    response = response_to(request, 503)
    for number, hop in enumerate(hops, 1):
        copy = Request(request.method, request.uri, request.headers.copy(), request.body)
        try:
            async with asyncio.timeout(PATIENCE_S if number < len(hops) else None):
                response = await ask(copy, hop)
        except TimeoutError:
            response = response_to(request, 408)
        if response.status not in GIVES_UP:
            resolver.answered(hop)
            return response
        resolver.failed(hop)
    return response
