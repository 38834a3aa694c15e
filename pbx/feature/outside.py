"""Calls to outside numbers: the first route that fits, its trunks in order.

The next trunk is tried when one is at fault (it is down, full, or answers as a broken server does), never when the
called party has answered, in whatever way. Emergency numbers go before every rule, and over whatever trunk there is.
All other calls are let out by the office's limits, and count for the extension that caused them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from pbx.call.call import Call
from pbx.call.connect import join
from pbx.call.ending import Ending
from pbx.call.fork import Fork, Lost
from pbx.call.leg import CallLeg
from pbx.core.errors import PeerError
from pbx.feature.dial_pattern import matches
from pbx.feature.limits import Limits, Reached
from pbx.feature.passed_on import PassedOn
from pbx.feature.refusal import Announcement, Refusing, warning
from pbx.feature.trunk_line import TrunkLine
from pbx.feature.trunks import Trunks
from pbx.feature.usage import TRUNK_FAULTS
from pbx.model.call_event import CalledForHelp, CallLimited, CallRouted
from pbx.model.extension import REACHES, Extension
from pbx.model.leg_event import LegCause
from pbx.model.outbound_route import OutboundRoute
from pbx.model.party import DialTarget, Diversion
from pbx.sip.registration import FLOW_FAILED

__all__ = ["OutsideCalls", "WayOut"]

log = logging.getLogger(__name__)

RING_TIMEOUT_S = 120.0


class Way(msgspec.Struct, frozen=True):
    """A trunk, and the number as it is called over it."""

    line: TrunkLine
    number: str


class WayOut(msgspec.Struct, frozen=True):
    """What a feature rings by itself to reach an outside number; `seize` takes the channel that it needs."""

    target: DialTarget
    line: TrunkLine
    over_limit: Callable[[], bool] = lambda: False

    def seize(self) -> Callable[[], None]:
        """What is returned gives the channel back. Raises `PeerError` 503 when none is free, or a limit is reached.

        The limit counts this call from the `LegDialled` that follows at once.
        """
        if not (self.line.is_up and self.line.has_room) or self.over_limit():
            raise PeerError(503, "No Outside Call Now")
        return self.line.seize()


class OutsideCalls:
    """`routes` are the office's, `emergency` the numbers that call for help. Without `limits` all may go out; over one
    of them, a caller hears the `announcement`.
    """

    def __init__(
        self,
        trunks: Trunks,
        routes: Callable[[], Sequence[OutboundRoute]],
        *,
        emergency: Iterable[str],
        passed_on: PassedOn,
        limits: Limits | None = None,
        announcement: Announcement | None = None,
    ) -> None:
        self._trunks = trunks
        self._passed_on = passed_on
        self._routes = routes
        self._emergency = frozenset(emergency)
        self._limits = limits
        self._refuse_aloud = Refusing(announcement)

    def is_emergency(self, dialled: str) -> bool:
        return dialled in self._emergency

    def allows(self, dialled: str, extension: Extension) -> bool:
        """Whether a route takes the number, and this extension may use it."""
        first = next(self._fitting(dialled), None)
        return first is not None and _may_use(first, extension)

    def emergency_number(self, dialled: str) -> str | None:
        """The number that calls for help and is meant by this, also with a route's prefix before it (9 911, 0 112).

        Not with the prefix of another office: help would be sent to the wrong place.
        """
        if dialled in self._emergency:
            return dialled
        fitting = [route for route in self._fitting(dialled) if not self._leads_to_office(route)]
        meant = (route.prefix + dialled[route.strip_digits :] for route in fitting)
        return next((each for each in meant if each in self._emergency), None)

    def _leads_to_office(self, route: OutboundRoute) -> bool:
        """Whether all trunks of a route lead to other offices of ours."""
        lines = [self._trunks.lines.get(name) for name in route.trunks]
        return bool(lines) and all(line is not None and line.is_office for line in lines)

    def ways_out(self, call: Call, dialled: str, extension: Extension, *, reason: str = "") -> list[WayOut]:
        """How to reach an outside number for this extension, best first; none where it may not, or for help.

        `reason` says why the extension's calls go there (RFC 5806), where it does not call itself.
        """
        fitting = list(self._fitting(dialled))
        if self.emergency_number(dialled) is not None or not fitting or not _may_use(fitting[0], extension):
            return []
        allowed = [route for route in fitting if _may_use(route, extension)]
        diverted = [*call.diverted, *([Diversion(extension.number, reason)] if reason else [])]
        return [self._way_out(call, way, extension, diverted) for way in self._over(dialled, allowed)]

    def _way_out(self, call: Call, way: Way, by: Extension, diverted: Sequence[Diversion]) -> WayOut:
        target = self._target(call, way, shown=by.outside_number, diverted=diverted)
        charged_to = None if way.line.is_office else by.number
        return WayOut(
            replace(target, trunk=way.line.trunk.id, charged_to=charged_to),
            way.line,
            lambda: self._reached(by, way) is not None,
        )

    async def call_for_help(self, call: Call, dialled: str, extension: Extension) -> None:
        """Over any trunk: those of a route for this number first, then all others, also when they seem to be down."""
        call.record(
            CalledForHelp(
                call=call.id,
                at=call.now(),
                number=dialled,
                extension=extension.number,
                name=extension.name,
                location=extension.location,
            )
        )
        log.warning("emergency call", extra={"number": dialled, "extension": extension.number})
        chosen = [way.line for way in self._over(dialled, self._fitting(dialled))]
        lines = dict.fromkeys([*chosen, *self._trunks.lines.values()])
        # Another office stands elsewhere: help would be sent to the wrong place. An edge calls no short numbers.
        ways = [Way(line, dialled) for line in lines if not line.is_office and not line.is_edge]
        await self._call(call, ways, by=extension, help_needed=True)

    async def call(
        self, call: Call, dialled: str, extension: Extension, *, ring_s: float = RING_TIMEOUT_S
    ) -> bool:
        """Run the call if a route takes the number; False when none does. Raises `PeerError` 403, 503.

        How far a number is, the first route that fits says: a later one for everything must not let out whom that one
        stops.
        """
        fitting = list(self._fitting(dialled))
        if not fitting:
            return False
        if not _may_use(fitting[0], extension):
            raise PeerError(403, "Not Allowed For This Extension")
        allowed = [route for route in fitting if _may_use(route, extension)]
        await self._call(call, list(self._over(dialled, allowed)), by=extension, ring_s=ring_s)
        return True

    async def to_office(self, call: Call, dialled: str) -> bool:
        """Send somebody from outside on to another office; False when the number is none of another office."""
        routes = [route for route in self._fitting(dialled) if route.reach == "internal"]
        ways = [way for way in self._over(dialled, routes) if way.line.is_office]
        if ways:
            await self._call(call, ways, by=None)
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

    def _target(
        self,
        call: Call,
        way: Way,
        *,
        shown: str | None,
        diverted: Sequence[Diversion],
        show_always: bool = False,
    ) -> DialTarget:
        """Where the INVITE goes and what it says. Raises `PeerError` 483 when the call may go no further."""
        line = way.line
        target = line.target(
            way.number,
            call.party,
            shown=shown,
            anonymous=call.a.withheld and not show_always,
            diverted=diverted,
        )
        passed = self._passed_on.headers(call, to_office=line.is_office)
        return replace(target, headers=(*target.headers, *passed))

    async def _call(
        self,
        call: Call,
        ways: Sequence[Way],
        *,
        by: Extension | None,
        help_needed: bool = False,
        ring_s: float = RING_TIMEOUT_S,
    ) -> None:
        lost = Lost(LegCause.UNREACHABLE, 503, (("Retry-After", "10"),))
        reached: tuple[Reached, str] | None = None
        tried = False
        # Of a line that is new, as all are after a start, nothing is known yet: it comes last, and for help so does one
        # that seems to be down, for its silence would last half a minute.
        ways = sorted(ways, key=lambda way: not way.line.is_up)
        for number, way in enumerate(ways, 1):
            line = way.line
            if not help_needed:
                if not _is_free(line):
                    continue
                found = self._reached(by, way)
                if found is not None:
                    reached = reached or (found, way.number)
                    continue
            tried = True
            patient = not any(help_needed or _is_free(each.line) for each in ways[number:])
            outcome = await self._try(
                call, way, by=by, help_needed=help_needed, ring_s=ring_s, patient=patient
            )
            if outcome is None:
                return
            lost = outcome
            # Many a provider carries no calls for help, and says 404 or 403: then another one does.
            refused = help_needed and lost.cause is not LegCause.NO_ANSWER
            if lost.status not in TRUNK_FAULTS and not refused:
                break
            if lost.status == FLOW_FAILED:
                self._trunks.flow_failed(line)
            log.warning(
                "a trunk failed, trying the next", extra={"trunk": line.trunk.id, "status": lost.status}
            )
        if reached is not None and by is not None and not tried:
            await self._refuse(call, by, *reached)
        call.end_with(Ending(lost.cause, lost.status, headers=lost.headers))

    async def _try(
        self,
        call: Call,
        way: Way,
        *,
        by: Extension | None,
        help_needed: bool,
        ring_s: float,
        patient: bool,
    ) -> Lost | None:
        """Ring over one trunk, and talk; what came of it when nobody answered. From the check until the event recorded
        here nothing may wait: it takes the call's place in the limits.
        """
        line = way.line
        charged_to = by.number if by is not None and not help_needed and not line.is_office else None
        call.record(
            CallRouted(
                call=call.id,
                at=call.now(),
                kind="trunk",
                to=line.trunk.id,
                to_name=line.trunk.name,
                charged_to=charged_to,
            )
        )
        shown = by.outside_number if by is not None else None
        target = self._target(call, way, shown=shown, diverted=call.diverted, show_always=help_needed)
        target = replace(target, trunk=line.trunk.id, charged_to=charged_to, patient=patient)
        release = line.seize()
        outcome: CallLeg | Lost | None = None
        try:
            outcome = await Fork(call, ring_timeout_s=ring_s, redirect=lambda _: ()).ring([target])
        finally:
            if outcome is None or isinstance(outcome, Lost):
                release()
        if isinstance(outcome, Lost):
            return outcome
        outcome.on_close(release)
        await join(call, outcome)
        return None

    def _reached(self, by: Extension | None, way: Way) -> Reached | None:
        """A limit in the way; none for calls to another office, which cost nothing."""
        if self._limits is None or by is None or way.line.is_office:
            return None
        return self._limits.check(by.number, way.line.trunk.id, way.number)

    async def _refuse(self, call: Call, extension: Extension, reached: Reached, number: str) -> None:
        """Write down which limit it was, and say so. Raises `PeerError` 403."""
        call.record(
            CallLimited(
                call=call.id,
                at=call.now(),
                limit=reached.limit.id,
                what=reached.what,
                words=reached.words,
                number=number,
                extension=extension.number,
            )
        )
        log.warning(
            "a call was refused by a limit",
            extra={"limit": reached.limit.id, "extension": extension.number, "reason": reached.words},
        )
        refusal = PeerError(
            403,
            "Limit Reached",
            headers=(warning(reached.words), ("Reason", 'Q.850;cause=21;text="Limit reached"')),
        )
        await self._refuse_aloud(call, refusal, reached.words)


def _may_use(route: OutboundRoute, extension: Extension) -> bool:
    return REACHES.index(route.reach) <= REACHES.index(extension.may_call)


def _is_free(line: TrunkLine) -> bool:
    """Whether a call that is not for help may go out over it."""
    return line.state in ("up", "trying") and line.has_room
