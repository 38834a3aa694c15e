"""The owner of tasks that live as long as the node, and of those nobody waits for.

A `TaskGroup` ends everything when one task fails: right for a call, wrong for a node. A `Supervisor` logs the
failure with its traceback and keeps the rest running.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, Self, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class Supervisor:
    """Owns tasks; leaving its `async with` cancels them and waits until every `finally` has run."""

    def __init__(self) -> None:
        self.failures = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(
        self, name: str, coro: Coroutine[Any, Any, T], *, context: Context | None = None
    ) -> asyncio.Task[T]:
        """Run `coro`. When it fails, that is logged and counted.

        `context` is for what outlives the call that happens to start it, and must not speak in its name.
        """
        if self._closing:
            coro.close()
            raise RuntimeError(f"the supervisor is closing, {name} is not started")
        task = asyncio.get_running_loop().create_task(coro, name=name, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def aclose(self) -> None:
        """Cancel every task and wait for all of them, also those that they start meanwhile being refused."""
        self._closing = True
        current = asyncio.current_task()
        while tasks := [task for task in self._tasks if task is not current]:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.failures += 1
            log.error("task failed", exc_info=error, extra={"task": task.get_name()})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has cleaned up. Its own failure stays with whoever owns it."""
    task.cancel()
    await asyncio.wait([task])
