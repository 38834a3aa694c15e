"""Calls to outside numbers: the first route that fits, its trunks in order.

The next trunk is tried when one is at fault (it is down, full, or answers as a broken server does), never when the
called party has answered, in whatever way. Emergency numbers go before every rule, and over whatever trunk there is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pbx.call.call import Call
from pbx.call.connect import join
from pbx.call.ending import Ending
from pbx.call.fork import Fork, Lost
from pbx.call.leg import CallLeg
from pbx.core.errors import PeerError
from pbx.feature.dial_pattern import matches
from pbx.feature.passed_on import PassedOn
from pbx.feature.trunk_line import TrunkLine
from pbx.feature.trunks import Trunks
from pbx.model.call_event import CallRouted
from pbx.model.extension import REACHES, Extension
from pbx.model.leg_event import LegCause
from pbx.model.outbound_route import OutboundRoute
from pbx.sip.registration import FLOW_FAILED

__all__ = ["OutsideCalls"]

log = logging.getLogger(__name__)

RING_TIMEOUT_S = 120.0
TRUNK_FAULTS = frozenset({401, 403, 405, 407, 408, FLOW_FAILED, 488, 500, 501, 502, 503, 504, 513, 580})
"""What a provider answers when it is its own fault, or ours towards it."""


@dataclass(frozen=True, slots=True)
class Way:
    """A trunk, and the number as it is called over it."""

    line: TrunkLine
    number: str


class OutsideCalls:
    """`routes` are the office's, `emergency` the numbers that call for help."""

    def __init__(
        self,
        trunks: Trunks,
        routes: Callable[[], Sequence[OutboundRoute]],
        *,
        emergency: Iterable[str],
        passed_on: PassedOn,
        calls_for_help: Callable[[Call, Extension], None] = lambda _call, _extension: None,
    ) -> None:
        self._trunks = trunks
        self._passed_on = passed_on
        self._routes = routes
        self._emergency = frozenset(emergency)
        self._calls_for_help = calls_for_help

    def is_emergency(self, dialled: str) -> bool:
        return dialled in self._emergency

    def allows(self, dialled: str, extension: Extension) -> bool:
        """Whether a route takes the number, and this extension may use it."""
        return any(_may_use(route, extension) for route in self._fitting(dialled))

    async def call_for_help(self, call: Call, dialled: str, extension: Extension) -> None:
        """Over any trunk: those of a route for this number first, then all others, also when they seem to be down."""
        self._calls_for_help(call, extension)
        log.warning("emergency call", extra={"number": dialled, "extension": extension.number})
        chosen = [way.line for way in self._over(dialled, self._fitting(dialled))]
        lines = dict.fromkeys([*chosen, *self._trunks.lines.values()])
        # Another office stands elsewhere: help would be sent to the wrong place.
        ways = [Way(line, dialled) for line in lines if not line.is_office]
        await self._call(call, ways, shown=extension.outside_number, help_needed=True)

    async def call(self, call: Call, dialled: str, extension: Extension) -> bool:
        """Run the call if a route takes the number; False when none does. Raises `PeerError` 403, 503."""
        fitting = list(self._fitting(dialled))
        if not fitting:
            return False
        allowed = [route for route in fitting if _may_use(route, extension)]
        if not allowed:
            raise PeerError(403, "Not Allowed For This Extension")
        await self._call(call, list(self._over(dialled, allowed)), shown=extension.outside_number)
        return True

    async def to_office(self, call: Call, dialled: str) -> bool:
        """Send somebody from outside on to another office; False when the number is none of another office."""
        routes = [route for route in self._fitting(dialled) if route.reach == "internal"]
        ways = [way for way in self._over(dialled, routes) if way.line.is_office]
        if ways:
            await self._call(call, ways, shown=None)
        return bool(ways)

    def _fitting(self, dialled: str) -> Iterator[OutboundRoute]:
        for route in sorted(self._routes(), key=lambda each: (each.position, each.id)):
            if route.enabled and any(matches(pattern, dialled) for pattern in route.patterns):
                yield route

    def _over(self, dialled: str, routes: Iterable[OutboundRoute]) -> Iterator[Way]:
        """Each way out, best first."""
        for route in routes:
            for name in route.trunks:
                line = self._trunks.lines.get(name)
                if line is not None and line.trunk.enabled:
                    yield Way(line, route.prefix + dialled[route.strip_digits :])

    async def _call(
        self,
        call: Call,
        ways: Sequence[Way],
        *,
        shown: str | None,
        help_needed: bool = False,
    ) -> None:
        lost = Lost(LegCause.UNREACHABLE, 503, (("Retry-After", "10"),))
        for way in ways:
            line = way.line
            if not help_needed and not (line.is_up and line.has_room):
                continue
            call.record(
                CallRouted(
                    call=call.id, at=call.now(), kind="trunk", to=line.trunk.id, to_name=line.trunk.name
                )
            )
            target = line.target(
                way.number,
                call.party,
                shown=shown,
                anonymous=call.withheld and not help_needed,
                diverted=call.diverted,
            )
            passed = self._passed_on.headers(call, to_office=line.is_office)
            target = replace(target, headers=(*target.headers, *passed))
            release = line.seize()
            outcome: CallLeg | Lost = lost
            try:
                fork = Fork(call, ring_timeout_s=RING_TIMEOUT_S, redirect=lambda _: ())
                outcome = await fork.ring([target])
            finally:
                if isinstance(outcome, Lost):
                    release()
            if not isinstance(outcome, Lost):
                outcome.on_close(release)
                await join(call, outcome)
                return
            lost = outcome
            if lost.status not in TRUNK_FAULTS:
                break
            if lost.status == FLOW_FAILED:
                self._trunks.flow_failed(line)
            log.warning(
                "a trunk failed, trying the next", extra={"trunk": line.trunk.id, "status": lost.status}
            )
        call.end_with(Ending(lost.cause, lost.status, headers=lost.headers))


def _may_use(route: OutboundRoute, extension: Extension) -> bool:
    return REACHES.index(route.reach) <= REACHES.index(extension.may_call)
