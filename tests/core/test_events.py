from __future__ import annotations

import asyncio

import msgspec
import pytest

from pbx.core.events import EventBus, Published


class Happened(msgspec.Struct, frozen=True):
    number: int


async def test_a_listener_gets_the_events_of_its_topics_in_order() -> None:
    bus = EventBus()
    subscription = bus.subscribe("a", "b")
    bus.publish("a", Happened(1))
    bus.publish("c", Happened(2))
    bus.publish("b", Happened(3))
    subscription.close()
    assert [one async for one in subscription] == [Published("a", Happened(1)), Published("b", Happened(3))]


async def test_a_waiting_listener_wakes_up() -> None:
    bus = EventBus()
    subscription = bus.subscribe("a")
    waiting = asyncio.ensure_future(anext(subscription))
    await asyncio.sleep(0)
    bus.publish("a", Happened(1))
    assert (await waiting).event == Happened(1)


async def test_closing_ends_a_waiting_listener() -> None:
    subscription = EventBus().subscribe("a")
    waiting = asyncio.ensure_future(anext(subscription))
    await asyncio.sleep(0)
    subscription.close()
    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_a_slow_listener_loses_the_oldest_and_both_counters_say_so() -> None:
    bus = EventBus()
    slow, quick = bus.subscribe("a", limit=2), bus.subscribe("a")
    for number in range(5):
        bus.publish("a", Happened(number))
    slow.close()
    quick.close()
    assert [one.event async for one in slow] == [Happened(3), Happened(4)]
    assert len([one async for one in quick]) == 5
    assert (slow.dropped, quick.dropped, bus.dropped) == (3, 0, 3)


async def test_a_closed_subscription_is_forgotten_by_the_bus() -> None:
    bus = EventBus()
    with bus.subscribe("a") as first:
        second = bus.subscribe("a")
    bus.publish("a", Happened(1))
    second.close()
    assert [one async for one in first] == []
    assert len([one async for one in second]) == 1
    first.close()  # twice is fine
