"""Deadlines fire in order, once, and cancelled ones cost nothing."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.core import log
from pbx.transport.timer_queue import GRANULARITY_S, TimerQueue
from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import run_virtual


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=50))
def test_timers_fire_in_order_and_cancelled_ones_never(plan: list[tuple[float, bool]]) -> None:
    fired: list[tuple[float, float]] = []

    async def main() -> None:
        clock = LoopClock()
        queue = TimerQueue(clock)
        timers = [
            queue.call_at(at, lambda at=at: fired.append((at, clock.monotonic())))  # type: ignore[misc]
            for at, _ in plan
        ]
        for timer, (_, cancelled) in zip(timers, plan, strict=True):
            if cancelled:
                timer.cancel()
                timer.cancel()
        assert len(queue) == sum(not cancelled for _, cancelled in plan)
        await asyncio.sleep(101)
        assert len(queue) == 0

    run_virtual(main)
    assert sorted(at for at, _ in fired) == sorted(at for at, cancelled in plan if not cancelled)
    moments = [when for _, when in fired]
    assert moments == sorted(moments)
    assert all(-GRANULARITY_S <= when - at <= min(at / 32, 1.0) + 2 * GRANULARITY_S for at, when in fired)


def test_many_cancelled_timers_do_not_stay_in_memory() -> None:
    async def main() -> None:
        queue = TimerQueue(LoopClock())
        for _ in range(10_000):
            queue.call_later(32, lambda: None).cancel()
        assert len(queue._heap) < 1000

    run_virtual(main)


def test_a_failing_timer_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    fired = []

    async def main() -> None:
        queue = TimerQueue(LoopClock())
        queue.call_later(1, lambda: 1 / 0)  # type: ignore[arg-type]
        queue.call_later(1, lambda: fired.append(1))
        await asyncio.sleep(2)

    run_virtual(main)
    assert fired == [1]
    assert "ZeroDivisionError" in caplog.text


def test_a_timer_set_by_a_timer_fires() -> None:
    fired: list[float] = []

    async def main() -> None:
        clock = LoopClock()
        queue = TimerQueue(clock)

        def again() -> None:
            queue.call_later(1, lambda: fired.append(clock.monotonic()))

        queue.call_later(1, again)
        await asyncio.sleep(3)

    run_virtual(main)
    assert fired == [pytest.approx(2, abs=0.01)]


def test_timers_go_off_in_nobodys_name() -> None:
    async def main() -> None:
        queue = TimerQueue(LoopClock())
        names: list[str] = []
        with log.context(call="C1"):
            queue.call_later(1, lambda: names.append(log.CALL.get()))
        queue.call_later(2, lambda: names.append(log.CALL.get()))
        await asyncio.sleep(3)
        assert names == ["", ""]

    run_virtual(main)


def test_nothing_fires_after_close() -> None:
    async def main() -> None:
        queue = TimerQueue(LoopClock())
        queue.call_later(1, lambda: 1 / 0)  # type: ignore[arg-type]
        queue.close()
        queue.call_later(1, lambda: 1 / 0)  # type: ignore[arg-type]
        await asyncio.sleep(2)
        assert len(queue) == 0

    run_virtual(main)
