"""What an office does with a campaign that is no draft: starts and stops it, and decides what is uncertain."""

from __future__ import annotations

from collections.abc import Sequence

from edge.campaigns.course import REFUSED, Wish, follow
from edge.campaigns.planning import Planning
from edge.campaigns.recall import hold, recall, wake_lane
from edge.campaigns.records import campaign, row_of
from edge.clock import Clock
from edge.errors import EdgeError
from edge.model.campaigns import Campaign, CampaignSettle, CampaignStart
from edge.store import Row, Statements, Store

__all__ = ["Conduct"]

AGAIN = ("uncertain", "failed", "undelivered")
"""Whose text may be sent once more when a person says so."""


class Conduct:
    """`changed` has office and id of the campaigns that live events are to tell of; whoever does takes them out."""

    def __init__(self, store: Store, clock: Clock, planning: Planning) -> None:
        self._store = store
        self._clock = clock
        self._planning = planning
        self.changed: set[tuple[str, str]] = set()

    async def start(self, office: str, actor: str, id: str, wanted: CampaignStart) -> Campaign:
        """Now or at a time. Raises `EdgeError` with all that stands in the way."""
        row = await row_of(self._store, office, id)
        now = self._clock.now_ms()
        later = wanted.at is not None and wanted.at > now
        _must(row, "schedule" if later else "start")
        if row["state"] == "running":
            return await campaign(self._store, office, id)
        if row["state"] in ("draft", "scheduled"):
            shown = await self._planning.of(office, id)
            if shown.blocks:
                raise EdgeError(409, " ".join(shown.blocks))
            if shown.registration.verdict == "ask" and not wanted.despite_registration:
                raise EdgeError(409, f"{shown.registration.words} Say so to start all the same.")
        async with self._store.transaction() as tx:
            await self._follow(tx, office, id, "schedule" if later else "start")
            await tx.run(
                "UPDATE campaign SET starts_at = $2, despite_registration = $3, started_by = $4,"
                " started_at = CASE WHEN started_at = 0 AND $5 = 0 THEN $6 ELSE started_at END WHERE id = $1",
                id, wanted.at if later else 0, int(wanted.despite_registration), actor, int(later), now,
            )  # fmt: skip
        return await self._done(office, id)

    async def pause(self, office: str, id: str) -> Campaign:
        async with self._store.transaction() as tx:
            await self._follow(tx, office, id, "pause")
            await recall(tx, id)
        return await self._done(office, id)

    async def resume(self, office: str, id: str) -> Campaign:
        async with self._store.transaction() as tx:
            await self._follow(tx, office, id, "resume")
            await tx.run(
                "UPDATE campaign SET state = 'scheduled' WHERE id = $1 AND state = 'running' AND starts_at > $2",
                id, self._clock.now_ms(),
            )  # fmt: skip
        return await self._done(office, id)

    async def cancel(self, office: str, id: str) -> Campaign:
        """For good. What Twilio has already it will deliver."""
        async with self._store.transaction() as tx:
            await self._follow(tx, office, id, "cancel")
            await recall(tx, id)
            await tx.run(
                "UPDATE campaign_recipient SET state = 'cancelled', changed_at = $2 WHERE campaign = $1"
                " AND state = 'queued'",
                id, self._clock.now_ms(),
            )  # fmt: skip
        return await self._done(office, id)

    async def settle(self, office: str, id: str, wanted: CampaignSettle) -> Campaign:
        """A person decides: send once more, or leave it. Twilio may say later that the first did go out."""
        async with self._store.transaction() as tx:
            await row_of(tx, office, id)
            if wanted.action == "again":
                await self._follow(tx, office, id, "again")
            await hold(tx, [id])
            among, ids = _among(wanted, AGAIN if wanted.action == "again" else AGAIN[:1])
            change = (
                "earlier = CASE WHEN state = 'uncertain' THEN message ELSE '' END, state = 'queued', message = '',"
                " not_before = 0, tries = 0"
                if wanted.action == "again"
                else "state = 'left'"
            )
            await tx.run(
                f"UPDATE campaign_recipient SET {change}, changed_at = $2 WHERE campaign = $1 AND {among}",  # noqa: S608
                id, self._clock.now_ms(), *ids,
            )  # fmt: skip
        return await self._done(office, id)

    async def begin_due(self) -> None:
        """Start what was scheduled for now. What the carriers would block by now waits for a person."""
        now = self._clock.now_ms()
        due = await self._store.all(
            "SELECT * FROM campaign WHERE state = 'scheduled' AND starts_at <= $1", now
        )
        for row in due:
            registration = await self._planning.registration(
                row["office"], row["from_number"], await self._regions(row["id"])
            )
            refused = registration.verdict == "refuse" or (
                registration.verdict == "ask" and not row["despite_registration"]
            )
            async with self._store.transaction() as tx:
                await wake_lane(tx, row["office"], row["from_number"])
                await tx.run(
                    "UPDATE campaign SET state = $2, note = $3, started_at = CASE WHEN $2 = 'running' THEN $4 ELSE 0"
                    " END WHERE id = $1 AND state = 'scheduled' AND starts_at <= $4",
                    row["id"], "paused" if refused else "running", registration.words if refused else "", now,
                )  # fmt: skip
            self.changed.add((row["office"], row["id"]))

    async def _follow(self, tx: Statements, office: str, id: str, wish: Wish) -> None:
        """The campaign is held from here to the end of the transaction."""
        row = await row_of(tx, office, id)
        await wake_lane(tx, office, row["from_number"])
        await hold(tx, [id])
        row = await row_of(tx, office, id)
        state = _must(row, wish)
        await tx.run(
            "UPDATE campaign SET state = $2, note = '', finished_at = CASE WHEN $2 = 'running' THEN 0"
            " WHEN $2 = 'cancelled' AND finished_at = 0 THEN $3 ELSE finished_at END WHERE id = $1",
            id, state, self._clock.now_ms(),
        )  # fmt: skip

    async def _done(self, office: str, id: str) -> Campaign:
        self.changed.add((office, id))
        return await campaign(self._store, office, id)

    async def _regions(self, id: str) -> set[str]:
        rows = await self._store.all("SELECT DISTINCT region FROM campaign_recipient WHERE campaign = $1", id)
        return {row["region"] for row in rows}


def _must(row: Row, wish: Wish) -> str:
    state = follow(row["state"], wish)
    if state is None:
        raise EdgeError(409, REFUSED[row["state"]])
    return state


def _among(wanted: CampaignSettle, states: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Whom it is about; without names, all that are uncertain. What is sure to be elsewhere is never sent again."""
    if not wanted.recipients:
        return "state = 'uncertain'", ()
    places = ", ".join(f"${place}" for place in range(3, len(wanted.recipients) + 3))
    among = ", ".join(f"'{state}'" for state in states)
    return f"state IN ({among}) AND id IN ({places})", wanted.recipients
