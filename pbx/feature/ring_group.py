"""Ring groups: several extensions under one number, all at once or one by one.

Who talked last is remembered across restarts, so that "longest idle" and "round robin" stay fair.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from pbx.call.call import Call
from pbx.call.connect import join
from pbx.call.fork import Fork, Lost, Redirect
from pbx.call.fork_rules import ForkRules
from pbx.call.leg import CallLeg
from pbx.model.call_event import CallRouted
from pbx.model.leg_event import LegCause
from pbx.model.party import DialTarget
from pbx.model.ring_group import RingGroup
from pbx.store.state import StateStore

__all__ = ["Fairness", "RingGroups"]

STATE_KEY = "ring_groups"


class Fairness:
    """When each member of each group last talked, and with whom the next call of a group begins."""

    def __init__(self) -> None:
        self._talked: dict[str, float] = {}
        self._changed = asyncio.Event()

    async def load(self, state: StateStore) -> None:
        """Take back what was known before the restart. Before the first call."""
        self._talked = await state.get(STATE_KEY, dict[str, float]) or {}

    async def remember(self, state: StateStore) -> None:
        """Store every change. Runs until it is cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await state.keep(STATE_KEY, lambda: self._talked)

    def talked(self, group: str, member: str, at: float) -> None:
        self._talked[f"{group}/{member}"] = at
        self._changed.set()

    def idle_since(self, group: str, member: str) -> float:
        return self._talked.get(f"{group}/{member}", 0.0)

    def next_place(self, group: str, members: int) -> int:
        """The place after the one that the last call began with, which is this call's; it counts up."""
        place = int(self._talked.get(f"{group}/next", 0.0)) % members
        self._talked[f"{group}/next"] = float(place + 1)
        self._changed.set()
        return place


class _EachForThemselves(ForkRules):
    """Who declines does so for nobody else."""

    def declines_for_all(self, _target: DialTarget) -> bool:
        return False


class RingGroups:
    """`groups` are the office's. `targets` gives an extension's phones, none for one that takes no calls now; `busy`
    says who is in a call.
    """

    def __init__(
        self,
        groups: Callable[[], Sequence[RingGroup]],
        targets: Callable[[str], Sequence[DialTarget]],
        *,
        busy: Callable[[str], bool],
        fairness: Fairness,
        redirect: Redirect,
    ) -> None:
        self._groups = groups
        self._targets = targets
        self._busy = busy
        self._fairness = fairness
        self._redirect = redirect

    def find(self, number: str) -> RingGroup | None:
        return next((each for each in self._groups() if each.number == number), None)

    async def ring(self, call: Call, group: RingGroup) -> Lost | None:
        """Ring until somebody answers and that call is over (None), or nobody has."""
        call.record(
            CallRouted(call=call.id, at=call.now(), kind="ring_group", to=group.number, to_name=group.name)
        )
        lost = Lost(LegCause.UNREACHABLE, 480)
        left_s = float(group.ring_timeout_s)
        for members in self._rounds(group):
            targets = [target for member in members for target in self._shown(call, group, member)]
            if not targets:
                continue
            began = call.now()
            one_s = left_s if group.strategy == "all" else min(left_s, group.member_timeout_s)
            fork = Fork(call, ring_timeout_s=one_s, redirect=self._redirect, rules=_EachForThemselves())
            outcome = await fork.ring(targets)
            if not isinstance(outcome, Lost):
                self._remember(call, group, outcome)
                await join(call, outcome)
                return None
            lost = outcome
            left_s -= (call.now() - began).total_seconds()
            if left_s < 1:
                break
        return lost

    def _remember(self, call: Call, group: RingGroup, leg: CallLeg) -> None:
        """A member talks now, and is idle from when that is over, wherever the call is by then."""
        member = leg.party.extension
        if member not in group.members:
            return  # somebody has picked it up who is none

        def talked() -> None:
            self._fairness.talked(group.number, member, call.now().timestamp())

        talked()
        leg.on_close(talked)

    def _rounds(self, group: RingGroup) -> list[list[str]]:
        """Who is rung together, round by round."""
        free = [each for each in group.members if not (group.skip_busy and self._busy(each))]
        if group.strategy == "all":
            return [free]
        if group.strategy == "random":
            random.shuffle(free)
        elif group.strategy == "longest_idle":
            free.sort(key=lambda each: self._fairness.idle_since(group.number, each))
        elif group.strategy == "round_robin":
            place = self._fairness.next_place(group.number, len(group.members))
            order = [*group.members[place:], *group.members[:place]]
            free = [each for each in order if each in free]
        return [[each] for each in free]

    def _shown(self, call: Call, group: RingGroup, member: str) -> list[DialTarget]:
        caller = call.shown
        if group.name_prefix:
            name = f"{group.name_prefix}{caller.name or caller.shown or caller.number}"
            caller = replace(caller, name=name)
        return [replace(each, caller=caller) for each in self._targets(member)]
