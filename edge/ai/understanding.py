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
from collections.abc import Sequence

from edge.ai.chat import ChatServer
from edge.ai.directory import Directory, Intent, Turn
from edge.ai.matcher import understand
from edge.ai.patience import Patience

__all__ = ["Understanding"]


class Understanding:
    """Without `chat`, the matcher alone. `failures` counts the questions that the model left to it."""

    def __init__(self, chat: ChatServer | None = None) -> None:
        self._chat = chat
        self._patience = Patience()

    @property
    def asked(self) -> int:
        return self._patience.asked

    @property
    def failures(self) -> int:
        return self._patience.failures

    async def decide(self, turns: Sequence[Turn], directory: Directory) -> Intent:
        """What the caller wants last; only ever something of the directory."""
        own = await asyncio.to_thread(understand, _last(turns), directory)
        if self._chat is None or self._patience.rests:
            return own
        answer = await self._patience.bear(self._chat.ask(turns, directory))
        return own if answer is None or (answer.kind == "unsure" and own.kind != "unsure") else answer

    async def close(self) -> None:
        if self._chat is not None:
            await self._chat.close()


def _last(turns: Sequence[Turn]) -> str:
    return next((turn.text for turn in reversed(turns) if turn.who == "caller"), "")
