"""The limits of calls to outside numbers: what may go out, and when a call that goes on has used up its minutes.

The limits are records; how much is used is a fold over call events (`usage`). Nothing waits between a check and the
event that reserves the call's place, so two calls never take the last one together. Emergency calls are not asked here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import msgspec

from pbx.core.clock import Clock
from pbx.feature.number_class import NumberClass, class_of
from pbx.feature.opening import is_open, zone_of
from pbx.feature.tally import DAY_S, HOUR_S, OFFICE, Account, Talk
from pbx.feature.usage import UsageFold
from pbx.model.call_event import CallEvent
from pbx.model.limit import Breach, Limit, standard_limits
from pbx.model.usage import UsageReport

__all__ = ["EndCall", "Limits", "Reached"]

PAUSE_S = 1.0
"""Between two looks at all calls: a busy office changes all the time, and a second late ends nothing too late."""
LONGEST_WAIT_S = 3600.0


class Reached(msgspec.Struct, frozen=True):
    """A limit that a call does not pass, or has come to: `words` say it to people."""

    limit: Limit
    what: Breach
    words: str


class EndCall(Protocol):
    """What is done to calls that use up their minutes."""

    def warn(self, call: str, limit: str, left_s: int) -> None: ...

    def end(self, talk: Talk, reached: Reached) -> None: ...


class Limits:
    """`stored` are the office's limits, `country` that of numbers without a country code."""

    def __init__(
        self,
        stored: Callable[[], Sequence[Limit]],
        *,
        country: str,
        clock: Clock,
        usage: UsageFold | None = None,
    ) -> None:
        self.usage = usage or UsageFold()
        self._stored = stored
        self._country = country
        self._clock = clock
        self._standard = standard_limits(country)
        self._warned: set[int] = set()
        self._changed = asyncio.Event()

    # -- what happens --------------------------------------------------------------------------------------------------

    def take(self, event: CallEvent) -> None:
        """Count an event of a call."""
        if self.usage.take(event):
            self._changed.set()

    def changed(self) -> None:
        """The office's limits are others now."""
        self._changed.set()

    # -- what may go out -----------------------------------------------------------------------------------------------

    def in_force(self) -> list[Limit]:
        """The stored limits, and the standard ones whose place none has taken."""
        stored = {each.id: each for each in self._stored()}
        return [*stored.values(), *(each for each in self._standard if each.id not in stored)]

    def report(self) -> UsageReport:
        return UsageReport(items=tuple(self.usage.view(self._clock.now())), limits=tuple(self.in_force()))

    def check(self, extension: str, trunk: str, number: str) -> Reached | None:
        """The first limit in the way of a call of `extension` over `trunk` to `number`; None: it may go out."""
        now = self._clock.now()
        callee = class_of(number, self._country)
        if callee.emergency:
            return None
        enabled = [each for each in self.in_force() if each.enabled]
        for limit, account in _applying(enabled, extension, trunk):
            reached = (
                _number_refused(limit, callee) or _closed(limit, now) or self._used_up(limit, account, now)
            )
            if reached is not None:
                return reached
        return None

    def _used_up(self, limit: Limit, account: Account, now: datetime) -> Reached | None:
        tally, at = self.usage.tally(account), now.timestamp()
        counts: tuple[tuple[Breach, int | None, Callable[[], float], str], ...] = (
            ("calls_at_once", limit.calls_at_once, lambda: len(tally.running), "calls at once"),
            ("calls_per_hour", limit.calls_per_hour, lambda: tally.calls(at, HOUR_S), "calls in an hour"),
            ("calls_per_day", limit.calls_per_day, lambda: tally.calls(at, DAY_S), "calls in a day"),
            (
                "minutes_per_hour",
                limit.minutes_per_hour,
                lambda: tally.seconds(at, HOUR_S) / 60,
                "minutes in an hour",
            ),
            (
                "minutes_per_day",
                limit.minutes_per_day,
                lambda: tally.seconds(at, DAY_S) / 60,
                "minutes in a day",
            ),
        )
        for what, most, used, words in counts:
            if most is not None and used() >= most:
                return Reached(limit, what, f"{_who(account)}: {most} {words} are used up")
        return None

    # -- calls that go on ----------------------------------------------------------------------------------------------

    async def run(self, calls: EndCall) -> None:
        """Warn and end calls that use up their minutes, until cancelled."""
        while True:
            self._changed.clear()
            wait_s = self.enforce(calls)
            await asyncio.sleep(PAUSE_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(wait_s - PAUSE_S, LONGEST_WAIT_S)):
                    await self._changed.wait()

    def enforce(self, calls: EndCall) -> float:
        """Do what is due now; the seconds until something may be due again."""
        now = self._clock.now().timestamp()
        wait_s = LONGEST_WAIT_S
        talks = [talk for talk in self.usage.running() if talk.answered is not None]
        self._warned &= {id(talk) for talk in talks}
        enabled = [each for each in self.in_force() if each.enabled]
        budgets: dict[tuple[str, Account], tuple[float, Reached] | None] = {}
        for talk in talks:
            left_s, reached = self._first_due(talk, enabled, budgets, now)
            if reached is None:
                continue
            if left_s <= 0:
                calls.end(talk, reached)
            elif reached.limit.warn_s and left_s <= reached.limit.warn_s:
                if id(talk) not in self._warned:
                    self._warned.add(id(talk))
                    calls.warn(talk.call, reached.limit.id, round(left_s))
                wait_s = min(wait_s, left_s)
            else:
                wait_s = min(wait_s, left_s - reached.limit.warn_s)
        return wait_s

    def _first_due(
        self,
        talk: Talk,
        limits: Sequence[Limit],
        budgets: dict[tuple[str, Account], tuple[float, Reached] | None],
        now: float,
    ) -> tuple[float, Reached | None]:
        """How long a talk may still go on, and what ends it then. `budgets` are those looked at before."""
        first: tuple[float, Reached | None] = (LONGEST_WAIT_S, None)
        (_, (_, trunk), (_, extension)) = talk.accounts
        for limit, account in _applying(limits, extension, trunk):
            if not limit.end_calls:
                continue
            key = (limit.id, account)
            if key not in budgets:
                budgets[key] = self._budget(limit, account, now)
            for due in (budgets[key], _longest(limit, talk, now)):
                if due is not None and (first[1] is None or due[0] < first[0]):
                    first = due
        return first

    def _budget(self, limit: Limit, account: Account, now: float) -> tuple[float, Reached] | None:
        """When all who talk on this account will have used up its minutes."""
        spans: tuple[tuple[Breach, int | None, int, str], ...] = (
            ("minutes_per_hour", limit.minutes_per_hour, HOUR_S, "minutes in an hour"),
            ("minutes_per_day", limit.minutes_per_day, DAY_S, "minutes in a day"),
        )
        tally = self.usage.tally(account)
        found = [
            (
                (most * 60 - tally.seconds(now, span_s)) / max(1, tally.talking()),
                Reached(limit, what, f"{_who(account)}: {most} {words} are used up"),
            )
            for what, most, span_s, words in spans
            if most is not None
        ]
        return min(found, key=lambda each: each[0], default=None)


def _longest(limit: Limit, talk: Talk, now: float) -> tuple[float, Reached] | None:
    if limit.minutes_per_call is None or talk.answered is None:
        return None
    words = f"a call may last {limit.minutes_per_call} minutes"
    return talk.answered + limit.minutes_per_call * 60 - now, Reached(limit, "minutes_per_call", words)


def _applying(limits: Sequence[Limit], extension: str, trunk: str) -> Iterator[tuple[Limit, Account]]:
    """Those of `limits` that are for a call, and whose calls each counts."""
    for limit in limits:
        if limit.counts == "office":
            yield limit, OFFICE
    for limit in _naming(trunk, [each for each in limits if each.counts == "trunk"]):
        yield limit, ("trunk", trunk)
    for limit in _naming(extension, [each for each in limits if each.counts == "extension"]):
        yield limit, ("extension", extension)


def _naming(key: str, limits: Sequence[Limit]) -> list[Limit]:
    """Those that name this extension or trunk; if there are none, those that name nobody."""
    named = [each for each in limits if key in (*each.extensions, *each.trunks)]
    return named or [each for each in limits if not each.extensions and not each.trunks]


def _number_refused(limit: Limit, callee: NumberClass) -> Reached | None:
    if callee.premium and not limit.premium:
        return Reached(limit, "premium", "numbers that cost extra are not allowed")
    if any(callee.number.startswith(each) for each in limit.refused_prefixes):
        return Reached(limit, "prefix", "numbers that begin so are not allowed")
    if limit.countries is not None and callee.region not in limit.countries:
        return Reached(limit, "country", f"numbers of {_country(callee.region)} are not allowed")
    return None


def _closed(limit: Limit, now: datetime) -> Reached | None:
    zone = zone_of(limit.time_zone) if limit.time_zone is not None else None
    if not limit.hours or is_open(limit.hours, now, zone):
        return None
    return Reached(limit, "hours", "outside numbers are not called at this hour")


def _country(region: str) -> str:
    return {"ZZ": "no known country", "001": "no country (001)"}.get(region, f"the country {region}")


def _who(account: Account) -> str:
    subject, key = account
    return "The office" if account == OFFICE else f"{subject.capitalize()} {key}"
