"""Who rings, talks and holds: a fold over the events of all calls, extension by extension.

Knows what lamps need of a call and nothing else. A call that has ended leaves nothing behind, whatever came before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

from pbx.model import call_event as events
from pbx.model.call_event import CallEvent
from pbx.model.party import Party

__all__ = ["ExtensionFold", "LegState"]

Progress = Literal["trying", "early", "confirmed"]


class LegState(msgspec.Struct, eq=False):
    """One leg of one call. `outward`: it calls; else it is called. `remote` is who is on the other side."""

    call: str
    leg: str
    me: Party
    outward: bool
    remote: Party
    progress: Progress = "trying"
    held: bool = False

    @property
    def shown(self) -> bool:
        """Whether there is anything to see: a phone that is only being tried does not ring yet."""
        return self.outward or self.progress != "trying"


class _Call(msgspec.Struct):
    served: str = "a"
    parked: str | None = None
    legs: dict[str, LegState] = msgspec.field(default_factory=dict)


class ExtensionFold:
    """`take` each event in order; it says which extensions, and which parking slots, are different then."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call] = {}
        self._of: dict[str, dict[tuple[str, str], LegState]] = {}
        self._slots: dict[str, tuple[_Call, Party]] = {}
        self._changed: set[str] = set()
        self._changed_slots: set[str] = set()
        self._table: dict[type, Callable[[Any], None]] = {
            events.CallOffered: self._offered,
            events.CallRouted: self._routed,
            events.LegDialled: self._dialled,
            events.LegRinging: self._ringing,
            events.LegAnswered: self._answered,
            events.LegHeld: self._held,
            events.LegResumed: self._held,
            events.LegTransferred: self._transferred,
            events.LegJoined: self._joined,
            events.LegEnded: self._left,
            events.LegLeft: self._left,
            events.CallParked: self._park,
            events.CallEnded: self._ended,
        }

    def take(self, event: CallEvent) -> tuple[set[str], set[str]]:
        """The extensions and the parking slots that this event makes different."""
        step = self._table.get(type(event))
        if step is None:
            return set(), set()
        step(event)
        changed, self._changed = self._changed, set()
        slots, self._changed_slots = self._changed_slots, set()
        return changed, slots

    def rebuild(self, past: Iterable[CallEvent]) -> None:
        """Begin anew with the events of the calls that go on."""
        self._calls.clear()
        self._of.clear()
        self._slots.clear()
        for event in past:
            self.take(event)

    # -- what is to be seen ----------------------------------------------------------------------------------------

    def legs(self, extension: str) -> list[LegState]:
        """The legs of an extension, oldest first, one of each call: of phones that ring together, the first."""
        best: dict[str, LegState] = {}
        for leg in self._of.get(extension, {}).values():
            if leg.shown:
                known = best.get(leg.call)
                if known is None or (known.progress != "confirmed" and leg.progress == "confirmed"):
                    best[leg.call] = leg
        return list(best.values())

    def parked(self, slot: str) -> Party | None:
        """Who waits in a parking slot."""
        found = self._slots.get(slot)
        return found[1] if found is not None else None

    def busy(self) -> list[str]:
        """The extensions that are in calls."""
        return list(self._of)

    def slots(self) -> list[str]:
        """The parking slots that are taken."""
        return list(self._slots)

    # -- events ----------------------------------------------------------------------------------------------------

    def _offered(self, event: events.CallOffered) -> None:
        if event.call in self._calls:
            return
        call = self._calls[event.call] = _Call()
        caller = Party(event.from_number, event.from_name, event.from_extension)
        self._enter(call, LegState(event.call, "a", caller, True, Party(event.dialled)))

    def _routed(self, event: events.CallRouted) -> None:
        """What was dialled has a name."""
        call = self._calls.get(event.call)
        served = call.legs.get(call.served) if call is not None else None
        if served is not None and served.outward and served.progress == "trying" and event.kind != "trunk":
            served.remote = Party(event.to, event.to_name)
            self._touch(served)

    def _dialled(self, event: events.LegDialled) -> None:
        call = self._calls.get(event.call)
        if call is None or event.leg in call.legs:
            return
        me = Party(event.extension or event.target, "", event.extension)
        self._enter(call, LegState(event.call, event.leg, me, False, self._served(call)))

    def _ringing(self, event: events.LegRinging) -> None:
        call, leg = self._find(event)
        if call is None or leg is None or leg.progress == "confirmed":
            return
        self._become(leg, "early")
        served = call.legs.get(call.served)
        if served is not None and served.progress == "trying":
            self._become(served, "early")

    def _answered(self, event: events.LegAnswered) -> None:
        call, leg = self._find(event)
        if call is not None and leg is not None:
            self._become(leg, "confirmed")
            self._meet(call, leg)

    def _held(self, event: events.LegHeld | events.LegResumed) -> None:
        _, leg = self._find(event)
        if leg is not None:
            leg.held = isinstance(event, events.LegHeld)
            self._touch(leg)

    def _transferred(self, event: events.LegTransferred) -> None:
        call = self._calls.get(event.call)
        if call is not None and event.stays in call.legs:
            call.served = event.stays

    def _joined(self, event: events.LegJoined) -> None:
        call = self._calls.get(event.call)
        if call is None or event.leg in call.legs:
            return
        me = Party(event.extension or event.target, "", event.extension)
        leg = LegState(event.call, event.leg, me, False, self._served(call), "confirmed")
        self._enter(call, leg)
        self._meet(call, leg)

    def _left(self, event: events.LegEnded | events.LegLeft) -> None:
        call = self._calls.get(event.call)
        if call is not None:
            self._remove(call, event.leg)

    def _park(self, event: events.CallParked) -> None:
        call = self._calls.get(event.call)
        if call is not None:
            self._unpark(call)
            call.parked = event.slot
            self._slots[event.slot] = (call, self._served(call))
            self._changed_slots.add(event.slot)

    def _ended(self, event: events.CallEnded) -> None:
        call = self._calls.pop(event.call, None)
        if call is not None:
            for name in list(call.legs):
                self._remove(call, name)
            self._unpark(call)

    # -- within ----------------------------------------------------------------------------------------------------

    def _find(self, event: Any) -> tuple[_Call | None, LegState | None]:
        call = self._calls.get(event.call)
        return call, call.legs.get(event.leg) if call is not None else None

    def _served(self, call: _Call) -> Party:
        served = call.legs.get(call.served)
        return served.me if served is not None else Party("")

    def _meet(self, call: _Call, leg: LegState) -> None:
        """A leg talks with the one that the call is run for, which no longer waits in a slot then."""
        served = call.legs.get(call.served)
        if served is None or leg is served:
            return
        served.remote, leg.remote = leg.me, served.me
        self._touch(served)
        self._touch(leg)
        self._unpark(call)

    def _unpark(self, call: _Call) -> None:
        if call.parked is not None:
            if self._slots.get(call.parked, (None, None))[0] is call:
                del self._slots[call.parked]
            self._changed_slots.add(call.parked)
            call.parked = None

    def _enter(self, call: _Call, leg: LegState) -> None:
        call.legs[leg.leg] = leg
        if leg.me.extension is not None:
            self._of.setdefault(leg.me.extension, {})[leg.call, leg.leg] = leg
            self._touch(leg)

    def _remove(self, call: _Call, name: str) -> None:
        leg = call.legs.pop(name, None)
        if leg is None or leg.me.extension is None:
            return
        own = self._of[leg.me.extension]
        own.pop((leg.call, leg.leg), None)
        if not own:
            del self._of[leg.me.extension]
        self._touch(leg)

    def _become(self, leg: LegState, progress: Progress) -> None:
        leg.progress = progress
        self._touch(leg)

    def _touch(self, leg: LegState) -> None:
        if leg.me.extension is not None:
            self._changed.add(leg.me.extension)
