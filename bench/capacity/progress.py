"""One line that says what is being measured and how long it will take; on a terminal it stays in its place."""

from __future__ import annotations

import sys
import time
from typing import TextIO

__all__ = ["Progress"]

BAR = 24


class Progress:
    """`runs` are as many as there may be; those that prove unnecessary are skipped."""

    def __init__(self, *, runs: int, run_s: float, to: TextIO = sys.stderr) -> None:
        self._all, self._left, self._made = runs, runs, 0
        self._run_s = run_s
        self._started = time.monotonic()
        self._to = to
        self._terminal = to.isatty()

    def say(self, text: str) -> None:
        """What happens now."""
        if self._terminal:
            full = round(BAR * (self._all - self._left) / self._all)
            line = f"[{'█' * full}{'·' * (BAR - full)}] {text}, {self.eta()} left"
            self._to.write(f"\r\x1b[K{line}")
        else:
            self._to.write(f"{self._all - self._left + 1}/{self._all} {text}, {self.eta()} left\n")
        self._to.flush()

    def step(self) -> None:
        """A run is over."""
        self._made += 1
        self.skip(1)
        self._run_s = (time.monotonic() - self._started) / self._made

    def skip(self, runs: int) -> None:
        self._left -= runs

    def eta(self) -> str:
        minutes, seconds = divmod(round(self._left * self._run_s), 60)
        return f"{minutes}:{seconds:02}"

    def done(self) -> None:
        if self._terminal:
            self._to.write("\r\x1b[K")
            self._to.flush()
