"""Imports while the node runs: in a thread, so that the event loop, and with it SIP, goes on meanwhile.

A large module takes a fifth of a second of computing, on a small board a whole one. Whoever wants the interpreter while
a thread has it waits for 5 ms, Python's default, at each turn of the loop; for as long as such a thread works it is
half a millisecond.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable
from functools import partial
from typing import TypeVar

__all__ = ["aside", "imported"]

NORMAL_S, POLITE_S = 0.005, 0.0005

T = TypeVar("T")


async def aside(work: Callable[[], T]) -> T:
    """What `work` returns, which computes for a while: in a thread that gives way to the loop."""
    return await asyncio.to_thread(_politely, work)


async def imported(*names: str) -> None:
    """Returns when all are there; an `import` of them then costs nothing. Raises what the import raises."""
    for name in names:
        if not _is_there(name):
            await aside(partial(importlib.import_module, name))


def _is_there(name: str) -> bool:
    """Whether it is imported, to the end."""
    module = sys.modules.get(name)
    return module is not None and not getattr(module.__spec__, "_initializing", False)


def _politely(work: Callable[[], T]) -> T:
    sys.setswitchinterval(POLITE_S)
    try:
        return work()
    finally:
        sys.setswitchinterval(NORMAL_S)
