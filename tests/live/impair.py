"""A line as the world has them: packets are lost, late, and overtake each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

__all__ = ["Impairment"]


@dataclass
class Impairment:
    """One direction or both; what is carried is a call with its datagram. Times in seconds, shares from 0 to 1."""

    dice: Random
    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    """A packet is up to so much later than `delay_s`: those with more come after their followers."""
    lost: int = 0
    carried: int = 0

    def carry(self, deliver: Callable[[bytes], None], data: bytes) -> None:
        """Deliver it now, later, or never."""
        if self.dice.random() < self.loss:
            self.lost += 1
            return
        self.carried += 1
        if not self.delay_s and not self.jitter_s:
            deliver(data)
            return
        late = self.delay_s + self.dice.random() * self.jitter_s
        asyncio.get_running_loop().call_later(late, deliver, data)
