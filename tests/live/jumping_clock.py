"""A wall clock that jumps, for the node under test. `faketime` cannot: it breaks Python's `time.sleep`."""

from __future__ import annotations

import mmap
import struct
import subprocess
from pathlib import Path

__all__ = ["JumpingClock"]

SOURCE = Path(__file__).with_suffix(".c")


class JumpingClock:
    """`environment` is what a process needs to live by this clock; it starts right."""

    def __init__(self, folder: Path) -> None:
        library, self._file = folder / "jumping_clock.so", folder / "clock_offset"
        self._file.write_bytes(struct.pack("d", 0.0))
        words = ["gcc", "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl", "-lm"]
        subprocess.run(words, check=True, capture_output=True)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_OFFSET_FILE": str(self._file)}

    def jump(self, offset_s: float) -> None:
        """From now on so many seconds from the right time."""
        with self._file.open("r+b") as file, mmap.mmap(file.fileno(), 8) as page:
            page[:8] = struct.pack("d", offset_s)
