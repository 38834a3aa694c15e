"""How many units one core carries: a small load tells the price of one, a large one shows that it is so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from bench.capacity.load import Load
from bench.capacity.node import PORT_MAX, PORT_MIN
from bench.capacity.run import Run

__all__ = ["SHARE", "Result", "search"]

SHARE = 0.8
"""Of what the price of a unit promises: the rest is for the moments when much comes at once."""
GROWTH = 1.1  # a larger run is made when the price has fallen by more than this
STEP_DOWN = 0.8


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What was found about one load."""

    name: str
    title: str
    unit: str
    what: str
    confirmed: int
    """Carried by one core without a lost packet, on time: a run showed it."""
    predicted: int
    """What the whole core would carry by the price of a unit in the largest clean run."""
    core_per_unit: float
    kib_per_unit: float
    p99_ms: float
    limit: str
    """What kept the confirmed number from being higher: "share", "late", "lost", "busy", "phones", "ports"."""
    runs: list[Run]


@dataclass(slots=True)
class Search:
    """The runs of one load, and what to try next."""

    load: Load
    run: Callable[[Load, int], Run]
    tries: int
    runs: list[Run] = field(default_factory=list)

    @property
    def best(self) -> Run | None:
        return max((run for run in self.runs if run.clean), key=lambda run: run.units, default=None)

    @property
    def most(self) -> int:
        """As many as there are ports; a stream takes two."""
        return (PORT_MAX - PORT_MIN + 1) // 2 // len(self.load.phones)

    def look(self, units: int) -> Run:
        self.runs.append(self.run(self.load, units))
        return self.runs[-1]

    def result(self) -> Result:
        """One failure may be the machine's; the second at the same number of units is believed."""
        units, limit, failed = self.load.first, "share", 0
        for _ in range(1 + self.tries):
            run = self.look(units)
            if run.disturbed:
                continue
            if not run.clean:
                failed += 1
                if failed == 2:
                    units, limit, failed = max(int(units * STEP_DOWN), 1), self._why(run), 0
                continue
            wanted = min(int(SHARE / run.core_per_unit), self.most)
            if limit != "share" or units * GROWTH > wanted:
                limit = "ports" if units == self.most else limit
                break
            units, failed = wanted, 0
        if self.runs[-1].disturbed and limit == "share":
            limit = "busy"
        return self._sum_up(limit)

    @staticmethod
    def _why(run: Run) -> str:
        return "phones" if run.phones_late else "lost" if run.lost else "late"

    def _sum_up(self, limit: str) -> Result:
        best = self.best
        price = best or self.runs[-1]
        return Result(
            name=self.load.name,
            title=self.load.title,
            unit=self.load.unit,
            what=self.load.what,
            confirmed=best.units if best else 0,
            predicted=int(1 / price.core_per_unit),
            core_per_unit=price.core_per_unit,
            kib_per_unit=price.kib_per_unit,
            p99_ms=price.p99_ms,
            limit=limit,
            runs=self.runs,
        )


def search(load: Load, run: Callable[[Load, int], Run], *, tries: int) -> Result:
    """A first look at `load.first` units, then up to `tries` runs at `SHARE` of what the price of one promises."""
    return Search(load, run, tries).result()
