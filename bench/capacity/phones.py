"""The phones of a run: phones.c, compiled, fed and listened to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import msgspec

from bench.capacity.sound import Series

__all__ = ["Heard", "Phones", "build"]

SILENT = -1


class Heard(msgspec.Struct, frozen=True):
    """What the phones say at the end. Times in ms; `own_…`: whether the phones themselves kept up."""

    sent: int
    received: int
    lost: int
    """Missing between the first and the last that a phone heard."""
    silent: int
    """Phones that heard less than 95 % of what they should have."""
    refused: int
    strangers: int
    own_drops: int
    p50_ms: float
    p99_ms: float
    p999_ms: float
    own_cpu: float
    """Of one core."""
    own_p99_ms: float
    """How late this program's own clock was served."""


def build(folder: Path) -> Path:
    """Compile phones.c; a compiler is there, since the node itself was built with one."""
    program = folder / "phones"
    source = Path(__file__).with_name("phones.c")
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, "-O2", "-o", str(program), str(source)], check=True)
    return program


class Phones:
    """A running program of phones. `ports` are those of its sockets, one of which each phone uses."""

    def __init__(self, program: Path, core: int | None, warm_up_s: float, seconds: float) -> None:
        self._command = [str(program), str(-1 if core is None else core), str(warm_up_s), str(seconds)]
        self._deadline_s = warm_up_s + seconds + 30

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ports = [int(port) for port in self._read().split()]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def run(
        self,
        series: Sequence[Series],
        phones: Sequence[tuple[int, int, int | None]],
        at: Callable[[str], None],
    ) -> Heard:
        """Let them talk: (port of the node, number of the socket, series or None) each.

        `at` is called with "begin" and "end" when the time that counts begins and ends.
        """
        lines: list[str] = []
        for one in series:
            lines.append(f"series {int(one.sealed)} {len(one.packets)}")
            lines += [packet.hex() for packet in one.packets]
        lines += [f"phone {port} {sock} {SILENT if of is None else of}" for port, sock, of in phones]
        assert self._process.stdin is not None
        self._process.stdin.write("\n".join([*lines, "go", ""]))
        self._process.stdin.close()
        for moment in ("begin", "end"):
            if (said := self._read().strip()) != moment:
                raise RuntimeError(f"the phones said {said!r} instead of {moment!r}")
            at(moment)
        return msgspec.json.decode(self._read(), type=Heard)

    def _read(self) -> str:
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise RuntimeError(f"the phones ended with status {self._process.wait()}")
        return line
