"""Asks Twilio for receipts that never came: callbacks get lost, and then its list still says what became of a text."""

from __future__ import annotations

import logging
from typing import Protocol

from edge.clock import Clock
from edge.store import Store
from edge.texts.sending import Sender, SendingError

__all__ = ["Receipts", "Report"]

log = logging.getLogger(__name__)

ASK_MS = (20 * 60_000, 6 * 3_600_000)
"""How long after the text, the first and the second time. Some carriers never say; then `sent` is the last word."""
BACK_MS = 24 * 3_600_000


class Report(Protocol):
    """The outbox: told what Twilio says of a text."""

    async def report(self, id: str, sid: str, status: str, code: int = 0) -> bool: ...


class Receipts:
    def __init__(self, store: Store, clock: Clock, sender: Sender, outbox: Report) -> None:
        self._store = store
        self._clock = clock
        self._sender = sender
        self._outbox = outbox

    async def ask_next(self) -> bool:
        """About one text. Returns whether there was one to ask about."""
        now = self._clock.now_ms()
        row = await self._store.one(
            "UPDATE campaign_recipient SET asked = asked + 1 WHERE state = 'sent' AND id = (SELECT id FROM"
            " campaign_recipient WHERE state = 'sent' AND ((asked = 0 AND sent_at <= $1) OR (asked = 1 AND"
            " sent_at <= $2)) ORDER BY changed_at LIMIT 1) AND asked < $3"
            " RETURNING number, message, sid, sent_at, campaign",
            now - ASK_MS[0], now - ASK_MS[1], len(ASK_MS),
        )  # fmt: skip
        if row is None:
            return False
        campaign = await self._store.one("SELECT from_number FROM campaign WHERE id = $1", row["campaign"])
        if campaign is None:
            return True
        try:
            listed = await self._sender.seen(
                campaign["from_number"], row["number"], since_ms=row["sent_at"] - BACK_MS
            )
        except SendingError as error:
            log.info("Twilio's list of messages cannot be read", extra={"reason": str(error)})
            return False
        for seen in listed:
            if seen.sid == row["sid"]:
                await self._outbox.report(row["message"], seen.sid, seen.status, seen.code)
        return True
