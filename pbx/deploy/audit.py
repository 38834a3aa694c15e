"""Whether a known weakness is in what we depend on: the pinned Python packages, and the site's at run time.

    python audit.py [--again]

Asks pip-audit (PyPI's list of weaknesses) and `npm audit`. Fails for what is found and not in KNOWN; where nobody can
be asked, it says so and passes. Asked once a day, or when what is pinned has changed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PINNED = ROOT / "pbx/deploy/constraints.txt"
LOCK = ROOT / "site/package-lock.json"
TOOLS = ROOT / ".make/audit-tools"
PIP_AUDIT = "pip-audit==2.10.1"
DAY_S = 86400.0

KNOWN: dict[str, str] = {}
"""Weaknesses that do not touch us: their id, and why."""


def main(again: bool) -> int:
    found: list[str] = []
    for name, pinned, ask in (
        ("pip-audit", PINNED, python_weaknesses),
        ("npm audit", LOCK, site_weaknesses),
    ):
        stamp = ROOT / ".make" / f"{name.replace(' ', '-')}.asked"
        if not again and _is_fresh(stamp, pinned):
            continue
        try:
            here = [each for each in ask() if not any(known in each for known in KNOWN)]
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            print(f"    not asked: {name} ({_first_line(error)})", file=sys.stderr)
            continue
        found += here
        if not here:
            stamp.parent.mkdir(exist_ok=True)
            stamp.touch()
    for each in found:
        print(f"    {each}", file=sys.stderr)
    if found:
        print(
            "    Take a newer version (make lock), or say in pbx/deploy/audit.py why it is none.",
            file=sys.stderr,
        )
    return 1 if found else 0


def _is_fresh(stamp: Path, pinned: Path) -> bool:
    """Whether nothing was found within the last day, in what is pinned now."""
    if not stamp.is_file():
        return False
    asked = stamp.stat().st_mtime
    return time.time() - asked < DAY_S and asked > pinned.stat().st_mtime


def python_weaknesses() -> Iterator[str]:
    tool = TOOLS / "bin/pip-audit"
    if not tool.exists():
        python = str(TOOLS / "bin/python")
        _run([sys.executable, "-m", "venv", str(TOOLS)])
        _run([python, "-m", "pip", "install", "-q", "--retries", "0", PIP_AUDIT])
    options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "-f", "json", "-r", str(PINNED)]
    report = _json([str(tool), *options])
    for package in report["dependencies"]:
        for each in package.get("vulns", ()):
            fixed = ", ".join(each["fix_versions"]) or "none yet"
            names = " ".join((each["id"], *each["aliases"]))
            yield f"{package['name']} {package['version']}: {names} (mended in {fixed})"


def site_weaknesses() -> Iterator[str]:
    report = _json(["npm", "--prefix", str(ROOT / "site"), "audit", "--omit=dev", "--json"])
    if "vulnerabilities" not in report:
        raise ValueError(str(report.get("message") or report.get("error") or "no answer"))
    for name, package in report["vulnerabilities"].items():
        if package["severity"] in ("moderate", "high", "critical"):
            advisories = [each for each in package["via"] if isinstance(each, dict)]
            titles = "; ".join(f"{each['title']} {each['url']}" for each in advisories)
            yield f"{name} ({package['severity']}): {titles or 'by ' + ', '.join(map(str, package['via']))}"


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=180)  # noqa: S603  our own words


def _json(command: list[str]) -> dict[str, Any]:
    """What the command prints; its exit status says only that something was found."""
    environment = os.environ | {"PIP_RETRIES": "0", "npm_config_fetch_retries": "0"}
    done = subprocess.run(  # noqa: S603  the words above
        command, capture_output=True, text=True, timeout=240, check=False, env=environment
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise ValueError(
            done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no answer"
        ) from None
    if not isinstance(report, dict):
        raise ValueError("an answer of another kind")  # noqa: TRY004  it is the other side's
    return report


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]


if __name__ == "__main__":
    sys.exit(main("--again" in sys.argv[1:]))
