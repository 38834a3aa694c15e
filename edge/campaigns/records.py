"""Campaigns in the store: a row, and what the API shows of it."""

from __future__ import annotations

import msgspec

from edge.campaigns.people import count, people_of, recipient_of
from edge.errors import EdgeError
from edge.model.campaigns import (
    Campaign,
    CampaignConsent,
    CampaignFault,
    CampaignRecipients,
    Campaigns,
    Counts,
    RecipientState,
)
from edge.store import Row, Statements

__all__ = ["campaign", "campaign_of", "campaigns", "faults_of", "recipients", "row_of"]


async def row_of(statements: Statements, office: str, id: str) -> Row:
    """Raises `EdgeError` for one that this office does not have."""
    row = await statements.one("SELECT * FROM campaign WHERE id = $1 AND office = $2", id, office)
    if row is None:
        raise EdgeError(404, "There is no such campaign.")
    return row


def campaign_of(row: Row, counts: Counts) -> Campaign:
    return Campaign(
        id=row["id"],
        name=row["name"],
        state=row["state"],
        note=row["note"],
        from_number=row["from_number"],
        text=row["text"],
        marketing=bool(row["marketing"]),
        consent=msgspec.json.decode(row["consent"], type=CampaignConsent) if row["consent"] else None,
        fields=msgspec.json.decode(row["fields"], type=tuple[str, ...]),
        starts_at=row["starts_at"] or None,
        created_at=row["created_at"],
        created_by=row["created_by"],
        started_at=row["started_at"] or None,
        started_by=row["started_by"],
        finished_at=row["finished_at"] or None,
        people=sum(msgspec.structs.astuple(counts)),
        counts=counts,
    )


def faults_of(row: Row) -> tuple[CampaignFault, ...]:
    return msgspec.json.decode(row["faults"], type=tuple[CampaignFault, ...])


async def campaign(statements: Statements, office: str, id: str) -> Campaign:
    """One, with its counts. Raises `EdgeError`."""
    row = await row_of(statements, office, id)
    return campaign_of(row, (await count(statements, [id]))[id])


async def campaigns(
    statements: Statements, office: str, *, state: str, q: str, limit: int, offset: int
) -> Campaigns:
    """The newest first."""
    where = "office = $1 AND ($2 = '' OR state = $2) AND LOWER(name) LIKE $3"
    values = (office, state, "%" + q.lower().replace("%", "").replace("_", "") + "%")
    total = await statements.one(f"SELECT COUNT(*) AS n FROM campaign WHERE {where}", *values)  # noqa: S608  fixed words
    rows = await statements.all(
        f"SELECT * FROM campaign WHERE {where} ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5",  # noqa: S608
        *values, limit, offset,
    )  # fmt: skip
    counts = await count(statements, [row["id"] for row in rows])
    items = tuple(campaign_of(row, counts[row["id"]]) for row in rows)
    return Campaigns(items=items, total=int(total["n"]) if total is not None else 0)


async def recipients(
    statements: Statements,
    office: str,
    id: str,
    *,
    state: RecipientState | None,
    q: str,
    limit: int,
    offset: int,
) -> CampaignRecipients:
    """A page of its people. Raises `EdgeError`."""
    await row_of(statements, office, id)
    rows, total = await people_of(statements, id, state=state, q=q, limit=limit, offset=offset)
    return CampaignRecipients(items=tuple(map(recipient_of, rows)), total=total)
