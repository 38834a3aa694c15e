"""Drafts of campaigns: made, changed, deleted. What has begun stays what it is."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from edge.campaigns.course import REFUSED
from edge.campaigns.people import put_people
from edge.campaigns.planning import Planning
from edge.campaigns.recipients import Reading
from edge.campaigns.records import campaign, row_of
from edge.clock import Clock
from edge.errors import EdgeError
from edge.model.base import new_id
from edge.model.campaigns import Campaign, CampaignFault, CampaignPatch, CampaignWrite
from edge.store import Statements, Store

__all__ = ["Drafts"]

KEPT_FAULTS = 5000


class Drafts:
    """`changed` has office and id of the drafts that live events are to tell of; whoever does takes them out."""

    def __init__(self, store: Store, clock: Clock, planning: Planning) -> None:
        self._store = store
        self._clock = clock
        self._planning = planning
        self.changed: set[tuple[str, str]] = set()

    async def create(self, office: str, actor: str, wanted: CampaignWrite) -> Campaign:
        reading = await self._planning.read(office, wanted.file, wanted.recipients)
        number = await self._planning.sender(office, wanted.from_number)
        id, now = new_id(self._clock.now_ms()), self._clock.now_ms()
        async with self._store.transaction() as tx:
            await tx.run(
                "INSERT INTO campaign (id, office, name, state, note, from_number, text, marketing, consent, fields,"
                " faults, starts_at, despite_registration, created_at, created_by, started_at, started_by,"
                " finished_at, served) VALUES ($1, $2, $3, 'draft', '', $4, $5, $6, $7, $8, $9, 0, 0, $10, $11, 0, '',"
                " 0, 0)",
                id, office, wanted.name, number, wanted.text, int(wanted.marketing), _json(wanted.consent),
                _json(reading.fields), _faults(reading), now, actor,
            )  # fmt: skip
            await put_people(tx, office, id, reading, now)
        self.changed.add((office, id))
        return await campaign(self._store, office, id)

    async def change(self, office: str, id: str, wanted: CampaignPatch) -> Campaign:
        """Raises `EdgeError` for what is no draft any more."""
        reading: Reading | None = None
        if wanted.file is not UNSET or wanted.recipients is not UNSET:
            reading = await self._planning.read(office, wanted.file or b"", wanted.recipients or "")
        number = (
            UNSET if wanted.from_number is UNSET else await self._planning.sender(office, wanted.from_number)
        )
        values: dict[str, object] = {
            "name": wanted.name,
            "text": wanted.text,
            "from_number": number,
            "marketing": wanted.marketing if wanted.marketing is UNSET else int(wanted.marketing),
            "consent": wanted.consent if wanted.consent is UNSET else _json(wanted.consent),
        }
        if reading is not None:
            values |= {"fields": _json(reading.fields), "faults": _faults(reading)}
        values = {column: value for column, value in values.items() if value is not UNSET}
        async with self._store.transaction() as tx:
            await _must_be_draft(tx, office, id)
            for column, value in values.items():
                await tx.run(f"UPDATE campaign SET {column} = $2 WHERE id = $1", id, value)  # noqa: S608  our names
            if reading is not None:
                await put_people(tx, office, id, reading, self._clock.now_ms())
        self.changed.add((office, id))
        return await campaign(self._store, office, id)

    async def delete(self, office: str, id: str) -> None:
        async with self._store.transaction() as tx:
            await _must_be_draft(tx, office, id)
            await tx.run("DELETE FROM campaign_recipient WHERE campaign = $1", id)
            await tx.run("DELETE FROM campaign WHERE id = $1", id)
        self.changed.add((office, id))


async def _must_be_draft(tx: Statements, office: str, id: str) -> None:
    await tx.run("UPDATE campaign SET served = served WHERE id = $1 AND office = $2", id, office)
    row = await row_of(tx, office, id)
    if row["state"] != "draft":
        raise EdgeError(409, f"{REFUSED[row['state']]} Only drafts are changed or deleted.")


def _json(value: object) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()


def _faults(reading: Reading) -> str:
    kept = [CampaignFault(line=f.line, kind=f.kind, text=f.text) for f in reading.faults[:KEPT_FAULTS]]  # type: ignore[arg-type]
    return _json(kept)
