"""What encryption adds to a relayed packet: the same calls plain and with each SRTP profile, turn by turn."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from bench.figure import Figure, Peer, measure, record
from bench.relays import Bellwire
from bench.test_relay import Run, blast, middle, run_once
from bench.test_srtp import PROFILES

__all__ = ["blast"]  # a fixture

ROUNDS = 3
CALLS = 300
PORTS = (20000, 32000)
PLAIN = "plain"


class Chain(Bellwire):
    """Our engine relaying each packet twice, encrypted in between."""

    profile = 0

    def __init__(self, port_min: int, port_max: int, core: int | None = None) -> None:
        super().__init__(port_min, port_max, core)
        self._command = [
            sys.executable, "-m", "bench.relay_chain", str(PORTS[0]), str(PORTS[1]), str(self.profile),
        ]  # fmt: skip


def chain(profile: int) -> type[Chain]:
    return type("Chain", (Chain,), {"profile": profile})


def test_cpu_per_encrypted_packet(benchmark: BenchmarkFixture, blast: Path) -> None:
    kinds = {PLAIN: 0, **{name: number for name, (number, _) in PROFILES.items()}}
    runs: dict[str, list[Run]] = {name: [] for name in kinds}

    def turns() -> None:
        for _ in range(ROUNDS):
            for name, profile in kinds.items():
                runs[name].append(run_once(chain(profile), CALLS, blast, PORTS[0]))

    measure(benchmark, turns)
    plain = each_us(runs[PLAIN])
    peer = Peer(
        name="plain relay",
        value=statistics.median(plain),
        low=min(plain),
        high=max(plain),
        same_run=True,
        source="our own relay between two plain phones, in turns",
    )
    record(benchmark, *(figure(name, runs[name], plain, peer) for name in PROFILES))
    for name in kinds:
        assert min(run.loss for run in runs[name]) < 0.001, (
            f"{name}: nothing is lost while the machine has time"
        )


def each_us(runs: list[Run]) -> list[float]:
    """Each call's packets pass the relay twice."""
    return [run.us_per_packet / 2 for run in runs]


def figure(name: str, runs: list[Run], plain: list[float], peer: Peer) -> Figure:
    mine = each_us(runs)
    added = statistics.median(secure - bare for secure, bare in zip(mine, plain, strict=True))
    return Figure(
        title=f"CPU per packet relayed between RTP and SRTP, {CALLS} calls in a chain, {name}",
        value=statistics.median(mine),
        unit="µs",
        peer=peer,
        how=f"encryption adds {added:.2f} µs (median of {ROUNDS} turns, mean of protecting and unprotecting); "
        f"{', '.join(f'{us:.2f}' for us in mine)} µs; {middle(runs)}",
    )
