"""The people of a campaign in the store: put there with the campaign, read again by page, counted by state."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from edge.campaigns.quiet import zones_of
from edge.campaigns.recipients import Reading
from edge.model.base import new_id
from edge.model.campaigns import CampaignRecipient, Counts, RecipientState
from edge.store import Row, Statements

__all__ = ["count", "people_of", "put_people", "recipient_of"]

ROWS = 50
COLUMNS = 10


async def put_people(tx: Statements, office: str, campaign: str, reading: Reading, now_ms: int) -> None:
    """In place of those who were there. Ten letters of a number decide its zones, so these are looked up once."""
    await tx.run("DELETE FROM campaign_recipient WHERE campaign = $1", campaign)
    zones: dict[str, str] = {}
    rows: list[object] = []
    for position, person in enumerate(reading.recipients):
        area = person.number[:10]
        if area not in zones:
            zones[area] = ",".join(zones_of(person.number))
        rows += [
            new_id(now_ms), office, campaign, position, person.number, person.region, person.name,
            json.dumps(dict(person.fields), ensure_ascii=False), zones[area], now_ms,
        ]  # fmt: skip
    for start in range(0, len(rows), ROWS * COLUMNS):
        some = rows[start : start + ROWS * COLUMNS]
        places = ", ".join(_places(at) for at in range(0, len(some), COLUMNS))
        await tx.run(
            "INSERT INTO campaign_recipient (id, office, campaign, position, number, region, name, fields, zones,"  # noqa: S608  places only
            " changed_at, state, message, earlier, not_before, tries, segments, sid, code, reason, sent_at, asked)"
            f" VALUES {places}",
            *some,
        )


def _places(at: int) -> str:
    places = ", ".join(f"${at + place}" for place in range(1, COLUMNS + 1))
    return f"({places}, 'queued', '', '', 0, 0, 0, '', 0, '', 0, 0)"


async def count(statements: Statements, campaigns: Sequence[str]) -> dict[str, Counts]:
    """By campaign; all of them are in the answer."""
    found: dict[str, dict[str, int]] = {campaign: {} for campaign in campaigns}
    if campaigns:
        places = ", ".join(f"${place}" for place in range(1, len(campaigns) + 1))
        rows = await statements.all(
            "SELECT campaign, state, COUNT(*) AS n FROM campaign_recipient"  # noqa: S608  places only
            f" WHERE campaign IN ({places}) GROUP BY campaign, state",
            *campaigns,
        )
        for row in rows:
            found[row["campaign"]][row["state"]] = row["n"]
    return {campaign: msgspec.convert(counts, Counts) for campaign, counts in found.items()}


async def people_of(
    statements: Statements, campaign: str, *, state: RecipientState | None, q: str, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """In the order of the list. `q` is looked for in numbers and names."""
    like = "%" + q.casefold().replace("\\", "").replace("%", "").replace("_", "") + "%"
    where = "campaign = $1 AND ($2 = '' OR state = $2) AND (number LIKE $3 OR LOWER(name) LIKE $3)"
    total = await statements.one(
        f"SELECT COUNT(*) AS n FROM campaign_recipient WHERE {where}",  # noqa: S608  fixed words
        campaign, state or "", like,
    )  # fmt: skip
    rows = await statements.all(
        f"SELECT * FROM campaign_recipient WHERE {where} ORDER BY position LIMIT $4 OFFSET $5",  # noqa: S608
        campaign, state or "", like, limit, offset,
    )  # fmt: skip
    return rows, int(total["n"]) if total is not None else 0


def recipient_of(row: Row) -> CampaignRecipient:
    return CampaignRecipient(
        id=row["id"],
        number=row["number"],
        name=row["name"],
        state=row["state"],
        segments=row["segments"],
        sid=row["sid"],
        code=row["code"],
        reason=row["reason"],
        not_before=row["not_before"] or None,
        sent_at=row["sent_at"] or None,
        changed_at=row["changed_at"],
    )
