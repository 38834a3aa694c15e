"""Hands people's texts to the outbox: at the rate of each number, fair between its campaigns, by daylight.

A lane is a number of an office. Whose turn it is, the text and its place in the outbox are one transaction: a crash
leaves the person waiting or the text queued, never both, never neither. Several edges may do this on one store; taking
the lane is what keeps them apart.

Nothing piles up in the outbox: while it holds a few seconds' worth of a lane (Twilio slows us down, or is not there),
the lane waits. So a pause or a STOP has little to call back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import ceil
from typing import Protocol

from edge.campaigns.office_settings import hours_of, rate_of, settings_of
from edge.campaigns.quiet import closes
from edge.campaigns.segments import count_segments
from edge.campaigns.template import Template
from edge.campaigns.turn import Turn, whose_turn, zones_to_keep
from edge.campaigns.wording import MOST_LETTERS, text_for
from edge.clock import Clock
from edge.model.base import new_id
from edge.store import Row, Statements, Store
from edge.texts.messages import Draft

__all__ = ["Put", "Release"]

LONGEST_IDLE_MS = 60_000
SOON_MS = 250
LANES = 50
AHEAD_S = 4
"""How many seconds' worth of texts may wait in the outbox."""
CATCH_UP_MS = 1000
"""A lane that was late may catch up so much."""


class Put(Protocol):
    """What the outbox is to campaigns."""

    async def put(self, statements: Statements, draft: Draft) -> bool: ...

    def wake(self) -> None: ...


class Release:
    """`next` does one thing and says how long there is nothing more to do."""

    def __init__(self, store: Store, clock: Clock, outbox: Put) -> None:
        self._store = store
        self._clock = clock
        self._outbox = outbox
        self.changed: set[tuple[str, str]] = set()
        """Office and id of campaigns that somebody has been released of; whoever tells of them takes them out."""

    async def next(self) -> float:
        """Release one text of each lane whose time has come. Seconds until the next may be due; 0: at once."""
        now = self._clock.now_ms()
        lanes = await self._store.all(
            "SELECT l.office, l.number, l.free_at, l.idle_until FROM campaign_lane l WHERE EXISTS (SELECT 1 FROM"
            " campaign c WHERE c.state = 'running' AND c.office = l.office AND c.from_number = l.number)"
            " ORDER BY CASE WHEN l.free_at > l.idle_until THEN l.free_at ELSE l.idle_until END LIMIT $1",
            LANES,
        )
        dues = [max(lane["free_at"], lane["idle_until"]) for lane in lanes]
        released = [
            await self._take(lane["office"], lane["number"], now)
            for lane, due in zip(lanes, dues, strict=True)
            if due <= now
        ]
        if released:
            if any(released):
                self._outbox.wake()
            return 0.0
        return (min(dues) - now) / 1000 if dues else LONGEST_IDLE_MS / 1000

    async def _take(self, office: str, number: str, now: int) -> bool:
        async with self._store.transaction() as tx:
            lane = await tx.one(
                "UPDATE campaign_lane SET idle_until = $3 WHERE office = $1 AND number = $2 AND free_at <= $3"
                " AND idle_until <= $3 RETURNING free_at",
                office, number, now,
            )  # fmt: skip
            if lane is None:
                return False
            settings = await settings_of(tx, office)
            turn = Turn(office, number, now, settings, hours_of(settings), rate_of(settings, number))
            campaigns = await tx.all(
                "SELECT * FROM campaign WHERE office = $1 AND from_number = $2 AND state = 'running'"
                " ORDER BY served, id",
                office, number,
            )  # fmt: skip
            if not campaigns:
                return False
            if await _under_way(tx, campaigns) >= max(AHEAD_S, ceil(AHEAD_S * turn.rate)):
                await _idle(tx, turn, now + SOON_MS)
                return False
            for campaign in campaigns:
                if not await _still_runs(tx, campaign["id"]):
                    continue
                if (person := await whose_turn(tx, campaign, turn)) is not None:
                    await self._hand_over(tx, campaign, person, turn, lane["free_at"])
                    last = max(each["served"] for each in campaigns)
                    await tx.run("UPDATE campaign SET served = $2 WHERE id = $1", campaign["id"], last + 1)
                    self.changed.add((office, campaign["id"]))
                    return True
            await _idle(tx, turn, await _next_due(tx, campaigns, now))
            return False

    async def _hand_over(self, tx: Statements, campaign: Row, person: Row, turn: Turn, free_at: int) -> None:
        line = turn.settings.opt_out_line if campaign["marketing"] and await _is_new(tx, person) else ""
        text = text_for(Template.read(campaign["text"]), json.loads(person["fields"]), line)
        segments = count_segments(text).segments
        if not text or len(text) > MOST_LETTERS:
            await _fail(tx, person, turn.now, f"The text would have {len(text)} letters.")
            return
        message = new_id(turn.now)
        await tx.run(
            "UPDATE campaign_recipient SET state = 'released', message = $2, segments = $3, code = 0, reason = '',"
            " sid = '', changed_at = $4 WHERE id = $1",
            person["id"], message, segments, turn.now,
        )  # fmt: skip
        draft = Draft(
            id=message,
            office=turn.office,
            ours=turn.number,
            theirs=person["number"],
            body=text,
            author="campaign",
            actor=campaign["started_by"],
            campaign=campaign["id"],
        )
        await self._outbox.put(tx, draft)
        until = closes(zones_to_keep(person), turn.now, turn.hours)
        await tx.run("UPDATE text_message SET until_at = $2 WHERE id = $1", message, until)
        await tx.run(
            "UPDATE campaign_lane SET free_at = $3 WHERE office = $1 AND number = $2",
            turn.office, turn.number, _free_again(free_at, turn, segments),
        )  # fmt: skip


async def _still_runs(tx: Statements, campaign: str) -> bool:
    """Holds the campaign until the end of the transaction: a pause comes before it or calls back what it did."""
    return bool(
        await tx.run("UPDATE campaign SET served = served WHERE id = $1 AND state = 'running'", campaign)
    )


def _free_again(free_at: int, turn: Turn, segments: int) -> int:
    since = free_at if turn.now - free_at < CATCH_UP_MS else turn.now
    return since + ceil(segments * 1000 / turn.rate)


async def _under_way(tx: Statements, campaigns: Sequence[Row]) -> int:
    places = ", ".join(f"${place}" for place in range(1, len(campaigns) + 1))
    row = await tx.one(
        "SELECT COUNT(*) AS n FROM text_message WHERE state IN ('queued', 'sending')"  # noqa: S608  places only
        f" AND campaign IN ({places})",
        *(campaign["id"] for campaign in campaigns),
    )
    return int(row["n"]) if row is not None else 0


async def _idle(tx: Statements, turn: Turn, until: int) -> None:
    await tx.run(
        "UPDATE campaign_lane SET idle_until = $3 WHERE office = $1 AND number = $2",
        turn.office,
        turn.number,
        until,
    )


async def _next_due(tx: Statements, campaigns: Sequence[Row], now: int) -> int:
    """When the first of those who wait may be texted. Whoever changes that wakes the lane."""
    places = ", ".join(f"${place}" for place in range(1, len(campaigns) + 1))
    row = await tx.one(
        "SELECT MIN(not_before) AS first FROM campaign_recipient WHERE state = 'queued'"  # noqa: S608  places only
        f" AND campaign IN ({places})",
        *(campaign["id"] for campaign in campaigns),
    )
    latest = now + LONGEST_IDLE_MS
    first = row["first"] if row is not None else None
    return latest if first is None else min(max(int(first), now + 1), latest)


async def _is_new(tx: Statements, person: Row) -> bool:
    return (
        await tx.one(
            "SELECT 1 AS one FROM campaign_contact WHERE office = $1 AND number = $2",
            person["office"],
            person["number"],
        )
        is None
    )


async def _fail(tx: Statements, person: Row, now: int, reason: str) -> None:
    await tx.run(
        "UPDATE campaign_recipient SET state = 'failed', reason = $2, changed_at = $3 WHERE id = $1",
        person["id"], reason, now,
    )  # fmt: skip
