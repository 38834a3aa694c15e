"""What the AI may tell in texts of an office, and how it is set. Nothing else of the office ever reaches it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from edge.ai.directory import Fact

__all__ = ["Knowledge", "KnowledgeOf", "Tone"]

Tone = Literal["friendly", "formal", "brief"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """`facts` are told word for word. `is_open` is None where the office has not said when it is.

    No extension, no name and no number of a person is in here: a stranger's texts cannot talk out what is not in.
    """

    name: str = ""
    language: str = "en"
    time_zone: str = ""
    facts: tuple[Fact, ...] = ()
    is_open: bool | None = None
    answers: bool = True
    memory_days: int = 7
    tone: Tone = "friendly"


KnowledgeOf = Callable[[str], Awaitable[Knowledge]]
"""By the office's id."""
