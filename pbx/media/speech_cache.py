"""What the node's voice has said, on the disk: a sentence is made once.

Bounded: what was not heard for longest goes first.

Everything here blocks: call it in an executor's thread.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import threading
from array import array
from pathlib import Path

from pbx.media.prompt_conversion import write_wav
from pbx.media.speech_synthesis import SPEECH_RATE_HZ

__all__ = ["SpeechCache"]

log = logging.getLogger(__name__)

LARGEST_BYTES = 64 << 20
"""Half an hour of speech."""
KEPT = 0.8
"""Of the room, after old sentences were thrown away."""


class SpeechCache:
    """A folder of WAV files. It may be deleted at any time."""

    def __init__(self, folder: Path, *, largest_bytes: int = LARGEST_BYTES) -> None:
        self._folder = folder
        self._largest = largest_bytes
        self._size = -1
        self._lock = threading.Lock()
        self.problem = ""
        """Why nothing can be kept."""

    def find(self, *what: str) -> Path | None:
        """The file of a sentence, which is young again."""
        path = self.path(*what)
        try:
            os.utime(path)
        except OSError:
            return None
        return path

    def keep(self, samples: array[int], *what: str) -> Path | None:
        """None when the disk is full, or cannot be written to: it is said all the same, and made anew then."""
        path = self.path(*what)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=".making-")
            os.close(handle)
            made = Path(name)
            try:
                write_wav(made, samples, SPEECH_RATE_HZ)
                made.replace(path)
            finally:
                made.unlink(missing_ok=True)
            self._make_room(path)
        except OSError as error:
            if not self.problem:
                log.warning(
                    "speech cannot be kept", extra={"folder": str(self._folder), "reason": str(error)}
                )
            self.problem = f"What the node's voice says cannot be kept: {error}."
            return None
        self.problem = ""
        return path

    def path(self, *what: str) -> Path:
        """Where a sentence is, or would be."""
        return self._folder / f"{hashlib.sha256(chr(0).join(what).encode()).hexdigest()[:40]}.wav"

    def _make_room(self, new: Path) -> None:
        with self._lock:
            if self._size >= 0:
                self._size += new.stat().st_size
                if self._size <= self._largest:
                    return
            files = sorted(
                (each.stat().st_mtime_ns, each.stat().st_size, each) for each in self._folder.iterdir()
            )
            self._size = sum(size for _, size, _ in files)
            if self._size <= self._largest:
                return
            for _, size, each in files:
                if self._size <= self._largest * KEPT:
                    break
                if each != new:
                    each.unlink(missing_ok=True)
                    self._size -= size
