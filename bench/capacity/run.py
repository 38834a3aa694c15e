"""One load, so many units of it, for so many seconds: a node's process on one core, the phones on another."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from bench.capacity.load import Load
from bench.capacity.node import Question, Read, Reading, Start
from bench.capacity.phones import Phones

T = TypeVar("T")

__all__ = ["LATEST_MS", "Bench", "Run", "cores"]

SOCKETS = 64
LATEST_MS = 25.0
"""More than 1 % of the packets later than this: a phone's jitter buffer would begin to notice."""
PHONES_KEEP_UP = 0.9  # of a core
PHONES_LATE_MS = 5.0


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What one run showed."""

    units: int
    core: float
    """CPU of the node's process, threads and kernel work for it included, of one core."""
    lost: int
    p50_ms: float
    p99_ms: float
    kib_per_unit: float
    phones_core: float
    phones_late: bool
    """The phones themselves did not keep up: the run says nothing about the node."""
    written_kib_s: float = 0.0
    """To the disk, for each unit."""

    @property
    def clean(self) -> bool:
        return self.lost == 0 and self.p99_ms < LATEST_MS

    @property
    def disturbed(self) -> bool:
        """The phones were late without being busy: something else took their core."""
        return self.phones_late and self.phones_core < PHONES_KEEP_UP / 2

    @property
    def core_per_unit(self) -> float:
        return self.core / self.units


def cores() -> tuple[int | None, int | None]:
    """One for the node and another for the phones, where there are two."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


class NodeProcess:
    """`bench.capacity.node` on its core."""

    def __init__(self, core: int | None) -> None:
        where = "any" if core is None else str(core)
        self._command = [sys.executable, "-m", "bench.capacity.node", where]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def start(self, load: Load, ports: list[int], folder: str) -> list[int]:
        return self._ask(Start(load=load.name, ports=ports, folder=folder), list[int])

    def read(self, *, streams: bool = False) -> Reading:
        return self._ask(Read(streams), Reading)

    def _ask(self, question: Question, kind: type[T]) -> T:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(question) + b"\n")
        self._process.stdin.flush()
        if not (answer := self._process.stdout.readline()):
            raise RuntimeError(f"the node ended with status {self._process.wait()}")
        return msgspec.json.decode(answer, type=kind)


@dataclass(frozen=True, slots=True)
class Bench:
    """How runs are made here. `folder` is where recordings go and the program of phones lies."""

    program: Path
    folder: Path
    warm_up_s: float
    seconds: float

    @property
    def run_s(self) -> float:
        """How long a run takes, roughly."""
        return self.warm_up_s + self.seconds + 1.5

    def run(self, load: Load, units: int) -> Run:
        node_core, phones_core = cores()
        series = load.series(self.warm_up_s + self.seconds)
        kinds = list(range(len(load.phones))) * units
        readings: dict[str, Reading] = {}
        with (
            tempfile.TemporaryDirectory(prefix="recordings-", dir=self.folder) as folder,
            NodeProcess(node_core) as node,
            Phones(self.program, phones_core, self.warm_up_s, self.seconds) as phones,
        ):
            idle = node.read()
            written: dict[str, int] = {}

            def at(moment: str) -> None:
                readings[moment] = node.read()
                written[moment] = bytes_in(Path(folder))

            sockets = [index // len(load.phones) % SOCKETS for index in range(len(kinds))]
            ports = node.start(load, [phones.ports[sock] for sock in sockets], folder)
            heard = phones.run(
                series,
                list(zip(ports, sockets, kinds, strict=True)),
                at,
            )
            lost = node.read(streams=True).lost
        begin, end = readings["begin"], readings["end"]
        return Run(
            units=units,
            core=(end.cpu_s - begin.cpu_s) / (end.at_s - begin.at_s),
            written_kib_s=(written["end"] - written["begin"]) / 1024 / units / (end.at_s - begin.at_s),
            lost=lost + heard.lost + heard.silent,
            p50_ms=heard.p50_ms,
            p99_ms=heard.p99_ms,
            kib_per_unit=(end.resident_bytes - idle.resident_bytes) / 1024 / units,
            phones_core=heard.own_cpu,
            phones_late=heard.own_drops > 0
            or heard.refused > 0
            or heard.own_cpu > PHONES_KEEP_UP
            or heard.own_p99_ms > PHONES_LATE_MS,
        )
