"""The life of a call: everything it does runs inside one scope, and hanging up is ending the scope.

A scope is a `TaskGroup` with a main task. When the main task returns, or `end` is called, every task of the scope is
cancelled and awaited, so each `finally` has run before `run` returns. Nothing a call starts can outlive it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class Scope:
    """One call's tasks."""

    __slots__ = ("_ended", "_group", "_main", "_tasks")

    def __init__(self) -> None:
        self._group: asyncio.TaskGroup | None = None
        self._main: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = False

    async def run(self, main: Coroutine[Any, Any, None]) -> None:
        """Run `main` to its end or to `end()`. Only a task's own exception leaves, inside an `ExceptionGroup`."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self._main = group.create_task(main)
                self._main.add_done_callback(self._stop_others)
                if self._ended:
                    self._main.cancel()
        finally:
            # A cancelled task keeps its frames, and they keep the call: a circle that only the collector would find.
            self._group = self._main = None

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start `work` as a part of the call. It is cancelled with the call."""
        if self._group is None:
            work.close()
            raise RuntimeError("the scope has not been entered")
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def end(self) -> None:
        """Hang up: cancel the main task, and with it all others. May be called from anywhere, any number of times."""
        self._ended = True
        if self._main is not None:
            self._main.cancel()

    def _stop_others(self, _main: asyncio.Task[None]) -> None:
        for task in self._tasks:
            task.cancel()


class Stoppable:
    """A part of a task that another task may end early: `with Stoppable() as part: …`, and `part.stop()` leaves it.

    What runs inside is cancelled where it waits, as `asyncio.timeout` does it; cancelling the whole task stays that.
    """

    __slots__ = ("_task", "stopped")

    def __init__(self) -> None:
        self.stopped = False
        self._task: asyncio.Task[Any] | None = None

    def stop(self) -> None:
        """Leave the part; may be called any number of times, also when it is over."""
        if self._task is not None and not self.stopped:
            self.stopped = True
            self._task.cancel()

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> bool:
        task, self._task = self._task, None
        if not self.stopped or task is None:
            return False
        return task.uncancel() == 0 and kind is asyncio.CancelledError
