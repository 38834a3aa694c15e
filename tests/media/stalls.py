"""How late the machine itself was. A test that judges time is run again when it failed while the machine stalled.

    pytestmark = judges_time        # every test with the fixture `engine` or `phone` has it

The check stays as strict as it is. A failure on a machine that kept up is a failure at once; one on a machine that did
not is looked at again, at most twice, and the last one counts whatever the machine did.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Generator
from pathlib import Path

import pytest

TOLERATED_MS = 15.0
STEP_S = 0.005
TASKS = Path("/proc/self/task")


class DisturbedError(AssertionError):
    """It failed, and the machine was late meanwhile."""


judges_time = pytest.mark.flaky(reruns=2, reruns_delay=0.5, only_rerun=[DisturbedError])


class Watch:
    """Notes the largest lateness of a thread that sleeps 5 ms, and how long any thread here waited for a processor."""

    def __init__(self) -> None:
        self._late_s = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    def __enter__(self) -> Watch:
        self._waited = waited_ns()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        before = self._waited
        self._most_ns = max((ns - before.get(task, 0) for task, ns in waited_ns().items()), default=0)

    def _look(self) -> None:
        last = time.monotonic()
        while not self._ending.is_set():
            time.sleep(STEP_S)
            now = time.monotonic()
            self._late_s = max(self._late_s, now - last - STEP_S)
            last = now

    @property
    def stalled_ms(self) -> float:
        """The worst of both."""
        return max(self._late_s * 1000, self._most_ns / 1e6)


def waited_ns() -> dict[str, int]:
    """By thread: how long it could have run and had no processor, by the kernel's own account (proc(5), schedstat)."""
    waited = {}
    for task in TASKS.iterdir():
        try:
            waited[task.name] = int((task / "schedstat").read_text().split()[1])
        except (OSError, IndexError):
            continue  # it has ended, or this kernel does not tell
    return waited


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """For the conftest of tests that are marked `judges_time`."""
    mark = item.get_closest_marker("flaky")
    if mark is None or DisturbedError not in mark.kwargs.get("only_rerun", ()):
        return (yield)
    with Watch() as watch:
        try:
            return (yield)
        except Exception as fault:
            failed = fault
    if watch.stalled_ms <= TOLERATED_MS:
        raise failed
    raise DisturbedError(f"{failed}\nThe machine was {watch.stalled_ms:.0f} ms late meanwhile.") from failed


def stall(seconds: float) -> None:
    """Stop this whole process for so long, as a machine does that has something else to do."""
    pid = os.getpid()
    subprocess.run(["sh", "-c", f"kill -STOP {pid}; sleep {seconds}; kill -CONT {pid}"], check=True)
