"""One measured number, beside its target and a peer's number for the same thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar, cast

import msgspec
from pytest_benchmark.fixture import BenchmarkFixture

__all__ = ["Figure", "Peer", "figures_of", "measure", "median_s", "record"]

T = TypeVar("T")


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """Another program's figure. Compare only `same_run` ones closely: the rest come from another machine."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    same_run: bool = False
    source: str = "measured on another machine: 2 cores of an EPYC server, Debian 12, loopback; ±20–30 %"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured. `target` is the limit the project sets itself: to stay under, or over, as `better` says."""

    title: str
    value: float
    unit: str
    better: Literal["lower", "higher"] = "lower"
    target: float | None = None
    peer: Peer | None = None
    how: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer; below 1 is worse."""
        if self.peer is None or not self.value or not self.peer.value:
            return None
        return self.peer.value / self.value if self.better == "lower" else self.value / self.peer.value

    @property
    def meets_target(self) -> bool | None:
        if self.target is None:
            return None
        return self.value <= self.target if self.better == "lower" else self.value >= self.target


def measure(
    benchmark: BenchmarkFixture,
    function: Callable[[], T],
    *,
    setup: Callable[[], None] | None = None,
    rounds: int = 1,
    warmup_rounds: int = 0,
) -> T:
    """Run `function` so often, each time after `setup`; returns what its last run returned."""
    result: T = cast(Any, benchmark).pedantic(
        function, setup=setup, rounds=rounds, warmup_rounds=warmup_rounds
    )
    return result


def median_s(benchmark: BenchmarkFixture) -> float:
    """Median seconds of a round, once `measure` is through."""
    return float(cast(Any, benchmark).stats.stats.median)


def record(benchmark: BenchmarkFixture, *figures: Figure) -> None:
    """Attach figures to a benchmark, so that they are saved with its JSON."""
    benchmark.extra_info["figures"] = [msgspec.to_builtins(figure) for figure in figures]


def figures_of(saved: dict[str, Any]) -> list[Figure]:
    """All figures in the JSON that pytest-benchmark saved, in the order of the run."""
    found: list[Figure] = []
    for one in saved["benchmarks"]:
        found += msgspec.convert(one["extra_info"].get("figures", []), list[Figure])
    return found
