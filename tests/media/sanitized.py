"""Runs the audio tests on a build with sanitizers: `python -m tests.media.sanitized [pytest options]`.

Builds `media_ext` with `PBX_DEBUG_BUILD=1` into `build/sanitized`, beside a copy of the Python sources, and runs the
tests there with the address and undefined-behaviour sanitizers loaded. The build in place is not touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
TREE = HERE / "build" / "sanitized"
PACKAGES = ("pbx", "tests", "media_ext")
TESTS = ("tests/media", "tests/fuzz/test_fuzz_rtp.py", "tests/fuzz/test_fuzz_srtp.py")


def prepare() -> None:
    """The tree with the instrumented modules."""
    for package in PACKAGES:
        shutil.rmtree(TREE / package, ignore_errors=True)
        shutil.copytree(
            HERE / package, TREE / package, ignore=shutil.ignore_patterns("*.so", "__pycache__", "web")
        )
    shutil.copy(HERE / "pyproject.toml", TREE)
    subprocess.run(
        [
            sys.executable,
            "setup.py",
            "-q",
            "build_ext",
            "--build-lib",
            str(TREE),
            "--build-temp",
            str(TREE / "temp"),
        ],
        cwd=HERE,
        env={**os.environ, "PBX_DEBUG_BUILD": "1"},
        check=True,
    )


def library(name: str) -> str:
    """Where the compiler keeps this sanitizer's runtime, which has to be loaded before Python's own code."""
    return subprocess.run(
        ["cc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()


def main() -> int:
    prepare()
    environment = {
        **os.environ,
        "LD_PRELOAD": f"{library('libasan.so')} {library('libubsan.so')}",
        # The interpreter itself never frees everything. A test measures growth: freed memory is soon given back.
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:quarantine_size_mb=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        "PYTHONMALLOC": "malloc",
    }
    options = sys.argv[1:] or list(TESTS)
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options], cwd=TREE, env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
