"""What a call of Twilio's costs an edge, how many one core carries, and how much later each side hears the other."""

from __future__ import annotations

from pathlib import Path

import pytest
import uvloop
from pytest_benchmark.fixture import BenchmarkFixture

from bench.figure import Figure, measure, record
from bench.streaming import Streamed, node_calls, stream_calls

CALLS = 100
SECONDS = 10.0
LOST = 0.02


def _run(folder: Path, calls: int, seconds: float) -> Streamed:
    return uvloop.run(stream_calls(folder, calls, seconds))


def test_stream_calls_of_a_node(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """Through stream legs and the audio engine, too."""
    calls = 20
    done = measure(benchmark, lambda: uvloop.run(node_calls(tmp_path, calls, SECONDS)))
    how = f"{calls} calls, {SECONDS:g} s: simulated Twilio → edge → tunnel → node's echo → back; CPU time of the node"
    record(
        benchmark,
        Figure(title="node: CPU of one stream call", value=done.cpu_percent, unit="% of a core", target=2.0, how=how),
        Figure(title="from Twilio to the node's engine: added delay, median", value=done.one_way_ms, unit="ms",
               target=40.0, how=how),
    )  # fmt: skip
    assert done.keeps_pace, f"{done.seconds:g} s of speech took {done.took_s:.1f} s: the machine is too busy"


@pytest.mark.parametrize("calls", [10, CALLS])
def test_stream_calls(benchmark: BenchmarkFixture, tmp_path: Path, calls: int) -> None:
    done = measure(benchmark, lambda: _run(tmp_path / "edge", calls, SECONDS))
    how = (
        f"{calls} calls, {SECONDS:g} s, 20 ms of μ-law each way: simulated Twilio → edge → tunnel → office → back; CPU "
        "time of the edge's process, which has one thread"
    )
    record(
        benchmark,
        Figure(title=f"edge: CPU of one stream call, {calls} at once", value=done.cpu_percent, unit="% of a core",
               target=1.0, how=how),
        Figure(title=f"edge: added delay one way, median, {calls} at once", value=done.one_way_ms, unit="ms",
               target=40.0, how=how),
    )  # fmt: skip
    assert done.keeps_pace, f"{done.seconds:g} s of speech took {done.took_s:.1f} s: the machine is too busy"
    assert done.back >= done.sent * (1 - LOST), f"{done.sent} frames were sent, {done.back} came back"
