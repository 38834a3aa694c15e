"""What a caller wants: the model says, and where it does not in time, the built-in matcher does.

chat configured? ── no ──────────────────────────────▶ matcher
  │ yes, and not resting
  ▼
model, within its time limit ── answer is one of ours ─▶ that
  │ late, down, odd, or unsure                           (unsure: the matcher's, where that is sure)
  ▼
matcher; after three failures in a row the model rests, so that callers do not wait for it
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from edge.ai.chat import ChatError, ChatServer
from edge.ai.directory import Directory, Intent, Turn
from edge.ai.matcher import understand

__all__ = ["Understanding"]

log = logging.getLogger(__name__)

FAILURES = 3
REST_S = 30.0


class Understanding:
    """Without `chat`, the matcher alone. `failures` counts the questions that the model left to it."""

    def __init__(self, chat: ChatServer | None = None) -> None:
        self._chat = chat
        self._in_a_row = 0
        self._rests_until = 0.0
        self.asked = 0
        self.failures = 0

    async def decide(self, turns: Sequence[Turn], directory: Directory) -> Intent:
        """What the caller wants last; only ever something of the directory."""
        own = await asyncio.to_thread(understand, _last(turns), directory)
        if self._chat is None or asyncio.get_running_loop().time() < self._rests_until:
            return own
        answer = await self._ask(self._chat, turns, directory)
        return own if answer is None or (answer.kind == "unsure" and own.kind != "unsure") else answer

    async def close(self) -> None:
        if self._chat is not None:
            await self._chat.close()

    async def _ask(self, chat: ChatServer, turns: Sequence[Turn], directory: Directory) -> Intent | None:
        self.asked += 1
        try:
            answer = await chat.ask(turns, directory)
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
        return answer


def _last(turns: Sequence[Turn]) -> str:
    return next((turn.text for turn in reversed(turns) if turn.who == "caller"), "")
