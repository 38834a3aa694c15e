"""How much was called outside: a fold over the events of all calls.

A call counts for the office, for the trunk that carries it, and for the extension that caused it, be it by dialling,
forwarding or transferring. It counts from the moment it is let out, its minutes from the answer; one that a trunk did
not carry by its own fault does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from datetime import datetime
from typing import Any

from pbx.feature.tally import BUCKET_S, DAY_S, HOUR_S, OFFICE, Account, Talk, Tally
from pbx.model.call_event import (
    CallEnded,
    CallEvent,
    CallRouted,
    LegAnswered,
    LegDialled,
    LegEnded,
    LegJoined,
    LegLeft,
)
from pbx.model.usage import Usage
from pbx.sip.registration import FLOW_FAILED

__all__ = ["TRUNK_FAULTS", "UsageFold"]

TRUNK_FAULTS = frozenset({401, 403, 405, 407, 408, FLOW_FAILED, 488, 500, 501, 502, 503, 504, 513, 580})
"""What a provider answers when it is its own fault, or ours towards it."""


class UsageFold:
    """`take` each event of each call, in order."""

    def __init__(self) -> None:
        self._tallies: dict[Account, Tally] = {}
        self._open: dict[str, list[Talk]] = {}
        self._swept = 0
        self._steps: dict[type, Callable[[Any], bool]] = {
            CallRouted: self._routed,
            LegDialled: self._dialled,
            LegAnswered: self._answered,
            LegEnded: self._leg_ended,
            LegLeft: self._left,
            LegJoined: self._joined,
            CallEnded: self._call_ended,
        }

    def take(self, event: CallEvent) -> bool:
        """Whether the event changed what is talked."""
        step = self._steps.get(type(event))
        return step is not None and step(event)

    def clock_jumped(self, by_s: float) -> None:
        """The wall clock was set; calls go on in the time that they began in, and are counted in the new one."""
        for talk in self.running():
            talk.began += by_s
            talk.behind_s += by_s
            if talk.answered is not None:
                talk.answered += by_s

    def end_all(self, at: datetime, but: Container[str] = ()) -> None:
        """Nothing goes on any more, `but` in those calls."""
        for talk in list(self.running()):
            if talk.call not in but:
                self._end(talk, at.timestamp())

    def tally(self, account: Account) -> Tally:
        """An empty one for who has not called."""
        return self._tallies.get(account) or Tally()

    def running(self) -> Iterator[Talk]:
        for talks in self._open.values():
            yield from talks

    def view(self, now: datetime) -> list[Usage]:
        """Everybody who has called outside today, the office first."""
        at = now.timestamp()
        self._sweep(at)
        accounts = sorted({OFFICE, *self._tallies}, key=lambda each: (each[0] != "office", each))
        return [_usage(account, self.tally(account), at) for account in accounts]

    # -- events --------------------------------------------------------------------------------------------------------

    def _routed(self, event: CallRouted) -> bool:
        self._drop_reserved(event.call)
        if event.kind == "trunk" and event.charged_to is not None:
            self._begin(Talk(event.call, "", _accounts(event.to, event.charged_to), event.at.timestamp()))
        return False

    def _dialled(self, event: LegDialled) -> bool:
        """A leg takes the place that was reserved for it."""
        if event.trunk is None or event.charged_to is None:
            return False
        accounts = _accounts(event.trunk, event.charged_to)
        for talk in self._of(event.call, ""):
            if talk.accounts == accounts:
                talk.leg, talk.number = event.leg, event.target
                return False
        self._begin(Talk(event.call, event.leg, accounts, event.at.timestamp(), event.target))
        return False

    def _answered(self, event: LegAnswered) -> bool:
        talks = self._of(event.call, event.leg)
        for talk in talks:
            talk.answered = event.at.timestamp() + talk.behind_s
        return bool(talks)

    def _leg_ended(self, event: LegEnded) -> bool:
        talks = self._of(event.call, event.leg)
        for talk in talks:
            carried = talk.answered is not None or event.status not in TRUNK_FAULTS
            self._end(talk, event.at.timestamp(), carried=carried)
        return bool(talks)

    def _left(self, event: LegLeft) -> bool:
        for talk in self._of(event.call, event.leg):
            self._forget(talk)
            talk.call, talk.leg = event.to_call, f"from {event.call}"
            self._open.setdefault(talk.call, []).append(talk)
        return False

    def _joined(self, event: LegJoined) -> bool:
        for talk in self._of(event.call, f"from {event.from_call}"):
            talk.leg = event.leg
        return False

    def _call_ended(self, event: CallEnded) -> bool:
        self._drop_reserved(event.call)
        talks = list(self._open.get(event.call, ()))
        for talk in talks:
            self._end(talk, event.at.timestamp())
        return bool(talks)

    # -- below ---------------------------------------------------------------------------------------------------------

    def _begin(self, talk: Talk) -> None:
        self._sweep(talk.began)
        self._open.setdefault(talk.call, []).append(talk)
        for account in talk.accounts:
            tally = self._tallies.setdefault(account, Tally())
            tally.running[id(talk)] = talk
            tally.add(talk.began, calls=1)

    def _end(self, talk: Talk, ended: float, *, carried: bool = True) -> None:
        for account in talk.accounts:
            tally = self._tallies[account]
            del tally.running[id(talk)]
            if talk.answered is not None:
                tally.talked(talk.answered, ended + talk.behind_s)
            if not carried:
                tally.add(talk.began, calls=-1)
        self._forget(talk)

    def _forget(self, talk: Talk) -> None:
        self._open[talk.call].remove(talk)
        if not self._open[talk.call]:
            del self._open[talk.call]

    def _drop_reserved(self, call: str) -> None:
        """What was let out and then dialled nobody has not been a call."""
        for talk in self._of(call, ""):
            self._end(talk, talk.began, carried=False)

    def _of(self, call: str, leg: str) -> list[Talk]:
        return [talk for talk in self._open.get(call, ()) if talk.leg == leg]

    def _sweep(self, now: float) -> None:
        """Once in five minutes: forget who has not called for a day."""
        index = int(now // BUCKET_S)
        if index != self._swept:
            self._swept = index
            for account in [each for each, tally in self._tallies.items() if tally.is_empty(now)]:
                del self._tallies[account]


def _accounts(trunk: str, charged_to: str) -> tuple[Account, ...]:
    return (OFFICE, ("trunk", trunk), ("extension", charged_to))


def _usage(account: Account, tally: Tally, now: float) -> Usage:
    return Usage(
        subject=account[0],
        key=account[1],
        calls_now=len(tally.running),
        calls_hour=tally.calls(now, HOUR_S),
        calls_day=tally.calls(now, DAY_S),
        minutes_hour=round(tally.seconds(now, HOUR_S) / 60, 1),
        minutes_day=round(tally.seconds(now, DAY_S) / 60, 1),
    )
