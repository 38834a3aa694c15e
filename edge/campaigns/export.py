"""A campaign's people and what became of each, as a table for a spreadsheet. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from edge.model.campaigns import CampaignRecipient

__all__ = ["table"]

TITLES = ("number", "name", "state", "sent (UTC)", "segments", "code", "reason", "Twilio SID")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(people: Iterable[CampaignRecipient]) -> bytes:
    """UTF-8 with a mark, as Excel wants it. What others typed cannot become a formula; numbers have digits only."""
    written = io.StringIO()
    sheet = csv.writer(written)
    sheet.writerow(TITLES)
    for each in people:
        sheet.writerow(
            (
                each.number,
                _harmless(each.name),
                each.state,
                _moment(each.sent_at),
                each.segments or "",
                each.code or "",
                _harmless(each.reason),
                each.sid,
            )
        )
    return written.getvalue().encode("utf-8-sig")


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _moment(ms: int | None) -> str:
    return "" if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
