"""Takes texts back out of the outbox that nobody has begun to send, and gives their people another turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edge.store import Row, Statements

__all__ = ["hold", "recall", "recall_expired", "wake_lane"]

SOME = 200


async def recall(tx: Statements, campaign: str) -> None:
    """All of a campaign. What is being sent at this moment stays and is accounted for."""
    await _requeue(
        tx,
        await tx.all(
            "DELETE FROM text_message WHERE campaign = $1 AND state = 'queued' RETURNING id", campaign
        ),
    )


async def recall_expired(tx: Statements, now_ms: int) -> Sequence[Row]:
    """Those whose day is over: office and campaign of each. They wait for their next morning."""
    gone = await tx.all(
        "DELETE FROM text_message WHERE state = 'queued' AND until_at > 0 AND until_at <= $1"
        " RETURNING id, office, campaign",
        now_ms,
    )
    await _requeue(tx, gone)
    return gone


async def hold(tx: Statements, campaigns: Iterable[str]) -> None:
    """Until the end of the transaction nobody else changes these. Everybody takes lanes before campaigns and campaigns
    before their people, each in order; so nobody waits in a circle."""
    ids = sorted(set(campaigns))
    places = ", ".join(f"${place}" for place in range(1, len(ids) + 1))
    lanes = await tx.all(
        f"SELECT DISTINCT office, from_number FROM campaign WHERE id IN ({places})",  # noqa: S608  places only
        *ids,
    )
    for office, number in sorted((lane["office"], lane["from_number"]) for lane in lanes):
        await tx.run(
            "UPDATE campaign_lane SET idle_until = idle_until WHERE office = $1 AND number = $2",
            office,
            number,
        )
    for id in ids:
        await tx.run("UPDATE campaign SET served = served WHERE id = $1", id)


async def wake_lane(tx: Statements, office: str, number: str) -> None:
    """There may be something to do again. The lane's rate stays."""
    await tx.run(
        "INSERT INTO campaign_lane (office, number, free_at, idle_until) VALUES ($1, $2, 0, 0)"
        " ON CONFLICT (office, number) DO UPDATE SET idle_until = 0",
        office, number,
    )  # fmt: skip


async def _requeue(tx: Statements, gone: Sequence[Row]) -> None:
    ids = [row["id"] for row in gone]
    for start in range(0, len(ids), SOME):
        some = ids[start : start + SOME]
        places = ", ".join(f"${place}" for place in range(1, len(some) + 1))
        await tx.run(
            "UPDATE campaign_recipient SET state = 'queued', message = ''"  # noqa: S608  places only
            f" WHERE state = 'released' AND message IN ({places})",
            *some,
        )
