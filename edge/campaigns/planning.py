"""Previews of campaigns: puts together what the store and Twilio know of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from edge.campaigns.office_settings import settings_of
from edge.campaigns.preview import Plan, preview
from edge.campaigns.quiet import zones_of
from edge.campaigns.recipients import Fault, Reading, Recipient, read_recipients, without_opted_out
from edge.campaigns.records import faults_of, row_of
from edge.campaigns.registration import Registrations, verdict
from edge.campaigns.sender import SenderKind, kind_of
from edge.campaigns.spreadsheet import SpreadsheetError
from edge.clock import Clock
from edge.errors import EdgeError
from edge.model.campaigns import CampaignConsent, CampaignPreview, CampaignRegistration, CampaignWrite
from edge.model.office import Number
from edge.store import Row, Store
from edge.texts.consent import Consent

__all__ = ["Numbers", "Planning", "Wanted"]


class Numbers(Protocol):
    """Which numbers an office has."""

    async def numbers(self, office: str) -> Sequence[Number]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A campaign as somebody wants it, saved or not."""

    text: str
    marketing: bool
    from_number: str
    consent: CampaignConsent | None


class Planning:
    """`country` is where numbers without one belong. `ready`: texts can be sent at all."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        consent: Consent,
        numbers: Numbers,
        registrations: Registrations,
        country: str,
        ready: bool = True,
    ) -> None:
        self._store = store
        self._clock = clock
        self._consent = consent
        self._numbers = numbers
        self._registrations = registrations
        self._country = country
        self._ready = ready

    async def of(self, office: str, id: str) -> CampaignPreview:
        """Of a campaign as it stands. Raises `EdgeError`."""
        row = await row_of(self._store, office, id)
        wanted = Wanted(
            text=row["text"],
            marketing=bool(row["marketing"]),
            from_number=row["from_number"],
            consent=msgspec.json.decode(row["consent"], type=CampaignConsent) if row["consent"] else None,
        )
        return await self._preview(office, wanted, await self._stored(row))

    async def of_new(self, office: str, given: CampaignWrite) -> CampaignPreview:
        """Of one that nobody has saved."""
        reading = await self.read(office, given.file, given.recipients)
        number = await self.sender(office, given.from_number)
        wanted = Wanted(text=given.text, marketing=given.marketing, from_number=number, consent=given.consent)
        return await self._preview(office, wanted, reading)

    async def read(self, office: str, file: bytes, text: str) -> Reading:
        """In a thread: a hundred thousand lines take seconds."""
        try:
            reading = await asyncio.to_thread(read_recipients, file or text, self._country)
        except SpreadsheetError as error:
            raise EdgeError(422, str(error), field="$.file") from None
        numbers = [person.number for person in reading.recipients]
        return without_opted_out(reading, await self._consent.opted_out_of_any(office, numbers))

    async def sender(self, office: str, wanted: str) -> str:
        """The number that was named, or the office's toll-free one; "" when it has none."""
        numbers = [number.e164 for number in await self._numbers.numbers(office)]
        if not wanted:
            return next((number for number in numbers if kind_of(number) is SenderKind.TOLL_FREE), "")
        if wanted not in numbers:
            raise EdgeError(422, f"{wanted} is no number of this office.", field="$.from_number")
        return wanted

    async def registration(self, office: str, number: str, regions: set[str]) -> CampaignRegistration:
        registered = await self._registrations.of(office, number) if number else None
        return verdict(registered, number, regions)

    async def _preview(self, office: str, wanted: Wanted, reading: Reading) -> CampaignPreview:
        told = await self._store.all("SELECT number FROM campaign_contact WHERE office = $1", office)
        regions = {person.region for person in reading.recipients}
        plan = Plan(
            text=wanted.text,
            marketing=wanted.marketing,
            from_number=wanted.from_number,
            consent=wanted.consent,
            reading=reading,
            told=frozenset(row["number"] for row in told),
            zones=await asyncio.to_thread(_zones, reading),
            settings=await settings_of(self._store, office),
            registration=await self.registration(office, wanted.from_number, regions),
            now_ms=self._clock.now_ms(),
            ready=self._ready,
        )
        return await asyncio.to_thread(preview, plan)

    async def _stored(self, row: Row) -> Reading:
        """The people as they stand, with the lines that were nobody."""
        rows = await self._store.all(
            "SELECT * FROM campaign_recipient WHERE campaign = $1 ORDER BY position", row["id"]
        )
        people = tuple(
            Recipient(
                each["number"],
                each["region"],
                each["position"],
                each["name"],
                tuple(json.loads(each["fields"]).items()),
            )
            for each in rows
        )
        faults = tuple(Fault(fault.line, fault.kind, fault.text) for fault in faults_of(row))
        reading = Reading(people, faults, msgspec.json.decode(row["fields"], type=tuple[str, ...]))
        numbers = [person.number for person in people]
        return without_opted_out(reading, await self._consent.opted_out_of_any(row["office"], numbers))


def _zones(reading: Reading) -> list[tuple[str, ...]]:
    return [zones_of(person.number) for person in reading.recipients]
