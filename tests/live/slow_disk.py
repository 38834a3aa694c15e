"""A disk that takes seconds for every write that is to last, for the node under test."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["SlowDisk"]

SOURCE = Path(__file__).with_suffix(".c")


class SlowDisk:
    """`environment` is what a process needs to have it; it starts quick."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        library, self._file = folder / "slow_disk.so", folder / "disk_takes"
        self._file.write_bytes(struct.pack("d", 0.0))
        words = ["gcc", "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"]
        subprocess.run(words, check=True, capture_output=True)
        self.environment = {"LD_PRELOAD": str(library), "SLOW_DISK_FILE": str(self._file)}

    @contextmanager
    def taking(self, seconds: float) -> Iterator[None]:
        """For each write, until the block ends; what waits then waits no longer."""
        self._say(seconds)
        try:
            yield
        finally:
            self._say(0.0)

    def _say(self, seconds: float) -> None:
        with self._file.open("r+b") as file:
            file.write(struct.pack("d", seconds))
