"""An asyncio event loop on which sleeping takes no time.

When every task waits, the loop's clock jumps to the next timer. What a program does in an hour of waiting is done in
milliseconds, and in the same order each time, so timeouts can be tested at their real length. Real sockets still work
(they are polled whenever something is registered), but their packets take no virtual time; for whole calls use
`tests.fakes.wire`. Code that hands work to a thread gets it done at once, in this thread.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE_S = 1.0
"""Real seconds to wait for a thread or a socket when no timer is left, before calling it a deadlock."""


class DeadlockError(Exception):
    """Every task waits, and no timer is left that could wake one."""


class TooLateError(Exception):
    """The virtual time limit of a run has passed."""


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for `timeout`, moves the clock on by it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.limit = float("inf")

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0) if len(self.get_map()) > 1 or timeout is None else []
        if ready or timeout == 0:
            return ready
        if timeout is None:
            ready = super().select(PATIENCE_S)
            if not ready:
                raise DeadlockError(f"every task waits, and nothing is due (virtual time {self.now:.3f} s)")
            return ready
        self.now += max(timeout, 0.0)
        if self.now > self.limit:
            raise TooLateError(f"not finished within {self.limit:.0f} virtual seconds")
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with its own time, which starts at 0. `limit` is the virtual second at which a run fails."""

    def __init__(self, *, limit: float = 24 * 3600) -> None:
        self._jumping = _JumpingSelector()
        self._jumping.limit = limit
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """Call it now; virtual time cannot wait for a thread."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except (Exception, concurrent.futures.CancelledError) as error:
            future.set_exception(error)
        return future


def run_virtual(main: Callable[[], Coroutine[Any, Any, T]], *, limit: float = 24 * 3600) -> T:
    """Run `main()` on a fresh virtual loop to its end, and demand that it leaves no task and no error behind."""
    loop = VirtualLoop(limit=limit)
    errors: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: errors.append(context))
    try:
        result = loop.run_until_complete(main())
        leaked = [task for task in asyncio.all_tasks(loop) if not task.done()]
        _cancel(loop, leaked)
    except BaseException:
        _cancel(loop, [task for task in asyncio.all_tasks(loop) if not task.done()])
        raise
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    assert not leaked, f"tasks left behind: {[task.get_name() for task in leaked]}"
    assert not errors, f"errors nobody saw: {errors}"
    return result


def _cancel(loop: VirtualLoop, tasks: list[asyncio.Task[Any]]) -> None:
    loop._jumping.limit = float("inf")
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
