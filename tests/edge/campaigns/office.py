"""An office with a toll-free number and all parts of its campaigns, on a clock and with a carrier that a test owns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from edge.api.dispatch import Dispatch
from edge.campaigns.api import operations
from edge.campaigns.conduct import Conduct
from edge.campaigns.drafts import Drafts
from edge.campaigns.planning import Planning
from edge.campaigns.receipts import Receipts
from edge.campaigns.release import Release
from edge.campaigns.standing import Standing
from edge.campaigns.work import CampaignWork
from edge.clock import Clock
from edge.events import Events
from edge.model.campaigns import Campaign, CampaignConsent, CampaignStart, CampaignWrite
from edge.model.office import Number, Office
from edge.offices import Offices
from edge.store import Row, Statements, Store
from edge.texts.consent import ConsentRecords
from edge.texts.outbox import Outbox
from edge.texts.sending import Sender
from edge.twilio.registration import Registration
from tests.edge.clock import TestClock

TOLL_FREE = "+18885550100"
LOCAL = "+12125550100"
AGREED = CampaignConsent(
    who="Ann Example", when="2026-05", how="web_form", source="I agree to texts. example.com/join"
)
GOOD = Registration("toll_free", "approved", "The toll-free number is verified.")
NOON_NEW_YORK_MS = 1_795_021_200_000
"""Wednesday 2026-11-18, 12:00 in New York, 9:00 in Los Angeles, 7:00 in Honolulu."""


def people(count: int, area: str = "212") -> str:
    """A list of that many numbers, all different and all valid."""
    return "\n".join(
        f"+1{area}{2 + n // 1_000_000}{n % 1_000_000:06d}" for n in range(550_000, 550_000 + count)
    )


async def no_media(_: Statements, __: Row) -> tuple[str, ...]:
    return ()


@dataclass
class SaidRegistration:
    """Implements `Registrations`."""

    said: Registration | None = GOOD

    async def of(self, office: str, number: str) -> Registration | None:
        return self.said


@dataclass
class Edge:
    """The parts of one edge process on a store that others may share."""

    store: Store
    clock: Clock
    carrier: Sender
    registrations: SaidRegistration = field(default_factory=SaidRegistration)
    events: Events = field(default_factory=Events)

    def __post_init__(self) -> None:
        self.offices = Offices(self.store, self.clock)
        self.consent = ConsentRecords(self.store, self.clock)
        self.outbox = Outbox(
            self.store,
            self.clock,
            self.carrier,
            self.consent,
            media=no_media,
            words=lambda code, _: f"error {code}",
        )
        self.planning = Planning(
            self.store,
            self.clock,
            consent=self.consent,
            numbers=self.offices,
            registrations=self.registrations,
            country="US",
        )
        self.drafts = Drafts(self.store, self.clock, self.planning)
        self.conduct = Conduct(self.store, self.clock, self.planning)
        self.release = Release(self.store, self.clock, self.outbox)
        self.standing = Standing(self.store, self.clock, words=lambda code: f"Error {code}.")
        self.receipts = Receipts(self.store, self.clock, self.carrier, self.outbox)
        self.work = CampaignWork(
            self.store,
            self.clock,
            self.events,
            drafts=self.drafts,
            conduct=self.conduct,
            release=self.release,
            standing=self.standing,
            receipts=self.receipts,
        )
        self.dispatch = Dispatch(operations(self.store, self.planning, self.drafts, self.conduct), self.clock)

    async def open(self, numbers: Sequence[str] = (TOLL_FREE, LOCAL)) -> Office:
        office = await self.offices.ensure_local("Test")
        for number in numbers:
            await self.offices.put_number(Number(number, office.id))
        return office

    async def campaign(
        self,
        recipients: str,
        text: str = "Hello {name|you}",
        *,
        from_number: str = "",
        marketing: bool = False,
    ) -> Campaign:
        return await self.drafts.create(
            "local",
            "ann",
            CampaignWrite(
                name="Test",
                text=text,
                from_number=from_number,
                marketing=marketing,
                recipients=recipients,
                consent=AGREED,
            ),
        )

    async def started(self, recipients: str, text: str = "Hello {name|you}", **more: object) -> str:
        made = await self.campaign(recipients, text, **more)  # type: ignore[arg-type]
        await self.conduct.start("local", "ann", made.id, CampaignStart())
        return made.id

    async def stop(self, number: str, ours: str = TOLL_FREE) -> None:
        """They write STOP."""
        async with self.store.transaction() as tx:
            await self.consent.change(tx, "local", ours, number, opted_out=True, how="keyword")

    async def step(self) -> None:
        """What the loops do, once."""
        await self.release.next()
        await self.outbox.work()
        await self.work.tick()

    async def states(self, campaign: str) -> Counter[str]:
        rows = await self.store.all("SELECT state FROM campaign_recipient WHERE campaign = $1", campaign)
        return Counter(row["state"] for row in rows)

    async def state(self, campaign: str) -> str:
        row = await self.store.one("SELECT state FROM campaign WHERE id = $1", campaign)
        assert row is not None
        return str(row["state"])

    async def ask(self, method: str, path: str, body: object = None, query: str = "") -> tuple[int, object]:
        """Through the API, as an office's node does."""
        reply = await self.dispatch.ask(
            office="local",
            actor="ann",
            method=method,
            path=path,
            query=query,
            body=b"" if body is None else msgspec.json.encode(body),
            type="application/json",
        )
        known = reply.type.endswith("json") and reply.body
        return reply.status, msgspec.json.decode(reply.body) if known else reply.body


async def run(edge: Edge, clock: TestClock, seconds: float, step_s: float = 1.0) -> None:
    """Time passes, and the loops run in each step."""
    for _ in range(int(seconds / step_s)):
        await edge.step()
        await clock.advance(step_s)
    await edge.step()
