"""A leg's events: in order, bounded, the end last and for ever."""

from __future__ import annotations

import asyncio

import pytest

from pbx.model.leg_event import Answered, Ended, InfoDigit, LegCause, Progress
from pbx.transport.inbox import MAX_WAITING, Inbox


async def test_events_come_in_order_and_the_end_comes_again() -> None:
    inbox = Inbox()
    inbox.put(Progress(180))
    inbox.put(Ended(LegCause.NORMAL))
    inbox.put(Progress(183))
    assert [await inbox.get() for _ in range(3)] == [Progress(180)] + [Ended(LegCause.NORMAL)] * 2


async def test_a_reader_is_woken_and_a_cancelled_one_loses_nothing() -> None:
    inbox = Inbox()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await inbox.get()
    inbox.put(Answered(None))
    assert await inbox.get() == Answered(None)


async def test_digits_beyond_the_bound_are_dropped_and_counted_but_never_the_rest() -> None:
    inbox = Inbox()
    for _ in range(MAX_WAITING + 10):
        inbox.put(InfoDigit("1"))
    inbox.put(Answered(None))
    inbox.put(Ended(LegCause.NORMAL))
    assert inbox.dropped == 10
    events = [await inbox.get() for _ in range(MAX_WAITING + 2)]
    assert events[-2:] == [Answered(None), Ended(LegCause.NORMAL)]


async def test_two_readers_are_a_mistake() -> None:
    inbox = Inbox()
    async with asyncio.TaskGroup() as group:
        reader = group.create_task(inbox.get())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError):
            await inbox.get()
        inbox.put(Progress(180))
    assert reader.result() == Progress(180)
