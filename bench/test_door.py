"""What the door and the SIP trace cost: nanoseconds for each message, and their share of a call."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_benchmark.fixture import BenchmarkFixture

from bench.figure import Figure, measure, record
from pbx.core.events import EventBus
from pbx.feature.door import Door, DoorPorts
from pbx.sip.build import request_of
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.transport.trace import Trace
from tests.fakes.clock import FakeClock

TURNS, ROUNDS = 100_000, 5
MESSAGES_PER_CALL = 19
"""Of an authenticated call between two phones, both sides."""
CALL_US = 2000.0
"""What a call should cost at best."""


def cost_ns(benchmark: BenchmarkFixture, once: Callable[[int], None]) -> float:
    """CPU time of one turn beside an empty loop's; the best of a few rounds, for neighbours only ever add."""
    figures: list[float] = []

    def turn() -> None:
        start = time.process_time_ns()
        for number in range(TURNS):
            once(number)
        took = time.process_time_ns() - start
        start = time.process_time_ns()
        for number in range(TURNS):
            nothing(number)
        figures.append((took - (time.process_time_ns() - start)) / TURNS)

    measure(benchmark, turn, rounds=ROUNDS, warmup_rounds=1)
    return min(figures)


def nothing(number: int) -> None:
    del number


def test_keeping_a_message(benchmark: BenchmarkFixture) -> None:
    trace = Trace(8_000_000)
    hops = [Hop("UDP", f"10.0.0.{number}", 5060) for number in range(50)]
    messages = [bytes(700) for _ in range(1000)]

    def keep(number: int) -> None:
        trace.keep(messages[number % 1000], hops[number % 50], float(number), out=bool(number & 1))

    value = cost_ns(benchmark, keep)
    share = value * MESSAGES_PER_CALL / 1000 / CALL_US * 100
    record(
        benchmark,
        Figure(
            title="Keeping a SIP message for the trace",
            value=value,
            unit="ns",
            how=f"50 peers, 8 MB full; {share:.2f} % of {CALL_US / 1000:g} ms, for {MESSAGES_PER_CALL} messages a call",
        ),
    )
    assert len(trace) > 5000


def test_looking_up_a_banned_address(benchmark: BenchmarkFixture) -> None:
    door = Door(DoorPorts(bus=EventBus(), clock=FakeClock(), exists=lambda _: False))
    for number in range(4096):
        host = f"203.{number >> 8}.{number & 255}.1"
        for _ in range(10):
            door.failed(_request(), Hop("UDP", host, 5060), "101")
    hosts = [f"203.{number & 15}.{number & 255}.{number & 1}" for number in range(1024)]

    def look(number: int) -> None:
        door.shuts_out(hosts[number & 1023])

    value = cost_ns(benchmark, look)
    record(
        benchmark,
        Figure(
            title="Deciding whether a datagram is read",
            value=value,
            unit="ns",
            how=f"{len(door.bans)} bans, half of the addresses banned; nothing of the datagram is parsed",
        ),
    )


def _request() -> Request:
    return request_of("REGISTER", "sip:x", from_="<sip:1@x>;tag=1", to="<sip:1@x>", call_id="c", cseq=1)
