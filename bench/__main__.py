"""`make bench`: run every benchmark, save the figures as JSON, draw the chart, print the table.

python -m bench [pytest options, such as -k start]     some of them: the table only, nothing is saved
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.chart import number, svg
from bench.figure import Figure, figures_of

HERE = Path(__file__).parent
RESULTS = HERE / "results"


def main(options: list[str]) -> int:
    """Exit status: pytest's."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "benchmark.json"
        command = [
            sys.executable, "-m", "pytest", str(HERE), "-o", "addopts=", "-p", "no:cacheprovider", "-q",
            "--timeout", "600", f"--benchmark-json={raw}", "--benchmark-disable-gc", *options,
        ]  # fmt: skip
        code = subprocess.run(command, cwd=HERE.parent, check=False).returncode
        saved = json.loads(raw.read_text()) if raw.exists() and raw.stat().st_size else None
    if saved is None or not (figures := figures_of(saved)):
        print("nothing was measured", file=sys.stderr)
        return code or 1
    machine = {
        "cpu": saved["machine_info"]["cpu"].get("brand_raw", platform.machine()),
        "cores": saved["machine_info"]["cpu"].get("count"),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if not options:
        write(figures, machine)
    print(table(figures))
    return code


def write(figures: list[Figure], machine: dict[str, object]) -> None:
    """Save figures.json and chart.svg."""
    RESULTS.mkdir(exist_ok=True)
    rows = [
        {**msgspec.to_builtins(figure), "ratio": figure.ratio, "meets_target": figure.meets_target}
        for figure in figures
    ]
    document = {"machine": machine, "figures": rows}
    (RESULTS / "figures.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    where = (
        f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}, {machine['measured_at']}"
    )
    (RESULTS / "chart.svg").write_text(svg(figures, subtitle=where))


def table(figures: list[Figure]) -> str:
    """The figures as lines of text."""
    lines = [f"{'':44}{'measured':>14}{'limit':>10}{'peer':>14}{'ratio':>8}"]
    for figure in figures:
        limit = "" if figure.target is None else number(figure.target)
        mark = {True: "", False: " !", None: ""}[figure.meets_target]
        peer = "" if figure.peer is None else number(figure.peer.value)
        ratio = "" if figure.ratio is None else f"{figure.ratio:.1f}×"
        measured = f"{number(figure.value)} {figure.unit}"
        lines.append(f"{figure.title:44}{measured:>14}{limit + mark:>10}{peer:>14}{ratio:>8}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
