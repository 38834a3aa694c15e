"""What 200 recordings, and 200 prompts beside them, cost above the relay alone: audio threads, and those that write."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.figure import Figure, measure, record
from bench.relays import Ports, cpu_s
from bench.test_relay import blast, cores, phones, wait  # noqa: F401  a fixture
from media_ext.tap_door import TapProbe

CALLS = 200
ROUNDS = 3
WARM_UP_S = 2.0
SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Run:
    """Percent of a core; packets lost between phones, between the relay and the file, and of prompts."""

    process: float
    audio: float
    readers: float
    lost: int
    dropped: int
    ended: int
    copied: int
    prompts: int
    prompts_missing: int
    lasted_s: float


class Listeners:
    """Who hears the prompts, in a process of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.listeners"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def count(self) -> dict[str, int]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)


class Node:
    """The recording process."""

    def __init__(self, folder: Path, way: str, core: int | None, listener: int) -> None:
        pin = ["taskset", "-c", str(core)] if core is not None else []
        self.process = subprocess.Popen(
            [
                *pin,
                sys.executable,
                "-m",
                "bench.recording",
                "20000",
                "21999",
                str(folder),
                way,
                str(listener),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question: object) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


def run_once(way: str, program: Path, *, prompts: bool = False) -> Run:
    node_core, load_core = cores()
    folder = Path(tempfile.mkdtemp(prefix="recording-", dir="/var/tmp"))
    listeners = Listeners()
    node = Node(folder, way, node_core, listeners.port if prompts else 0)
    try:
        pin = ["taskset", "-c", str(load_core)] if load_core is not None else []
        load = subprocess.Popen(
            [*pin, str(program), str(WARM_UP_S + SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert load.stdin is not None
        assert load.stdout is not None
        ports = [int(port) for port in load.stdout.readline().split()]
        calls: list[Ports] = node.ask(list(phones(ports, CALLS)))
        load.stdin.write("".join(f"{a} {b}\n" for a, b in calls) + "go\n")
        load.stdin.close()
        wait(load, WARM_UP_S)
        began = time.monotonic()
        before, cpu, prompted = node.ask(0), cpu_s(node.process.pid), listeners.count()
        wait(load, SECONDS - 0.5)
        heard = listeners.count()
        lasted_s = time.monotonic() - began
        after, cpu = node.ask(0), cpu_s(node.process.pid) - cpu
        said = json.loads(load.stdout.read())
        load.wait()
    finally:
        node.close()
        listeners.close()
        shutil.rmtree(folder)
    share = 100 / lasted_s
    return Run(
        process=cpu * share,
        audio=(after["audio_s"] - before["audio_s"]) * share,
        readers=(after["readers_s"] - before["readers_s"]) * share,
        lost=said["sent"] - said["received"],
        dropped=after["dropped"] + after["lost"],
        ended=after["ended"],
        copied=after["packets"] - before["packets"],
        prompts=heard["came"] - prompted["came"],
        prompts_missing=heard["missing"],
        lasted_s=lasted_s,
    )


@pytest.mark.parametrize("way", ["wav"])
def test_two_hundred_recordings(benchmark: BenchmarkFixture, blast: Path, way: str) -> None:  # noqa: F811
    runs: dict[str, list[Run]] = {"none": [], way: []}

    def turns() -> None:
        for _ in range(ROUNDS):
            for each, done in runs.items():
                done.append(run_once(each, blast))

    measure(benchmark, turns)
    above = [on.process - off.process for off, on in zip(runs["none"], runs[way], strict=True)]
    alone, recording = runs["none"], runs[way]
    lost = sum(run.lost + run.dropped for run in recording)
    record(
        benchmark,
        Figure(
            title=f"{CALLS} recordings at once above pass-through, {way}",
            value=statistics.median(above),
            unit="% of a core",
            target=15,
            how=(
                f"both sides of {CALLS} µ-law calls, two channels, synchronised every 5 s; median of "
                f"{', '.join(f'{one:.1f}' for one in above)}; audio threads "
                f"{statistics.median(run.audio for run in alone):.1f} → "
                f"{statistics.median(run.audio for run in recording):.1f} %, writers "
                f"{statistics.median(run.readers for run in recording):.1f} %; {lost} packets lost"
            ),
        ),
    )
    assert not any(run.ended for run in recording)
    assert all(run.copied > 0.95 * 2 * 50 * CALLS * run.lasted_s for run in recording), (
        "both sides of each call"
    )
    assert lost == 0, "no packet is lost, on the way or into the file"


def test_two_hundred_recordings_and_prompts(benchmark: BenchmarkFixture, blast: Path) -> None:  # noqa: F811
    """Above passing the same 200 calls through: the prompts' own packets, sockets and all, are counted as extra."""
    runs: list[tuple[Run, Run]] = []

    def turns() -> None:
        for _ in range(ROUNDS):
            off = run_once("none", blast)
            runs.append((off, run_once("wav", blast, prompts=True)))

    measure(benchmark, turns)
    above = [on.process - off.process for off, on in runs]
    lost = sum(on.lost + on.dropped + on.prompts_missing for _, on in runs)
    record(
        benchmark,
        Figure(
            title=f"{CALLS} recordings and {CALLS} prompts at once above pass-through",
            value=statistics.median(above),
            unit="% of a core",
            target=15,
            how=(
                f"both sides of {CALLS} µ-law calls to WAV, {CALLS} players on streams of their own; median of "
                f"{', '.join(f'{one:.1f}' for one in above)}; the process passing through "
                f"{statistics.median(off.process for off, _ in runs):.1f} %, with all "
                f"{statistics.median(on.process for _, on in runs):.1f} %, of which writers "
                f"{statistics.median(on.readers for _, on in runs):.1f} %; {lost} packets lost"
            ),
        ),
    )
    assert all(on.copied > 0.95 * 2 * 50 * CALLS * on.lasted_s for _, on in runs), "both sides of each call"
    assert all(on.prompts > 0.95 * 50 * CALLS * on.lasted_s for _, on in runs), "every player kept up"
    assert not any(on.ended for _, on in runs)
    assert lost == 0, "no packet is lost, on the way or into the file"


def test_copying_a_packet(benchmark: BenchmarkFixture) -> None:
    value = statistics.median(TapProbe().time_put_ns(b"\xff" * 160, 100_000) for _ in range(5))
    measure(benchmark, lambda: None)
    record(benchmark, Figure(title="A tap's copy of one packet", value=value, unit="ns", how="160 bytes"))
