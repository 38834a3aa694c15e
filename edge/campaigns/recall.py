"""Takes texts back out of the outbox that nobody has begun to send, and gives their people another turn."""

from __future__ import annotations

from collections.abc import Sequence

from edge.store import Row, Statements

__all__ = ["recall", "recall_expired", "wake_lane"]

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
