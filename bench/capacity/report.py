"""What was found, as a table for the terminal, a picture, and JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.capacity.picture import Box, Picture, Words, png, svg
from bench.capacity.search import SHARE, Result

__all__ = ["METHOD", "Machine", "picture", "save", "table", "this_machine"]

METHOD = (
    "Phones on another core of the same machine send and hear 20 ms packets over loopback; nothing here crosses a "
    "network card, whose interrupts come on top.",
    "The number is a run that was made: one core, no packet lost, and fewer than 1 % of the packets 25 ms late. "
    f"It lies at about {SHARE:.0%} of what the price of one promises for a whole core.",
    "Each line is that load alone. Shares add up: half the calls and half the conference members fill the same core.",
    "With more cores the node spreads calls over --rtp-threads; leave one core for signalling, the database and the "
    "admin page. The sum over cores was not measured.",
)

LIMITS = {
    "share": "",
    "late": "more was late",
    "lost": "more lost packets",
    "busy": "at least: something else took the phones' core",
    "phones": "at least: the phones of this test were the limit",
    "ports": "at least: the ports of this test were the limit",
}

BLUE, PALE, GREY = (37, 99, 235), (191, 213, 250), (97, 112, 127)
WIDTH, LABEL, BAR, ROW, TOP = 960, 300, 430, 46, 78


class Machine(msgspec.Struct, frozen=True):
    """Where and when."""

    model: str
    cores: int
    kernel: str
    python: str
    loop: str
    busy: float
    """How many cores others kept busy when we began (the load average of a minute)."""
    measured_at: str


def this_machine(loop: str) -> Machine:
    return Machine(
        model=_model(),
        cores=os.cpu_count() or 1,
        kernel=platform.release(),
        python=platform.python_version(),
        loop=loop,
        busy=round(os.getloadavg()[0], 2),
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _model() -> str:
    board = Path("/proc/device-tree/model")
    if board.exists():
        return board.read_text().strip("\0\n ")
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return platform.machine()


def amount(result: Result) -> str:
    """A number that one may rely on."""
    if not result.confirmed:
        return f"fewer than {min(run.units for run in result.runs):,}"
    sign = "≥ " if result.limit in ("busy", "phones", "ports") else ""
    return f"{sign}{result.confirmed:,}"


def table(results: Sequence[Result]) -> str:
    """One line a load."""
    lines = [f"{'':36}{'one core carries':>24}{'of a core each':>16}{'99 % within':>13}{'memory each':>13}"]
    lines += [
        f"{one.title:36}{amount(one) + ' ' + one.unit:>24}{one.core_per_unit:>16.3%}{one.p99_ms:>10.1f} ms"
        f"{one.kib_per_unit:>9.1f} KiB   {LIMITS[one.limit]}".rstrip()
        for one in results
    ]
    return "\n".join(lines)


def picture(results: Sequence[Result], machine: Machine) -> Picture:
    """A bar for each load: dark what was carried, pale what its price promises for a full core."""
    most = max((max(one.confirmed, one.predicted) for one in results), default=1) or 1
    plural = "cores" if machine.cores > 1 else "core"
    where = f"{machine.model}, {machine.cores} {plural}, Linux {machine.kernel}, {machine.measured_at}"
    parts: list[Box | Words] = [
        Words(16, 30, "What one core of this box can carry", 18, bold=True),
        Words(16, 50, where, 11, colour=GREY),
    ]
    for index, one in enumerate(results):
        y = TOP + ROW * index
        dark, pale = BAR * one.confirmed / most, BAR * one.predicted / most
        parts += [
            Words(16, y + 15, one.title, bold=True),
            Words(
                16,
                y + 30,
                f"{one.core_per_unit:.2%} of a core each, 99 % within {one.p99_ms:.0f} ms",
                11,
                colour=GREY,
            ),
            Box(LABEL, y + 4, pale, 20, PALE),
            Box(LABEL, y + 4, max(dark, 1), 20, BLUE),
            Words(LABEL + max(dark, pale) + 8, y + 19, f"{amount(one)} {one.unit}"),
        ]
    foot = TOP + ROW * len(results) + 20
    parts.append(
        Words(
            16,
            foot,
            "Dark: carried without a lost packet, on time. Pale: what the price of one promises for the whole core.",
            11,
            colour=GREY,
        )
    )
    return Picture(WIDTH, foot + 20, parts, "What one core of this box can carry")


def save(results: Sequence[Result], machine: Machine, folder: Path) -> list[Path]:
    """Write capacity.json, capacity.svg and capacity.png."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = picture(results, machine)
    document = {"machine": machine, "method": METHOD, "results": results}
    files = {
        "capacity.json": msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n",
        "capacity.svg": svg(drawn).encode(),
        "capacity.png": png(drawn),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]
