"""Puts the campaigns together from what the edge has."""

from __future__ import annotations

import logging
from typing import Protocol

from edge.area import Area
from edge.campaigns.api import operations
from edge.campaigns.conduct import Conduct
from edge.campaigns.drafts import Drafts
from edge.campaigns.planning import Planning
from edge.campaigns.receipts import Receipts, Report
from edge.campaigns.registration import Registered
from edge.campaigns.release import Put, Release
from edge.campaigns.standing import Standing
from edge.campaigns.work import CampaignWork
from edge.clock import Clock
from edge.config import EdgeConfig
from edge.events import Events
from edge.offices import Offices
from edge.store import Store
from edge.texts.carrier import TwilioSender
from edge.texts.consent import Consent
from edge.twilio.client import TwilioClient
from edge.twilio.errors import TwilioError, meaning
from edge.twilio.records import Number, NumberSettings

__all__ = ["Outbox", "TwilioRegistrations", "build_campaigns"]

log = logging.getLogger(__name__)


class Outbox(Put, Report, Protocol):
    """Both sides of it."""


class TwilioRegistrations:
    """Asks Twilio about the office's number; None: there are no credentials."""

    def __init__(self, twilio: TwilioClient | None, offices: Offices) -> None:
        self._twilio = twilio
        self._offices = offices

    async def of(self, office: str, number: str) -> Registered | None:
        known = await self._offices.number(number)
        if self._twilio is None or known is None or known.office != office:
            return None
        try:
            sid = known.sid or next((each.sid for each in await self._twilio.numbers.mine(number=number)), "")
            if not sid:
                return None
            return await self._twilio.registration.of(Number(sid, number, NumberSettings()))
        except TwilioError as error:
            log.warning("Twilio does not say whether a number is registered", extra={"reason": str(error)})
            return None


def build_campaigns(
    config: EdgeConfig,
    store: Store,
    clock: Clock,
    events: Events,
    offices: Offices,
    *,
    twilio: TwilioClient | None,
    outbox: Outbox,
    consent: Consent,
) -> Area:
    """`outbox` and `consent` are those of the texts."""
    planning = Planning(
        store,
        clock,
        consent=consent,
        numbers=offices,
        registrations=TwilioRegistrations(twilio, offices),
        country=config.country,
        ready=twilio is not None,
    )
    drafts, conduct = Drafts(store, clock, planning), Conduct(store, clock, planning)
    work = CampaignWork(
        store,
        clock,
        events,
        drafts=drafts,
        conduct=conduct,
        release=Release(store, clock, outbox),
        standing=Standing(store, clock, words=lambda code: meaning(code).words),
        receipts=None
        if twilio is None
        else Receipts(store, clock, TwilioSender(twilio, config.base), outbox),
    )
    return Area(
        operations=operations(store, planning, drafts, conduct),
        work={
            "campaigns: sending": work.release,
            "campaigns: progress": work.watch,
            "campaigns: receipts": work.ask,
        },
    )
