"""Follow-me: an extension's calls ring at its own phones and at further numbers, one after the other or all at once.

Outside numbers are called with the rights of the extension, over its routes, and hold a channel of their trunk for as
long as their leg lasts. Who picks one up is asked for a key first, so a mobile's mailbox takes no call. Of other
extensions only the phones ring, whatever those forward: follow-me goes one step, and in no circle.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol

import msgspec
from msgspec.structs import replace

from pbx.call.call import Call
from pbx.call.confirm import confirmed
from pbx.call.fork import Fork, Lost, Redirect
from pbx.call.fork_rules import ForkRules
from pbx.call.leg import CallLeg
from pbx.call.ports import Prompt
from pbx.feature.outside import WayOut
from pbx.feature.usage import TRUNK_FAULTS
from pbx.model.extension import Extension
from pbx.model.follow_me import FollowMeNumber
from pbx.model.leg_event import LegCause
from pbx.model.party import DialTarget

__all__ = ["FollowMeCalls", "Outside"]

log = logging.getLogger(__name__)

CONFIRM_S = 15.0
"""How long somebody who has picked up may take to press the key."""


class Outside(Protocol):
    """Ways to outside numbers. Implemented by `pbx.feature.outside`."""

    def ways_out(
        self, call: Call, dialled: str, extension: Extension, *, reason: str = ""
    ) -> Sequence[WayOut]: ...


class Place(msgspec.Struct):
    """One thing to ring: when, how long, and what is left to try when a trunk fails."""

    target: DialTarget
    after_s: float
    for_s: float
    confirm: bool = False
    way: WayOut | None = None
    others: list[WayOut] = msgspec.field(default_factory=list)


class _Rules(ForkRules):
    """Those of one round."""

    def __init__(
        self,
        owner: str,
        places: Sequence[Place],
        *,
        question: Callable[[Call], Awaitable[Prompt]],
        tells_ringing: bool,
    ) -> None:
        self._owner = owner
        self.tells_ringing = tells_ringing
        self._places = {id(each.target): each for each in places}
        self._question = question

    def passes_early_media(self, target: DialTarget) -> bool:
        place = self._places.get(id(target))
        return place is None or place.way is None

    def declines_for_all(self, target: DialTarget) -> bool:
        """A colleague does not; who is called does, at a desk phone or at a number outside."""
        return target.extension in (None, self._owner)

    def starts_after_s(self, target: DialTarget) -> float:
        place = self._places.get(id(target))
        return 0.0 if place is None else place.after_s

    def rings_for_s(self, target: DialTarget) -> float | None:
        place = self._places.get(id(target))
        return None if place is None else place.for_s

    def opened(self, leg: CallLeg, target: DialTarget) -> None:
        place = self._places.get(id(target))
        if place is not None and place.way is not None:
            leg.on_close(place.way.seize())

    async def accepts(self, call: Call, leg: CallLeg, target: DialTarget) -> bool:
        place = self._places.get(id(target))
        if place is None or not place.confirm:
            return True
        return await confirmed(call, leg, await self._question(call), within_s=CONFIRM_S)

    def woken(self, target: DialTarget, awake: DialTarget) -> None:
        if (place := self._places.get(id(target))) is not None:
            self._places[id(awake)] = replace(place, target=awake)

    def instead(self, target: DialTarget, status: int) -> DialTarget | None:
        place = self._places.get(id(target))
        if place is None or status not in TRUNK_FAULTS or not place.others:
            return None
        way = place.others.pop(0)
        log.warning("a trunk failed, trying the next", extra={"number": target.label, "status": status})
        other = replace(way.target, patient=not place.others)
        self._places[id(other)] = Place(other, 0.0, place.for_s, place.confirm, way, others=place.others)
        return other


class FollowMeCalls:
    """`phones` gives an extension's phones, none for one that takes no calls now. `question` is what is played to
    whoever is asked for a key.
    """

    def __init__(
        self,
        phones: Callable[[str], Sequence[DialTarget]],
        outside: Outside,
        *,
        redirect: Redirect,
        question: Callable[[Call], Awaitable[Prompt]],
    ) -> None:
        self._phones = phones
        self._outside = outside
        self._redirect = redirect
        self._question = question

    async def ring(self, call: Call, extension: Extension, own: Sequence[DialTarget]) -> CallLeg | Lost:
        """The leg that took the call, or why nobody did; `own` are the extension's phones."""
        outcome = Lost(LegCause.UNREACHABLE, 480)
        music = extension.follow_me.caller_hears == "music" and await self._play_music(call)
        for places in self._rounds(call, extension, own):
            longest_s = max(each.after_s + each.for_s for each in places) + CONFIRM_S + 1
            rules = _Rules(extension.number, places, question=self._question, tells_ringing=not music)
            fork = Fork(call, ring_timeout_s=longest_s, redirect=self._redirect, rules=rules)
            found = await fork.ring([each.target for each in places])
            if not isinstance(found, Lost):
                return found
            outcome = _more_telling(outcome, found)
        call.ports.media.stop_playing(call.a.stream)
        return outcome

    def _rounds(self, call: Call, extension: Extension, own: Sequence[DialTarget]) -> Iterator[list[Place]]:
        """What rings together, round by round."""
        wanted = extension.follow_me
        phones = [Place(each, 0.0, extension.ring_timeout_s) for each in own] if wanted.own_phones else []
        if wanted.strategy == "all":
            further = [place for each in wanted.numbers for place in self._places(call, extension, each)]
            if phones or further:
                yield phones + further
            return
        if phones:
            yield phones
        for number in wanted.numbers:
            if places := self._places(call, extension, number):
                yield places

    def _places(self, call: Call, extension: Extension, wanted: FollowMeNumber) -> list[Place]:
        """What a number rings; nothing for one that leads nowhere, or back."""
        after_s, for_s = float(wanted.delay_s), float(wanted.timeout_s)
        if wanted.number == extension.number:
            return []
        if inside := self._phones(wanted.number):
            return [Place(each, after_s, for_s) for each in inside]
        ways = list(self._outside.ways_out(call, wanted.number, extension, reason="follow-me"))
        free = [each for each in ways if each.line.is_up and each.line.has_room] or ways
        if not free:
            log.info(
                "a follow-me number leads nowhere",
                extra={"extension": extension.number, "number": wanted.number},
            )
            return []
        first, *others = free
        return [
            Place(
                replace(first.target, patient=not others),
                after_s,
                for_s,
                extension.follow_me.confirm,
                first,
                others,
            )
        ]

    async def _play_music(self, call: Call) -> bool:
        """Let the party hear music before anybody answers; False for a caller that hears nothing before the answer."""
        if not await call.let_hear(call.formats_for(call.offered_formats())):
            return False
        call.play(call.ports.hold_tone(), loop=True)
        return True


def _more_telling(before: Lost, now: Lost) -> Lost:
    """What the caller is told of two rounds: that somebody was there says more than that nobody was."""
    order = (LegCause.UNREACHABLE, LegCause.NO_ANSWER)
    rank = {cause: place for place, cause in enumerate(order)}
    return now if rank.get(now.cause, len(order)) >= rank.get(before.cause, len(order)) else before
