"""A moment of `tests.media.soak`: nothing is left of calls that were changed at random and hung up."""

from __future__ import annotations

from tests.media.soak import Soak


async def test_calls_that_came_and_went_leave_nothing_behind() -> None:
    seed = 7
    print(f"seed {seed}")
    left = await Soak(calls=30, seed=seed).run(5.0, empty_every_s=1.2)
    assert len(left) >= 3
