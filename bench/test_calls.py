"""What a call costs: CPU from an authenticated INVITE to the BYE and its CDR, and memory while it is up."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from bench import peers
from bench.conftest import EXTENSIONS, Runner
from bench.figure import Figure, record
from bench.figure import measure as timed
from tests.live.node import Node, running
from tests.live.ports import free_port
from tests.live.sipp import Sipp, SippResult, caller_rows, register_all

CALLERS, CALLEES = EXTENSIONS[:10], EXTENSIONS[10:]
ANSWERING_PORT = free_port()


async def call(
    node: Node, folder: Path, *, calls: int, rate: float, hold_ms: int, limit: int = 1000
) -> SippResult:
    """So many calls between SIPp and SIPp. The callees are where they were in the last load: each has one contact."""
    seconds = calls / rate + hold_ms / 1000 + 40
    answering = Sipp(
        folder / "uas", "answer", remote=node.address, port=ANSWERING_PORT, calls=calls, timeout_s=seconds
    )
    await register_all(folder / "register", node, CALLEES, answering.port)
    answering.start()
    calling = Sipp(
        folder / "uac",
        "call",
        remote=node.address,
        users=caller_rows(node, CALLERS, CALLEES),
        calls=calls,
        rate=rate,
        limit=limit,
        options=("-d", str(hold_ms)),
        timeout_s=seconds,
    )
    try:
        return await calling.run()
    finally:
        await answering.stop()


def test_call_set_up_and_tear_down(
    benchmark: BenchmarkFixture, office: Node, run: Runner, tmp_path: Path
) -> None:
    rate, calls = 50, 1000

    async def measure() -> tuple[float, SippResult]:
        async with running(office) as node:
            await call(node, tmp_path / "warm", calls=100, rate=rate, hold_ms=100)
            await asyncio.sleep(1)
            before_s = node.cpu_s
            result = await call(node, tmp_path / "calls", calls=calls, rate=rate, hold_ms=500)
            await node.no_calls()
            return node.cpu_s - before_s, result

    cpu_s, result = timed(benchmark, lambda: run(measure()))
    assert result.failed == 0, result.output
    record(
        benchmark,
        Figure(
            title=f"CPU per call at {rate} calls/s",
            value=cpu_s / calls * 1000,
            unit="ms",
            peer=peers.CALL_AT_50,
            how=f"{calls} calls, authenticated, 0.5 s hold, no media, CDR on; user+system",
        ),
        Figure(
            title=f"Mean set-up time at {rate} calls/s",
            value=result.mean_response_ms,
            unit="ms",
            how="first INVITE to 200 OK, the challenge included, as SIPp saw it",
        ),
    )


def test_memory_per_active_call(
    benchmark: BenchmarkFixture, office: Node, run: Runner, tmp_path: Path
) -> None:
    calls = 200

    async def measure() -> float:
        async with running(office) as node:
            await call(node, tmp_path / "warm", calls=50, rate=50, hold_ms=100)
            await asyncio.sleep(1)
            before = node.rss_bytes
            up = asyncio.create_task(
                call(node, tmp_path / "calls", calls=calls, rate=50, hold_ms=9000), name="calls"
            )
            while (await node.get("calls"))["total"] < calls:
                await asyncio.sleep(0.2)
            grown = node.rss_bytes - before
            assert (await up).failed == 0
            return grown / calls / 1000

    kilobytes = timed(benchmark, lambda: run(measure()))
    record(
        benchmark,
        Figure(
            title="Memory per active call",
            value=kilobytes,
            unit="KB",
            target=100,
            peer=peers.CALL_MEMORY,
            how=f"{calls} calls up, growth of the resident memory over the warm node",
        ),
    )
