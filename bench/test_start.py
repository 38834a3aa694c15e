"""From the start of the process to its first SIP answer, and what it then holds in memory."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import statistics
import time

from pytest_benchmark.fixture import BenchmarkFixture

from bench import peers
from bench.conftest import Runner
from bench.figure import Figure, measure, median_s, record
from tests.live.node import Node
from tests.live.raw import Peer

ROUNDS = 5


def first_answer(office: Node) -> None:
    """Start the node and ask until it answers."""
    office.spawn()
    deadline = time.monotonic() + 20
    with Peer(office.sip_port) as peer:
        peer.socket.connect(peer.node)
        peer.socket.settimeout(0.002)
        question = peer.message("OPTIONS", "200")
        while time.monotonic() < deadline:
            with contextlib.suppress(ConnectionRefusedError, TimeoutError, socket.timeout):
                peer.socket.send(question)
                if peer.socket.recv(65535).startswith(b"SIP/2.0 200"):
                    return
                continue
            time.sleep(0.001)
    raise TimeoutError(f"no SIP answer within 20 s\n{office.log}")


def test_start_to_first_sip_answer(benchmark: BenchmarkFixture, office: Node, run: Runner) -> None:
    run(office.prepare())

    measure(
        benchmark,
        lambda: first_answer(office),
        setup=lambda: run(office.stop()),
        rounds=ROUNDS,
        warmup_rounds=1,
    )
    run(office.stop())
    record(
        benchmark,
        Figure(
            title="Start to first SIP answer",
            value=median_s(benchmark) * 1000,
            unit="ms",
            target=600,
            peer=peers.START,
            how=f"python -m pbx serve, median of {ROUNDS} starts",
        ),
    )


def test_idle_memory(benchmark: BenchmarkFixture, office: Node, run: Runner) -> None:
    measured: list[float] = []

    async def idle() -> None:
        await office.start()
        await asyncio.sleep(2)
        measured.append(office.rss_bytes / 1e6)
        await office.stop()

    measure(benchmark, lambda: run(idle()), rounds=3)
    record(
        benchmark,
        Figure(
            title="Idle memory, resident",
            value=statistics.median(measured),
            unit="MB",
            target=58,
            peer=peers.IDLE_MEMORY,
            how="20 extensions, two seconds after the start, median of 3",
        ),
    )
