"""Keeps people's states in step with what became of their texts, and the campaigns' with their people's.

The outbox knows what became of a text and campaigns read it there, from the store: nothing is lost with a process, and
it does not matter which edge had the callback. A text may be erased later; what is kept here holds no words of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge.campaigns.outcome import AGAIN_S, Outcome, TextState, outcome_of
from edge.campaigns.recall import hold, recall, recall_expired, wake_lane
from edge.clock import Clock
from edge.store import Row, Statements, Store

__all__ = ["Standing"]

AT_ONCE = 200
LOOK_BACK_MS = 120_000
"""Clocks of several edges differ; an opt-out is looked for a little further back than the last look."""

_CHANGED = (
    "SELECT r.id, r.campaign, r.office, r.number, r.state, r.tries, r.message, r.sent_at, m.id AS text_id,"
    " m.state AS text_state, m.due_at, m.sid, m.code, m.reason, m.segments, m.settled_at"
    " FROM campaign_recipient r LEFT JOIN text_message m ON m.id = r.message WHERE "
)
_SOON = (
    "r.state IN ('released', 'checking', 'uncertain', 'left') AND r.message <> '' AND ("
    "(r.state = 'released' AND (m.id IS NULL OR m.state NOT IN ('queued', 'sending')))"
    " OR (r.state = 'checking' AND (m.id IS NULL OR m.state <> 'uncertain' OR m.due_at = 0))"
    " OR (r.state IN ('uncertain', 'left') AND m.sid <> ''))"
)
_LATER = "r.state = 'sent' AND m.state <> 'sent'"

Words = Callable[[int], str]
"""A code of Twilio's in plain words."""


@dataclass(frozen=True, slots=True)
class _Change:
    row: Row
    outcome: Outcome
    now: int


class Standing:
    """`look` is to be called often; it returns the campaigns (office, id) where anything is different now."""

    def __init__(self, store: Store, clock: Clock, *, words: Words) -> None:
        self._store = store
        self._clock = clock
        self._words = words
        self._opt_outs_since = 0

    async def look(self, *, receipts: bool = True) -> set[tuple[str, str]]:
        """`receipts`: also those that Twilio has, of which there may be many."""
        now = self._clock.now_ms()
        changed = await self._mirror(_SOON, now)
        if receipts:
            changed |= await self._mirror(_LATER, now)
            changed |= await self._drop_opted_out(now)
        async with self._store.transaction() as tx:
            changed |= {(row["office"], row["campaign"]) for row in await recall_expired(tx, now)}
        finished = await self._store.all(
            "UPDATE campaign SET state = 'finished', finished_at = $1 WHERE state = 'running' AND NOT EXISTS ("
            " SELECT 1 FROM campaign_recipient r WHERE r.campaign = campaign.id"
            " AND r.state IN ('queued', 'released', 'checking')) RETURNING office, id",
            now,
        )
        return changed | {(row["office"], row["id"]) for row in finished}

    async def _mirror(self, which: str, now: int) -> set[tuple[str, str]]:
        changed: set[tuple[str, str]] = set()
        while rows := await self._store.all(f"{_CHANGED}{which} ORDER BY r.id LIMIT {AT_ONCE}"):
            async with self._store.transaction() as tx:
                await hold(tx, (row["campaign"] for row in rows))
                for row in rows:
                    await self._apply(tx, _Change(row, outcome_of(_text(row), row["tries"]), now))
            changed |= {(row["office"], row["campaign"]) for row in rows}
            if len(rows) < AT_ONCE:
                break
        return changed

    async def _apply(self, tx: Statements, change: _Change) -> None:
        """Only if it is still this text that the person waits for: another edge may have been here."""
        next = change.outcome.next
        again = next in ("again", "pause_again")
        done = await (self._another_turn(tx, change) if again else self._note(tx, change))
        if done and next in ("pause", "pause_again"):
            await self._pause(tx, change.row)

    async def _note(self, tx: Statements, change: _Change) -> bool:
        row = change.row
        reached = change.outcome.state in ("sent", "delivered", "undelivered")
        done = await tx.run(
            "UPDATE campaign_recipient SET state = $3, sid = $4, code = $5, reason = $6, changed_at = $7,"
            " sent_at = CASE WHEN sent_at = 0 AND $8 = 1 THEN $7 ELSE sent_at END WHERE id = $1 AND message = $2",
            row["id"], row["message"], change.outcome.state, row["sid"] or "", row["code"] or 0,
            "The text was erased." if row["text_id"] is None else row["reason"], change.now, int(reached),
        )  # fmt: skip
        if done and reached:
            await tx.run(
                "INSERT INTO campaign_contact (office, number, at) VALUES ($1, $2, $3)"
                " ON CONFLICT (office, number) DO NOTHING",
                row["office"], row["number"], change.now,
            )  # fmt: skip
        return bool(done)

    async def _pause(self, tx: Statements, row: Row) -> None:
        """What is wrong with the account is wrong for everybody; they wait."""
        note = f"{self._words(row['code'])} Mend this, then resume."
        if await tx.run(
            "UPDATE campaign SET state = 'paused', note = $2 WHERE id = $1 AND state = 'running'",
            row["campaign"], note,
        ):  # fmt: skip
            await recall(tx, row["campaign"])

    async def _another_turn(self, tx: Statements, change: _Change) -> bool:
        row = change.row
        done = await tx.run(
            "UPDATE campaign_recipient SET state = CASE WHEN (SELECT c.state FROM campaign c WHERE c.id = campaign)"
            " = 'cancelled' THEN 'cancelled' ELSE 'queued' END, message = '', sid = '', sent_at = 0, earlier = $7,"
            " tries = tries + 1, not_before = $3, code = $4, reason = $5, changed_at = $6"
            " WHERE id = $1 AND message = $2",
            row["id"], row["message"],
            0 if change.outcome.next == "pause_again" else change.now + AGAIN_S * 1000,
            row["code"], row["reason"], change.now,
            row["message"] if row["text_state"] == "uncertain" else "",
        )  # fmt: skip
        if not done:
            return False
        campaign = await tx.one(
            "UPDATE campaign SET state = CASE WHEN state = 'finished' THEN 'running' ELSE state END,"
            " finished_at = CASE WHEN state = 'finished' THEN 0 ELSE finished_at END"
            " WHERE id = $1 RETURNING from_number",
            row["campaign"],
        )
        if campaign is not None:
            await wake_lane(tx, row["office"], campaign["from_number"])
        return True

    async def _drop_opted_out(self, now: int) -> set[tuple[str, str]]:
        """Who has said STOP since the last look waits no longer. Who would have been next was asked about already."""
        since, self._opt_outs_since = self._opt_outs_since, now - LOOK_BACK_MS
        rows = await self._store.all(
            "SELECT id, office, campaign FROM campaign_recipient r WHERE state = 'queued' AND EXISTS (SELECT 1 FROM"
            " text_consent c WHERE c.office = r.office AND c.theirs = r.number AND c.opted_out = 1)"
            " AND number IN (SELECT theirs FROM text_consent WHERE opted_out = 1 AND at >= $1)"
            " AND campaign IN (SELECT id FROM campaign WHERE state IN ('scheduled', 'running', 'paused'))",
            since,
        )
        if rows:
            async with self._store.transaction() as tx:
                await hold(tx, (row["campaign"] for row in rows))
                for row in rows:
                    await tx.run(
                        "UPDATE campaign_recipient SET state = 'opted_out', reason = 'They have opted out.',"
                        " changed_at = $2 WHERE id = $1 AND state = 'queued'",
                        row["id"], now,
                    )  # fmt: skip
        return {(row["office"], row["campaign"]) for row in rows}


def _text(row: Row) -> TextState | None:
    if row["text_id"] is None:
        return None
    return TextState(row["text_state"], row["due_at"] > 0, row["sid"], row["code"])
