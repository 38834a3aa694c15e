"""The recordings of conferences: listed, measured against the quota, and kept as long as those of calls.

What all say together is in one file, which has no sides. It belongs to the call of the first who was there.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Literal

import msgspec

from pbx.call.ports import Grown
from pbx.core.clock import Clock
from pbx.feature.recording.library import Library, file_name
from pbx.model.recording import Recording, RecordingSettings
from pbx.model.stream import RecordingEnded

__all__ = ["RoomFile", "RoomRecordings"]

Spawn = Callable[[str, Coroutine[Any, Any, None]], object]


class RoomFile(msgspec.Struct, frozen=True):
    """The file of one recording: `path` is where it is to be made, `file` the same below the folder of recordings."""

    row: Recording
    path: Path
    _library: Library
    _spawn: Spawn

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def file(self) -> str:
        return self.row.file

    @property
    def format(self) -> Literal["wav", "opus"]:
        return "opus" if self.row.format == "opus" else "wav"

    def may_go_on(self, progress: Grown) -> bool:
        """Whether there is room for more."""
        return self._library.grows(self.row.id, progress.size_bytes)

    def begun(self) -> None:
        """It is being written."""
        self._spawn("recording", self._library.opened(self.row))

    def refused(self, error: OSError) -> None:
        """It could not be made."""
        self._library.refused(self.row, "disk_failed", str(error))

    def ended(self, ended: RecordingEnded) -> None:
        """It is complete, or ended in another way."""
        self._spawn("recording", self._library.closed(self.row, ended, paused_s=0.0))


class RoomRecordings:
    """Makes room for the recordings of conferences."""

    def __init__(
        self,
        library: Library,
        *,
        settings: Callable[[], RecordingSettings],
        clock: Clock,
        spawn: Spawn,
        new_id: Callable[[], str],
    ) -> None:
        self._library = library
        self._settings = settings
        self._clock = clock
        self._spawn = spawn
        self._new_id = new_id

    async def begin(self, conference: str, call: str) -> RoomFile:
        """A file for a conference in which `call` is. Raises `OSError` when there is no room for one."""
        library, settings = self._library, self._settings()
        if problem := library.problem:
            library.failed_with("disk_full" if "disk" in problem else "quota")
            raise OSError(errno.ENOSPC, problem)
        at, id_ = self._clock.now(), f"{self._new_id()}-1"
        row = Recording(
            id=id_,
            chain=id_,
            call=call,
            part=1,
            left=conference,
            right="",
            dialled=conference,
            reasons=(f"conference:{conference}",),
            file=file_name(at.astimezone(), conference, "conference", id_, settings.format),
            format=settings.format,
            started_at=at,
            keep_days=settings.keep_days,
        )
        return RoomFile(row, await library.place(row), library, self._spawn)
