"""What one core carries through the engine: 2,000 relayed calls at once, and what a call takes of memory."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.capacity.load import load_named
from bench.capacity.phones import build
from bench.capacity.run import Bench, Run
from bench.figure import Figure, Peer, measure, record
from pbx.media.engine import allow_many_files

ROUNDS = 3
CALLS = (1000, 2000)
RTPENGINE_KB = 43.0


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder: Path = tmp_path_factory.mktemp("carried")
    allow_many_files()
    return Bench(build(folder), folder, warm_up_s=2.0, seconds=8.0)


def test_two_thousand_calls_on_one_core(benchmark: BenchmarkFixture, bench: Bench) -> None:
    runs: dict[int, list[Run]] = {calls: [] for calls in CALLS}

    def turns() -> None:
        for _ in range(ROUNDS):
            for calls in CALLS:
                runs[calls].append(bench.run(load_named("relay"), calls))

    measure(benchmark, turns)
    half, full = (median(runs[calls]) for calls in CALLS)
    grown_kib = (full.kib_per_unit * full.units - half.kib_per_unit * half.units) / (full.units - half.units)
    how = f"20 ms µ-law both ways on loopback, phones on the other core; {told(runs[2000])}"
    record(
        benchmark,
        Figure(title="2,000 calls on one core: lost packets", value=full.lost, unit="", target=0, how=how),
        Figure(
            title="2,000 calls on one core: 99 % within", value=full.p99_ms, unit="ms", target=25, how=how
        ),
        Figure(title="2,000 calls on one core: CPU", value=full.core * 100, unit="%", target=100, how=how),
        Figure(
            title="User memory per relayed call",
            value=grown_kib * 1.024,
            unit="KB",
            target=8,
            peer=Peer(name="rtpengine", value=RTPENGINE_KB),
            how="what the process is larger by with 2,000 calls than with 1,000; the kernel's sockets not counted",
        ),
    )


def median(runs: list[Run]) -> Run:
    """The run whose latency is the median."""
    wanted = statistics.median_low(run.p99_ms for run in runs)
    return next(run for run in runs if run.p99_ms == wanted)


def told(runs: list[Run]) -> str:
    each = ", ".join(f"{run.p99_ms:.1f} ms and {run.lost} lost at {run.core:.0%}" for run in runs)
    return f"each run: {each}"
