"""What a call costs: CPU from an authenticated INVITE to the BYE and its CDR, and memory while it is up.

How many calls a second one core carries is found by steps; above that, what it does with those that are too many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from bench import peers
from bench.asterisk import Asterisk, running_asterisk
from bench.conftest import EXTENSIONS, Runner
from bench.figure import Figure, Peer, record
from bench.figure import measure as timed
from tests.live.node import Node, running
from tests.live.ports import free_port
from tests.live.sipp import Called, Sipp, SippResult, caller_rows, register_all

CALLERS, CALLEES = EXTENSIONS[:10], EXTENSIONS[10:]
ANSWERING_PORT, PATIENT_PORT = free_port(), free_port()
STEP = 50
STEP_S = 10
LINGERS_S = 34
"""A transaction stays for 32 s after its call, and its memory with it."""


async def call(
    node: Called,
    folder: Path,
    *,
    calls: int,
    rate: float,
    hold_ms: int,
    limit: int = 1000,
    callers: Sequence[str] = CALLERS,
    callees: Sequence[str] = CALLEES,
    port: int = ANSWERING_PORT,
) -> SippResult:
    """So many calls between SIPp and SIPp. The callees are where they were in the last load: each has one contact."""
    seconds = calls / rate + hold_ms / 1000 + 40
    answering = Sipp(folder / "uas", "answer", remote=node.address, port=port, calls=calls, timeout_s=seconds)
    await register_all(folder / "register", node, callees, answering.port)
    answering.start()
    calling = Sipp(
        folder / "uac",
        "call",
        remote=node.address,
        users=caller_rows(node, callers, callees),
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


async def cost_ms(
    node: Node | Asterisk, folder: Path, *, rate: float, calls: int
) -> tuple[float, SippResult]:
    """Milliseconds of CPU for each of these calls."""
    before_s = node.cpu_s
    result = await call(node, folder, calls=calls, rate=rate, hold_ms=500)
    await asyncio.sleep(1)
    return (node.cpu_s - before_s) / calls * 1000, result


async def asterisk_ms(folder: Path, *, rate: float, calls: int) -> Peer | None:
    """The same for Asterisk, where there is one."""
    if not Asterisk.is_here():
        return None
    async with running_asterisk(Asterisk(folder, EXTENSIONS)) as asterisk:
        await call(asterisk, folder / "warm", calls=100, rate=50, hold_ms=100)
        value, result = await cost_ms(asterisk, folder / "calls", rate=rate, calls=calls)
        return None if result.failed else Peer(name="Asterisk", value=value, same_run=True, source="same run")


def test_call_set_up_and_tear_down(
    benchmark: BenchmarkFixture, office: Node, run: Runner, tmp_path: Path
) -> None:
    rate, calls = 50, 1000

    async def measure() -> tuple[float, SippResult]:
        async with running(office) as node:
            await call(node, tmp_path / "warm", calls=100, rate=rate, hold_ms=100)
            await asyncio.sleep(1)
            return await cost_ms(node, tmp_path / "calls", rate=rate, calls=calls)

    value, result = timed(benchmark, lambda: run(measure()))
    assert result.failed == 0, result.output
    record(
        benchmark,
        Figure(
            title=f"CPU per call at {rate} calls/s",
            value=value,
            unit="ms",
            target=3.4,
            peer=run(asterisk_ms(tmp_path / "asterisk", rate=rate, calls=calls)) or peers.CALL_AT_50,
            how=f"{calls} calls, authenticated, 0.5 s hold, no media, CDR on; user+system",
        ),
        Figure(
            title=f"Mean set-up time at {rate} calls/s",
            value=result.mean_response_ms,
            unit="ms",
            how="first INVITE to 200 OK, the challenge included, as SIPp saw it",
        ),
    )


async def highest_clean(node: Node, folder: Path) -> tuple[int, float]:
    """The most calls a second without a failure, by steps, and what each cost."""
    best, cost = 0, 0.0
    while True:
        rate = best + STEP
        value, result = await cost_ms(node, folder / str(rate), rate=rate, calls=rate * STEP_S)
        if result.failed or result.retransmissions > rate * STEP_S / 100:
            await asyncio.sleep(5)
            return best, cost
        best, cost = rate, value


async def untouched(node: Node, folder: Path, rate: float) -> tuple[SippResult, SippResult]:
    """More calls than there is time for, while others are up: how those went, and these."""
    seconds = 10
    async with asyncio.TaskGroup() as group:
        patient = group.create_task(
            call(
                node,
                folder / "patient",
                calls=25,
                rate=25,
                hold_ms=(seconds + 6) * 1000,
                callers=EXTENSIONS[5:10],
                callees=EXTENSIONS[15:20],
                port=PATIENT_PORT,
            )
        )
        await asyncio.sleep(3)
        flood = group.create_task(
            call(
                node,
                folder / "flood",
                calls=int(rate * seconds),
                rate=rate,
                hold_ms=500,
                limit=20_000,
                callers=EXTENSIONS[:5],
                callees=EXTENSIONS[10:15],
            )
        )
    return flood.result(), patient.result()


def test_calls_one_core_carries(
    benchmark: BenchmarkFixture, office: Node, run: Runner, tmp_path: Path
) -> None:
    async def measure() -> tuple[int, float, SippResult, SippResult, SippResult]:
        async with running(office) as node:
            await call(node, tmp_path / "warm", calls=100, rate=50, hold_ms=100)
            best, cost = await highest_clean(node, tmp_path)
            half = await call(node, tmp_path / "half", calls=best // 2 * STEP_S, rate=best / 2, hold_ms=500)
            flood, patient = await untouched(node, tmp_path, 2 * best)
            await node.no_calls(timeout_s=90)  # without an ACK 32 s, without a BYE a minute of silence
            return best, cost, half, flood, patient

    best, cost, half, flood, patient = timed(benchmark, lambda: run(measure()))
    assert best, "not even the first step was clean"
    assert half.failed == 0, half.output
    assert patient.failed == 0, patient.output  # a call that is up is not touched
    record(
        benchmark,
        Figure(
            title="Highest clean rate on one core",
            value=best,
            unit="calls/s",
            better="higher",
            target=350,
            peer=peers.CALL_RATE,
            how=f"steps of {STEP} calls/s for {STEP_S} s each, none failed, under 1 % retransmissions",
        ),
        Figure(
            title="CPU per call at that rate",
            value=cost,
            unit="ms",
            target=2.8,
            peer=run(asterisk_ms(tmp_path / "asterisk", rate=best, calls=best * STEP_S)) or peers.CALL_AT_350,
            how="as at 50 calls/s",
        ),
        Figure(
            title="Set-up time of 95 % at half that rate",
            value=half.response_ms(0.95),
            unit="ms",
            target=20,
            how="first INVITE to 200 OK, the challenge included, as SIPp saw it",
        ),
        Figure(
            title="Calls carried when twice as many come",
            value=flood.successful / 10,
            unit="calls/s",
            better="higher",
            how=f"10 s; {flood.failed} were told 503, {flood.retransmissions} messages came again, "
            f"none of {patient.successful} calls that were up was touched",
        ),
    )


def test_memory_per_active_call(
    benchmark: BenchmarkFixture, office: Node, run: Runner, tmp_path: Path
) -> None:
    calls = 200

    async def measure() -> float:
        async with running(office) as node:
            await call(node, tmp_path / "warm", calls=50, rate=50, hold_ms=100)
            await node.get("calls")  # with the first request comes the API
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


def test_memory_does_not_grow_with_calls(
    benchmark: BenchmarkFixture, office: Node, run: Runner, tmp_path: Path
) -> None:
    """The second half of the calls may need no memory that the first did not."""
    calls, rate = 6000, 50

    async def measure() -> float:
        async with running(office) as node:
            sizes = []
            for half in ("first", "second"):
                result = await call(node, tmp_path / half, calls=calls // 2, rate=rate, hold_ms=500)
                assert result.failed == 0, result.output
                await asyncio.sleep(LINGERS_S)
                sizes.append(node.rss_bytes)
            return (sizes[1] - sizes[0]) / (calls // 2)

    grown = timed(benchmark, lambda: run(measure()))
    record(
        benchmark,
        Figure(
            title="Memory kept per finished call",
            value=grown,
            unit="bytes",
            target=100,
            how=f"the second {calls // 2} calls at {rate}/s, {LINGERS_S} s after the last",
        ),
    )
