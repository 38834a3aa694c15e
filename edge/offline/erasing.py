"""Forgetting a caller: what the edge still has of their calls and messages while the office was offline."""

from __future__ import annotations

from collections.abc import Mapping

from edge.clock import Clock
from edge.store import Statements

__all__ = ["OfflineEraser"]


class OfflineEraser:
    """Part of what an office asks for when it erases a person (`edge.texts.erasing`).

    What the office has got already is its own matter. A recording that is still at Twilio is deleted there as if it had
    been delivered.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def erase(self, statements: Statements, office: str, number: str) -> Mapping[str, int]:
        """What was erased, by kind."""
        of_caller = "WHERE office = $1 AND caller = $2"
        for table in ("offline_recording", "offline_call"):
            await statements.run(
                f"DELETE FROM delivery WHERE office = $1 AND id IN (SELECT id FROM {table} {of_caller})",  # noqa: S608
                office,
                number,
            )
        await statements.run(
            "DELETE FROM offline_step WHERE office = $1 AND call_sid IN"  # noqa: S608
            f" (SELECT call_sid FROM offline_call {of_caller})",
            office,
            number,
        )
        calls = await statements.run(f"DELETE FROM offline_call {of_caller}", office, number)  # noqa: S608
        messages = await statements.run(
            "UPDATE offline_recording SET state = 'handed', caller = '', audio = NULL, transcript = NULL, error = '',"  # noqa: S608
            f" attempts = 0, due_at = $3 {of_caller} AND state <> 'done'",
            office,
            number,
            self._clock.now_ms(),
        )
        await statements.run(f"DELETE FROM offline_recording {of_caller}", office, number)  # noqa: S608
        return {"calls": calls, "voicemails": messages}
