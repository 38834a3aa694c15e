"""Two phones that talk all the time: what a fault does to a call that is established."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from random import Random
from typing import Any

from tests.live.day_phone import DayCall, DayPhone
from tests.live.home import Home
from tests.live.impair import Impairment
from tests.live.node import Node

__all__ = ["Steady"]

HEARD = 50
"""So many packets, a second of sound, say that a call goes on."""
REFRESH_S = 120.0


class Steady:
    """`first` calls `second` and neither hangs up. The first may be out of the office."""

    def __init__(
        self, node: Node, first: str, second: str, *, dice: Random, counts: Counter[str], home: Home | None
    ) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        far = Impairment(dice, loss=0.01, delay_s=0.03, jitter_s=0.03) if home is not None else None
        near = Impairment(dice, loss=0.01)
        self.phones = (
            DayPhone(
                node, first, line=far or near, counts=counts, on_ring=self._rings, sound_line=far, home=home
            ),
            DayPhone(node, second, line=near, counts=counts, on_ring=self._rings),
        )
        self.legs: tuple[DayCall, DayCall] | None = None

    @property
    def name(self) -> str:
        return "–".join(each.number for each in self.phones)

    @property
    def is_up(self) -> bool:
        return self.legs is not None and not any(leg.over.is_set() for leg in self.legs)

    async def register(self) -> None:
        for phone in self.phones:
            await phone.open()
            if not await phone.register():
                raise RuntimeError(f"{phone.number} could not register")
        self._begin(self._stay_registered(self.phones))

    async def talk(self) -> None:
        """Call, until it stands."""
        first, second = self.phones
        while (leg := await first.dial(second.number)) is None:
            await asyncio.sleep(1)
        (other,) = [each for each in second.calls.values() if not each.over.is_set()]
        self.legs = (leg, other)

    def forget_gaps(self) -> None:
        """What was silent until now does not count."""
        for leg in self.legs or ():
            leg.longest_gap_s, leg.heard_at = 0.0, time.monotonic()

    async def goes_on(self, within_s: float) -> bool:
        """Whether both hear a second of sound of each other within that time."""
        if self.legs is None:
            return False
        before = [leg.heard for leg in self.legs]
        ending = time.monotonic() + within_s
        while time.monotonic() < ending and self.is_up:
            if all(leg.heard >= was + HEARD for leg, was in zip(self.legs, before, strict=True)):
                return True
            await asyncio.sleep(0.02)
        return False

    @property
    def longest_gap_s(self) -> float:
        return max((leg.longest_gap_s for leg in self.legs or ()), default=0.0)

    async def hang_up(self) -> None:
        if self.legs is not None:
            await self.phones[0].hang_up(self.legs[0])
            await asyncio.sleep(0.5)
        for phone in self.phones:
            phone.line.loss = 0.0
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _rings(self, phone: DayPhone, call: DayCall) -> None:
        self._begin(phone.answer(call))

    async def _stay_registered(self, phones: Sequence[DayPhone]) -> None:
        """As phones do, in time before it runs out; one try that is lost is no matter."""
        while True:
            await asyncio.sleep(REFRESH_S)
            for phone in phones:
                await phone.register()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
