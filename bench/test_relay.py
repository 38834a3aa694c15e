"""CPU per relayed RTP packet: ours with io_uring and with epoll, and rtpengine's, turn by turn in the same run."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.figure import Figure, Peer, measure, record
from bench.relays import BellwireEpoll, BellwireUring, Ports, Relay, RtpEngine, cpu_s, resident_bytes
from media_ext.workers import io_uring_refusal

ROUNDS = 3
WARM_UP_S = 1.5
SECONDS = 3.0
SOCKETS = 16  # of each side, as in rtp_blast.c

# Microseconds of CPU per packet by calls, where rtpengine cannot be measured here (10.5.3.5, --table=-1, one thread).
RTPENGINE_US = {200: 11.2, 500: 10.9, 1000: 8.8}


@dataclass(frozen=True, slots=True)
class Run:
    """One relay under one load for one moment."""

    us_per_packet: float
    loss: float
    p50_us: float
    p99_us: float
    kib_per_call: float

    def __str__(self) -> str:
        return (
            f"loss {self.loss:.2%}, through the relay in {self.p50_us:.0f} µs (p50) and {self.p99_us:.0f} µs (p99), "
            f"{self.kib_per_call:.0f} KiB a call"
        )


@pytest.fixture(scope="module")
def blast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The load generator, compiled."""
    program = tmp_path_factory.mktemp("blast") / "rtp_blast"
    source = Path(__file__).with_name("rtp_blast.c")
    subprocess.run(["cc", "-O2", "-o", str(program), str(source)], check=True)
    return program


def cores() -> tuple[int | None, int | None]:
    """One for the relay and one for the load, so that neither takes the other's time; where there are two."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def run_once(make: Callable[[int, int, int | None], Relay], calls: int, blast: Path, first_port: int) -> Run:
    relay_core, load_core = cores()
    pin = ["taskset", "-c", str(load_core)] if load_core is not None else []
    with make(first_port, first_port + 4 * calls + 99, relay_core) as relay:
        before = resident_bytes(relay.pid)
        load = subprocess.Popen(
            [*pin, str(blast), str(WARM_UP_S + SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert load.stdin is not None
        assert load.stdout is not None
        ports = [int(port) for port in load.stdout.readline().split()]
        relayed = relay.open_calls(list(phones(ports, calls)))
        load.stdin.write("".join(f"{a} {b}\n" for a, b in relayed) + "go\n")
        load.stdin.close()
        wait(load, WARM_UP_S)
        cpu, memory = cpu_s(relay.pid), resident_bytes(relay.pid)
        wait(load, SECONDS - 0.2)
        cpu = cpu_s(relay.pid) - cpu
        said = json.loads(load.stdout.read())
        load.wait()
    packets = said["received"] * (SECONDS - 0.2) / (SECONDS + WARM_UP_S)
    return Run(
        us_per_packet=cpu / packets * 1e6,
        loss=1 - said["received"] / said["sent"],
        p50_us=said["p50_us"],
        p99_us=said["p99_us"],
        kib_per_call=(memory - before) / 1024 / calls,
    )


def wait(load: subprocess.Popen[str], seconds: float) -> None:
    """The load's own time passes; it must not end meanwhile."""
    try:
        load.wait(seconds)
    except subprocess.TimeoutExpired:
        return
    raise RuntimeError("the load ended early")


def phones(ports: list[int], calls: int) -> Iterator[Ports]:
    for call in range(calls):
        yield ports[call % SOCKETS], ports[SOCKETS + call % SOCKETS]


@pytest.mark.parametrize("calls", sorted(RTPENGINE_US))
def test_cpu_per_relayed_packet(benchmark: BenchmarkFixture, blast: Path, calls: int) -> None:
    makers: dict[str, Callable[[int, int, int | None], Relay]] = {BellwireEpoll.name: BellwireEpoll}
    if refusal := io_uring_refusal():
        warnings.warn(f"io_uring is not measured: {refusal}", stacklevel=1)
    else:
        makers = {BellwireUring.name: BellwireUring, **makers}
    ours = list(makers)
    if RtpEngine.installed():
        makers[RtpEngine.name] = RtpEngine
    else:
        warnings.warn(
            "rtpengine is not installed (Debian: rtpengine-daemon): a known figure instead", stacklevel=1
        )
    runs: dict[str, list[Run]] = {name: [] for name in makers}

    def turns() -> None:
        for turn in range(ROUNDS):
            for place, (name, make) in enumerate(makers.items()):
                runs[name].append(run_once(make, calls, blast, 20000 + 12000 * ((turn + place) % 2)))

    measure(benchmark, turns)
    if theirs := runs.get(RtpEngine.name):
        peer = Peer(
            name=RtpEngine.name,
            value=middle(theirs).us_per_packet,
            low=min(run.us_per_packet for run in theirs),
            high=max(run.us_per_packet for run in theirs),
            same_run=True,
            source=f"Debian's rtpengine in user space, one thread, in turns with ours: {middle(theirs)}",
        )
    else:
        peer = Peer(name=RtpEngine.name, value=RTPENGINE_US[calls])
    record(benchmark, *(figure(name, runs[name], calls, peer) for name in ours))
    for name in ours:
        assert min(run.loss for run in runs[name]) < 0.001, "nothing is lost while the machine has time"


def figure(name: str, runs: list[Run], calls: int, peer: Peer) -> Figure:
    """One of our loops beside the peer."""
    each = ", ".join(f"{run.us_per_packet:.2f}" for run in runs)
    return Figure(
        title=f"CPU per relayed RTP packet, {calls} calls ({name.partition(', ')[2]})",
        value=middle(runs).us_per_packet,
        unit="µs",
        target=peer.value / 2,
        peer=peer,
        how=f"20 ms µ-law both ways on loopback, median of {each} µs; {middle(runs)}",
    )


def middle(runs: list[Run]) -> Run:
    """The run whose CPU is the median."""
    wanted = statistics.median_low(run.us_per_packet for run in runs)
    return next(run for run in runs if run.us_per_packet == wanted)
