"""How long to bear with a chat model: after three failures in a row it rests, so that nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import TypeVar

from edge.ai.chat import ChatError

__all__ = ["FAILURES", "Patience"]

log = logging.getLogger(__name__)

FAILURES = 3
REST_S = 30.0

T = TypeVar("T")


class Patience:
    """`failures` counts the questions that the model left to others."""

    def __init__(self) -> None:
        self._in_a_row = 0
        self._rests_until = 0.0
        self.asked = 0
        self.failures = 0

    @property
    def rests(self) -> bool:
        return asyncio.get_running_loop().time() < self._rests_until

    async def bear(self, answer: Awaitable[T]) -> T | None:
        """The answer, or None where it raises `ChatError`."""
        self.asked += 1
        try:
            given = await answer
        except ChatError as error:
            self.failures += 1
            self._in_a_row += 1
            if self._in_a_row >= FAILURES:
                self._rests_until = asyncio.get_running_loop().time() + REST_S
            log.warning(
                "the chat model gave no answer; the built-in matcher did", extra={"reason": str(error)}
            )
            return None
        self._in_a_row = 0
        return given
