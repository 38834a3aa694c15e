"""What this process uses of its machine, as Linux tells it: files, memory, and the limits of both."""

from __future__ import annotations

import os
import resource
from pathlib import Path

__all__ = ["cpu_seconds", "files_limit", "memory_allowed", "memory_bytes", "open_files"]

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_GROUP = Path("/sys/fs/cgroup")
PART_OF_ALLOWED = 0.9


def open_files() -> int:
    """Descriptors that are open; 0 where the system does not tell."""
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0


def files_limit() -> int | None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def memory_bytes() -> int:
    """Resident memory; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0


def memory_allowed() -> int | None:
    """Most of what the unit or the container of this process may take; None where nothing is set."""
    try:
        own = Path("/proc/self/cgroup").read_text().rpartition("::")[2].strip().lstrip("/")
    except OSError:
        return None
    for folder in (_GROUP / own, _GROUP):
        try:
            text = (folder / "memory.max").read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            return int(int(text) * PART_OF_ALLOWED)
    return None


def cpu_seconds() -> float:
    """Of all threads, since the start."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
