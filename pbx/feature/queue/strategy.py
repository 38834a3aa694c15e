"""Which of the free agents ring for the next caller. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import msgspec

from pbx.model.queue import QueueStrategy

__all__ = ["Candidate", "choose"]


class Candidate(msgspec.Struct, frozen=True):
    """A free agent. `place` is that in the queue's list; times are seconds since the epoch, 0 for never."""

    extension: str
    place: int
    penalty: int = 0
    free_since: float = 0.0
    last_call_at: float = 0.0
    calls: int = 0


def choose(
    strategy: QueueStrategy,
    free: Sequence[Candidate],
    *,
    last_place: int = -1,
    pick: Callable[[Sequence[Candidate]], Candidate] = random.choice,
) -> list[Candidate]:
    """Those of the lowest penalty that ring together: all of them, or one. `last_place` rang last."""
    lowest = min((each.penalty for each in free), default=0)
    able = sorted((each for each in free if each.penalty == lowest), key=lambda each: each.place)
    if strategy == "all" or not able:
        return able
    if strategy == "random":
        return [pick(able)]
    if strategy == "round_robin":
        return [next((each for each in able if each.place > last_place), able[0])]
    keys: dict[str, Callable[[Candidate], float]] = {
        "longest_idle": lambda each: each.free_since,
        "least_recent": lambda each: each.last_call_at,
        "fewest_calls": lambda each: each.calls,
        "in_order": lambda each: each.place,
    }
    return [min(able, key=keys[strategy])]
