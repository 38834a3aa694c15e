"""`python -m bench.capacity`: how many calls, conferences, recordings and Opus legs this machine carries.

Needs what building the node needs, and no more: no root, no other program. Measure on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from pathlib import Path

from bench.capacity.load import LOADS, Load, load_named
from bench.capacity.phones import build
from bench.capacity.progress import Progress
from bench.capacity.report import METHOD, save, table, this_machine
from bench.capacity.run import Bench, Run, cores
from bench.capacity.search import Result, search
from pbx.media.engine import allow_many_files
from pbx.media.loop_setting import loop_for

RESULTS = Path(__file__).parents[1] / "results"
QUICK, LONG = (
    (1.0, 2.0, 4),
    (2.0, 10.0, 6),
)  # warm-up and length of a run in seconds; runs after the first look


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.capacity", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute, and rougher")
    parser.add_argument(
        "--only", nargs="+", metavar="LOAD", choices=[load.name for load in LOADS], help="these loads only"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for JSON and charts")
    parser.add_argument(
        "--folder", type=Path, help="where recordings are written meanwhile: choose the disk to be measured"
    )
    return parser.parse_args()


def main() -> int:
    options = arguments()
    loads = [load_named(name) for name in options.only] if options.only else list(LOADS)
    warm_up_s, seconds, tries = QUICK if options.quick else LONG
    allow_many_files()
    machine = this_machine(loop_for("auto"))
    with tempfile.TemporaryDirectory(prefix="capacity-", dir=options.folder) as folder:
        bench = Bench(build(Path(folder)), Path(folder), warm_up_s, seconds)
        progress = Progress(runs=len(loads) * (1 + tries), run_s=bench.run_s)
        results = [measured(load, bench, progress, tries) for load in loads]
    progress.done()
    print(f"{machine.model}, {machine.cores} cores, Linux {machine.kernel}, {machine.loop}\n")
    print(table(results))
    print("\n" + "\n".join(f"- {line}" for line in [*METHOD, *remarks(machine.busy)]) + "\n")
    for path in save(results, machine, options.out):
        print(path)
    return 0 if all(result.confirmed for result in results) else 1


def measured(load: Load, bench: Bench, progress: Progress, tries: int) -> Result:
    def run(of: Load, units: int) -> Run:
        progress.say(f"{of.title}: {units:,} {of.unit}")
        made = bench.run(of, units)
        progress.step()
        return made

    result = search(load, run, tries=tries)
    progress.skip(1 + tries - len(result.runs))
    return result


def remarks(busy: float) -> list[str]:
    """What makes these figures worse than the machine is."""
    found = []
    if busy > 0.5:
        found.append(
            f"This machine was busy (load average {busy:.1f}) when we began: it carries more when it is not."
        )
    if cores() == (None, None):
        found.append("There is one core only: node and phones shared it, and a node alone carries more.")
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft < 65536:
        found.append(f"A process may open {soft:,} files here, four for each call.")
    return found


if __name__ == "__main__":
    sys.exit(main())
