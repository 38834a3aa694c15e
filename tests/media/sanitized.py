"""Runs the audio tests on a build with sanitizers: `python -m tests.media.sanitized [--threads] [pytest options]`.

Builds `media_ext` with `PBX_DEBUG_BUILD=1` into `build/sanitized`, beside a copy of the Python sources, and runs the
tests there with the address and undefined-behaviour sanitizers loaded. With `--threads` it is the thread sanitizer, in
`build/threads`; it runs what has an engine in it, and tells all races at once. `--fuzz TARGET …` runs `python -m
tests.fuzz` there instead of tests, `--soak …` runs `python -m tests.media.soak`. The build in place is not touched.

The thread sanitizer sees the engine's own code, whose memory accesses are instrumented, and every lock, thread and
atomic through the C library's calls; the interpreter's own accesses it does not see, so it reports none of them.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
PACKAGES = ("pbx", "edge", "tests", "media_ext")
THREADED = (
    *sorted(
        str(path.relative_to(HERE))
        for path in (HERE / "tests" / "media").glob("test_*.py")
        if "MediaEngine" in path.read_text()
    ),
    "tests/media/test_soak.py",
    "tests/fuzz/test_fuzz_rtp.py",
    "tests/fuzz/test_fuzz_demux.py",
)
"""Tests with an engine's threads in them."""
# Programs that tests start (voices, sox) are not ours to check, and slow with a sanitizer in them.
BOOT = (
    "import os, runpy, sys; del os.environ['LD_PRELOAD'], sys.argv[0]; "
    "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
)
NOT_SLOWED = "not neither_memory_nor_files and not idle_engine_sleeps and not keep_their_time"
"""The thread sanitizer takes ten times the time, and memory of its own: what measures these says nothing."""


@dataclass(frozen=True, slots=True)
class Build:
    """A kind of sanitized build, and what runs on it when nothing is said."""

    flag: str
    folder: Path
    libraries: tuple[str, ...]
    settings: dict[str, str]
    tests: tuple[str, ...]
    wrapper: tuple[str, ...] = ()


MEMORY = Build(
    flag="1",
    folder=HERE / "build" / "sanitized",
    libraries=("libasan.so", "libubsan.so"),
    settings={
        # The interpreter itself never frees everything. A test measures growth: freed memory is soon given back.
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:quarantine_size_mb=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    },
    tests=("tests/media", "tests/fuzz"),
)
THREADS = Build(
    flag="thread",
    folder=HERE / "build" / "threads",
    libraries=("libtsan.so",),
    settings={
        "TSAN_OPTIONS": "second_deadlock_stack=1:history_size=4",
        "OPENBLAS_NUM_THREADS": "1",  # NumPy's own threads are not ours to check
    },
    tests=("-s", "-k", NOT_SLOWED, *THREADED),
    # Its shadow memory lies at fixed addresses, which newer kernels' random layout may take.
    wrapper=("setarch", platform.machine(), "--addr-no-randomize"),
)


def prepare(build: Build) -> None:
    """The tree with the instrumented modules."""
    for package in PACKAGES:
        shutil.rmtree(build.folder / package, ignore_errors=True)
        shutil.copytree(
            HERE / package,
            build.folder / package,
            ignore=shutil.ignore_patterns("*.so", "__pycache__", "web"),
        )
    shutil.copy(HERE / "pyproject.toml", build.folder)
    options = ["--build-lib", str(build.folder), "--build-temp", str(build.folder / "temp")]
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", *options],
        cwd=HERE,
        env={**os.environ, "PBX_DEBUG_BUILD": build.flag},
        check=True,
    )


def library(name: str) -> str:
    """Where the compiler keeps this sanitizer's runtime, which has to be loaded before Python's own code."""
    return subprocess.run(
        ["cc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()


def main(options: list[str]) -> int:
    build = MEMORY
    if options[:1] == ["--threads"]:
        build, options = THREADS, options[1:]
    prepare(build)
    environment = {
        **os.environ,
        **build.settings,
        "LD_PRELOAD": " ".join(library(name) for name in build.libraries),
        "PYTHONMALLOC": "malloc",
    }
    match options:
        case ["--fuzz", *rest]:
            command = ["tests.fuzz", *rest]
        case ["--soak", *rest]:
            command = ["tests.media.soak", *rest]
        case _:
            named = any((HERE / option.partition("::")[0]).exists() for option in options)
            command = ["pytest", *(() if named else build.tests), *options]
    return subprocess.run(
        [*build.wrapper, sys.executable, "-c", BOOT, *command], cwd=build.folder, env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
