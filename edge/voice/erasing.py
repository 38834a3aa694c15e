"""Calls of a person who wants to be forgotten: what the edge has of those that are over. The office keeps its own."""

from __future__ import annotations

from collections.abc import Mapping

from edge.store import Statements

__all__ = ["CallEraser"]


class CallEraser:
    """Implements `edge.texts.erasing.Eraser`. A call that is under way is left alone."""

    async def erase(self, statements: Statements, office: str, number: str) -> Mapping[str, int]:
        calls = await statements.run(
            "DELETE FROM voice_call WHERE office = $1 AND $2 IN (caller, called) AND state IN ('done', 'lost')",
            office, number,
        )  # fmt: skip
        return {"calls": calls}
