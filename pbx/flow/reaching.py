"""The exits of nodes that give the caller to somebody, and how what became of it chooses one."""

from __future__ import annotations

from pbx.flow.node import Exit, NodeError
from pbx.flow.ports import Reached

__all__ = ["BUSY", "NO_ANSWER", "OVER", "UNREACHABLE", "exit_of"]

OVER = ""

NO_ANSWER = Exit("no_answer", "No answer", waits=True)
BUSY = Exit("busy", "Busy")
UNREACHABLE = Exit("unreachable", "Unreachable")


def exit_of(reached: Reached) -> str:
    """The exit; "" when somebody talked with the caller. Raises `NodeError` when it may not be."""
    if reached == "talked":
        return OVER
    if reached == "refused":
        raise NodeError("this caller may not get there")
    return reached
