"""CPU of lamps: what a call costs when nobody watches, and what each NOTIFY costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from pytest_benchmark.fixture import BenchmarkFixture

from bench.figure import Figure, measure, record
from pbx.core.tasks import Supervisor
from pbx.feature.extension_fold import ExtensionFold
from pbx.model import call_event as events
from pbx.model.call_event import CallEvent
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import Network
from tests.stories.lamp_office import DeskPhone, LampNode, Shelf

AT = datetime(2026, 1, 1, tzinfo=UTC)
CALLS = 5000
LAMPS = 150
ROUNDS = 40


def call_events(number: int) -> list[CallEvent]:
    call = f"c{number}"
    return [
        events.CallOffered(
            call=call,
            at=AT,
            from_number="101",
            from_name="Alice",
            from_extension="101",
            dialled="102",
            source="udp:x",
        ),
        events.CallRouted(call=call, at=AT, kind="extension", to="102", to_name="Bob"),
        events.LegDialled(call=call, at=AT, leg="b1", target="102", extension="102"),
        events.LegRinging(call=call, at=AT, leg="b1", status=180),
        events.LegAnswered(call=call, at=AT, leg="b1"),
        events.LegAnswered(call=call, at=AT, leg="a"),
        events.LegEnded(call=call, at=AT, leg="b1", cause="normal"),
        events.CallEnded(call=call, at=AT, cause="normal"),
    ]


def fold_all() -> float:
    """Microseconds of one call's events."""
    batches = [call_events(number) for number in range(CALLS)]
    fold = ExtensionFold()
    began = time.process_time()
    for batch in batches:
        for event in batch:
            fold.take(event)
    return (time.process_time() - began) / CALLS * 1e6


async def notify_all() -> float:
    """Microseconds of one NOTIFY and its answer: the node, and the phone beside it (the fake network included)."""
    loop = asyncio.get_running_loop()
    network = Network(loop.call_later, loop.time)
    async with Supervisor() as supervisor:
        node = LampNode(network, supervisor, shelf=Shelf(), callees=())
        await node.directory.reload()
        phone = DeskPhone(network, "10.0.0.3", "103")
        for _ in range(LAMPS):
            await phone.subscribe("dialog", "*681")
        await asyncio.sleep(5)
        began, before = time.process_time(), node.notifier.counts["dialog", "sent"]
        for _ in range(ROUNDS):
            node.slots.taken ^= {"*681"}
            node.lamps.named_changed()
            await asyncio.sleep(1)
        took = time.process_time() - began
        sent = node.notifier.counts["dialog", "sent"] - before
        assert sent == LAMPS * ROUNDS
        await node.stop()
        await asyncio.sleep(40)
    return took / sent * 1e6


def best_of(once: Callable[[], float]) -> float:
    """Of several turns: a busy neighbour only adds."""
    return min(once() for _ in range(3))


def test_cpu_of_lamps(benchmark: BenchmarkFixture) -> None:
    call_us, notify_us = measure(
        benchmark, lambda: (best_of(fold_all), best_of(lambda: run_virtual(notify_all)))
    )
    figures = (
        Figure(
            title="Lamps: the events of one call",
            value=round(call_us, 1),
            unit="µs CPU",
            how=f"{CALLS} calls between two extensions, 8 events each, nobody watching",
        ),
        Figure(
            title="Lamps: one NOTIFY with its answer",
            value=round(notify_us, 1),
            unit="µs CPU",
            how=f"{LAMPS} subscriptions told {ROUNDS} times; the phone's side and the wire in memory are counted too",
        ),
    )
    record(benchmark, *figures)
    for each in figures:
        print(f"\n{each.title}: {each.value} {each.unit} ({each.how})")
