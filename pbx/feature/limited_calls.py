"""What the limits do to calls that go on, and how their counts come back after a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NoReturn

from pbx.call.call import Call
from pbx.call.ending import Ending
from pbx.call.ports import Prompt
from pbx.core.clock import Clock
from pbx.feature.limits import Reached
from pbx.feature.tally import Talk
from pbx.feature.usage import UsageFold
from pbx.model.call_event import CallEnded, CallEvent, CallLimited, CallLimitNear, LegEnded, LegJoined
from pbx.model.leg_event import LegCause
from pbx.store.cdrs import CdrStore
from pbx.store.state import StateStore

__all__ = ["LimitedCalls", "keep_alive", "recover"]

log = logging.getLogger(__name__)

ALIVE_KEY = "outside_calls_alive"
ALIVE_EVERY_S = 60.0
LOOK_BACK = timedelta(hours=48)
"""Counts reach back a day; a call may have begun long before."""


class LimitedCalls:
    """Implements `limits.EndCall`. `find` knows the calls that go on; `tone` warns."""

    def __init__(self, find: Callable[[str], Call | None], tone: Callable[[], Prompt]) -> None:
        self._find = find
        self._tone = tone

    def warn(self, call: str, limit: str, left_s: int) -> None:
        found = self._find(call)
        if found is None or found.ending is not None:
            return
        found.record(CallLimitNear(call=call, at=found.now(), limit=limit, left_s=left_s))
        if found.talking is None or any(leg.held for leg in found.talking):
            return  # who waits hears music, which a tone would end
        for leg in found.talking:
            try:
                found.ports.media.play(leg.stream, self._tone())
            except ValueError as error:
                log.info(
                    "a phone could not be warned", extra={"call": call, "leg": leg.name, "reason": str(error)}
                )

    def end(self, talk: Talk, reached: Reached) -> None:
        found, extension = self._find(talk.call), talk.accounts[2][1]
        if found is None or found.ending is not None:
            return
        found.record(
            CallLimited(
                call=talk.call,
                at=found.now(),
                limit=reached.limit.id,
                what=reached.what,
                words=reached.words,
                number=talk.number,
                extension=extension,
                ended=True,
            )
        )
        log.warning(
            "a call was ended by a limit",
            extra={
                "call": talk.call,
                "limit": reached.limit.id,
                "extension": extension,
                "reason": reached.words,
            },
        )
        found.hang_up(Ending(LegCause.LIMIT, by="node"))


async def recover(
    usage: UsageFold,
    cdrs: CdrStore,
    state: StateStore,
    now: datetime,
    going_on: Mapping[str, Sequence[CallEvent]] = MappingProxyType({}),
) -> None:
    """Count the calls of the last day anew from their records. What was interrupted ended when the node was last known
    to live; what has outlived the restart is `going_on`, with its events.
    """
    records = {cdr.id: cdr.events for cdr in await cdrs.with_outside_legs(now - LOOK_BACK)}
    events = [event for each in {**records, **going_on}.values() for event in each]
    events.sort(key=lambda event: (event.at, _rank(event)))  # legs go from call to call
    for event in events:
        usage.take(event)
    alive = await state.get(ALIVE_KEY, datetime) or now
    latest = events[-1].at if events else now
    usage.end_all(min(max(latest, alive), now), but=going_on)


def _rank(event: CallEvent) -> int:
    """At the same moment a leg leaves before it joins, and calls end last."""
    return 2 if isinstance(event, LegEnded | CallEnded) else 1 if isinstance(event, LegJoined) else 0


async def keep_alive(usage: UsageFold, state: StateStore, clock: Clock) -> NoReturn:
    """Remember once a minute that calls to outside numbers go on."""
    while True:
        await asyncio.sleep(ALIVE_EVERY_S)
        if any(talk.answered is not None for talk in usage.running()):
            await state.keep(ALIVE_KEY, clock.now)
