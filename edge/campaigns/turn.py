"""Whose turn it is in a campaign: the next one for whom it is day and who has not opted out.

Those who are not are put where they belong on the way: opted out, waiting for the morning, or sent already after all.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.campaigns.quiet import Hours, allowed, next_allowed
from edge.model.campaigns import CampaignSettings
from edge.store import Row, Statements

__all__ = ["Turn", "whose_turn", "zones_to_keep"]

MARGIN_MS = 60_000
"""Nothing is handed over in the last minute of the day; what did not get out by its end is called back."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What holds for one number at this moment."""

    office: str
    number: str
    now: int
    settings: CampaignSettings
    hours: Hours
    rate: float


async def whose_turn(tx: Statements, campaign: Row, turn: Turn) -> Row | None:
    """The next one for whom it is day and who has not opted out; the others are put where they belong."""
    while True:
        person = await tx.one(
            "SELECT * FROM campaign_recipient WHERE campaign = $1 AND state = 'queued' AND not_before <= $2"
            " ORDER BY not_before, position LIMIT 1",
            campaign["id"], turn.now,
        )  # fmt: skip
        if person is None:
            return None
        if await _adopted(tx, person, turn.now) or await _has_opted_out(tx, person, turn.now):
            continue
        zones = zones_to_keep(person)
        if allowed(zones, turn.now, turn.hours) and allowed(zones, turn.now + MARGIN_MS, turn.hours):
            return person
        await _postpone(tx, campaign, person, turn)


async def _adopted(tx: Statements, person: Row, now: int) -> bool:
    """Whether the text before this one, of which nobody knew, has turned out to be sent after all."""
    if not person["earlier"]:
        return False
    done = await tx.run(
        "UPDATE campaign_recipient SET state = 'released', message = earlier, earlier = '', changed_at = $2"
        " WHERE id = $1 AND EXISTS (SELECT 1 FROM text_message m WHERE m.id = campaign_recipient.earlier"
        " AND m.sid <> '')",
        person["id"], now,
    )  # fmt: skip
    return bool(done)


async def _has_opted_out(tx: Statements, person: Row, now: int) -> bool:
    done = await tx.run(
        "UPDATE campaign_recipient SET state = 'opted_out', reason = 'They have opted out.', changed_at = $2"
        " WHERE id = $1 AND EXISTS (SELECT 1 FROM text_consent c WHERE c.office = campaign_recipient.office"
        " AND c.theirs = campaign_recipient.number AND c.opted_out = 1)",
        person["id"], now,
    )  # fmt: skip
    return bool(done)


async def _postpone(tx: Statements, campaign: Row, person: Row, turn: Turn) -> None:
    """Everybody of the same time zones waits for the morning together."""
    later = next_allowed(zones_to_keep(person), turn.now + MARGIN_MS, turn.hours)
    if later is None:
        await tx.run(
            "UPDATE campaign_recipient SET state = 'no_hours', reason = $3, changed_at = $4"
            " WHERE campaign = $1 AND zones = $2 AND state = 'queued'",
            campaign["id"], person["zones"], "No hour is day in all the time zones of this number.", turn.now,
        )  # fmt: skip
        return
    await tx.run(
        "UPDATE campaign_recipient SET not_before = $3"
        " WHERE campaign = $1 AND zones = $2 AND state = 'queued' AND not_before < $3",
        campaign["id"], person["zones"], max(later, turn.now + 1),
    )  # fmt: skip


def zones_to_keep(person: Row) -> list[str]:
    return [zone for zone in str(person["zones"]).split(",") if zone]
