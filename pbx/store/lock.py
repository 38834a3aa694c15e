"""One node per data directory: a lock that dies with its process, however that dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from pbx.core.errors import StartupError

LOCK_FILE = "node.lock"


class DataDirLock:
    """An exclusive flock(2) on a file in the data directory; the file says which process holds it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, data_dir: Path) -> DataDirLock:
        """Raises `StartupError` when another process has it."""
        path = data_dir / LOCK_FILE
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise StartupError(
                f"the data directory {data_dir} is used by another node"
                + (f" (process {holder})" if holder else ""),
                action="Stop that one first, or give this one its own --data-dir",
            ) from None
        except BaseException:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let the next one in; may be called twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def locked_by_node(data_dir: Path) -> bool:
    """Whether a node runs on this data directory now."""
    try:
        descriptor = os.open(data_dir / LOCK_FILE, os.O_RDONLY)
    except OSError:  # no folder, no file, or not ours to read: then no node of ours either
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def locked_by_another(data_dir: Path) -> bool:
    """Whether a node runs on it that is not this process."""
    if not locked_by_node(data_dir):
        return False
    return (data_dir / LOCK_FILE).read_text("ascii", "replace").strip() != str(os.getpid())
