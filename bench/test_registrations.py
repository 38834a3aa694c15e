"""What a registration costs: challenge, check, and a binding that is on disk before the 200 OK leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench import peers
from bench.conftest import EXTENSIONS, Runner
from bench.figure import Figure, record
from bench.figure import measure as timed
from tests.live.node import Node, running
from tests.live.ports import free_port
from tests.live.sipp import Sipp, SippResult, phone_rows


async def register(node: Node, folder: Path, *, count: int, rate: float) -> SippResult:
    """So many REGISTERs, each with its challenge, of 20 extensions in turn."""
    port = free_port()
    return await Sipp(
        folder,
        "register",
        remote=node.address,
        users=phone_rows(node, EXTENSIONS, port),
        port=port,
        calls=count,
        rate=rate,
        limit=5000,
        timeout_s=count / rate + 40,
    ).run()


@pytest.mark.parametrize(("rate", "count"), [(500, 5000), (2000, 10000)])
def test_registrations(
    benchmark: BenchmarkFixture, office: Node, run: Runner, tmp_path: Path, rate: int, count: int
) -> None:
    async def measure() -> tuple[float, SippResult]:
        async with running(office) as node:
            await register(node, tmp_path / "warm", count=500, rate=500)
            before_s = node.cpu_s
            result = await register(node, tmp_path / "register", count=count, rate=rate)
            return node.cpu_s - before_s, result

    cpu_s, result = timed(benchmark, lambda: run(measure()))
    assert result.failed == 0, result.output
    figures = [
        Figure(
            title=f"CPU per registration at {rate}/s",
            value=cpu_s / count * 1e6,
            unit="µs",
            peer=peers.REGISTER if rate == 500 else None,
            how=f"{count} times REGISTER, 401, REGISTER, 200; the binding is stored durably",
        ),
        Figure(
            title=f"Registrations per CPU second at {rate}/s",
            value=count / cpu_s,
            unit="1/s",
            better="higher",
            peer=peers.REGISTER_RATE,
        ),
    ]
    record(benchmark, *figures)
