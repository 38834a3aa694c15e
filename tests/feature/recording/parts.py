"""Recordings without an engine or a disk: what was recorded when, of which stream, is remembered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pbx.call.talk import Sound
from pbx.core.clock import Clock
from pbx.feature.recording.recordings import Cues, Recordings
from pbx.model.kind import Kind
from pbx.model.recording import Recording, RecordingSettings
from pbx.model.stream import RecordingEnded


class Writing:
    """A file that is being recorded; a closed stream ends it."""

    def __init__(self, stream: Any, path: Path, at: float) -> None:
        self.stream = stream
        self.path = path
        self.begun = at
        self.ended_at: float | None = None
        self.pauses: list[str] = []
        self.ended: asyncio.Future[RecordingEnded] = asyncio.get_running_loop().create_future()

    def pause(self) -> None:
        self.pauses.append("pause")

    def resume(self) -> None:
        self.pauses.append("resume")

    async def stop(self) -> RecordingEnded:
        self.finish("stopped")
        return await self.ended

    def finish(self, reason: Any) -> None:
        if not self.ended.done():
            self.ended_at = asyncio.get_running_loop().time()
            self.ended.set_result(RecordingEnded(reason, 1000, self.path))


@dataclass
class Engine:
    """`fails`: nothing can be written."""

    made: list[Writing] = field(default_factory=list)
    fails: bool = False

    def record(self, a: Any, path: Path, **_: Any) -> Writing:
        if self.fails:
            raise OSError("no disk")
        writing = Writing(a, path, asyncio.get_running_loop().time())
        self.made.append(writing)
        return writing


@dataclass
class Library:
    """Lists in memory."""

    problem: str = ""
    rows: dict[str, Recording] = field(default_factory=dict)
    going_on: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)

    async def place(self, row: Recording) -> Path:
        self.going_on.add(row.id)
        self.rows[row.id] = row
        return Path(row.file)

    async def opened(self, row: Recording) -> None:
        pass

    async def closed(self, row: Recording, ended: RecordingEnded, *, paused_s: float) -> None:
        self.going_on.discard(row.id)

    def refused(self, row: Recording, reason: str, detail: str) -> None:
        self.going_on.discard(row.id)
        self.failures.append(reason)

    def failed_with(self, reason: str, detail: str = "") -> None:
        self.failures.append(reason)

    def grows(self, id_: str, size: int) -> bool:
        return True


class Studio:
    """`Recordings` with everything faked around it. `records` are the office's, by kind and key."""

    def __init__(self, clock: Clock, settings: RecordingSettings) -> None:
        self.engine = Engine()
        self.library = Library()
        self.settings = settings
        self.records: dict[tuple[str, str], Any] = {}
        self.calls: dict[str, Any] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        library: Any = self.library
        self.recordings = Recordings(
            engine=self.engine,
            library=library,
            clock=clock,
            cues=Cues(
                told=lambda outcome: f"cue {outcome}",
                beep=lambda: "beep",
                announcement=lambda: Sound("announcement", 0.05),
            ),
            get=self._get,
            numbers=lambda: (),
            settings=lambda: self.settings,
            spawn=self._spawn,
            calls=self.calls.get,
        )

    def _get(self, kind: Kind, key: str) -> Any | None:
        return self.records.get((kind.name, key))

    def _spawn(self, _name: str, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def assert_clean(self) -> None:
        """Nothing of any call is left."""
        assert not self.tasks
        assert not self.library.going_on
        assert not self.recordings._marks, "marks of legs that are closed"
        assert all(each.ended.done() for each in self.engine.made)
