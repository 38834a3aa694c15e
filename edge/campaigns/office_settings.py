"""What an office has set for its campaigns, in the store."""

from __future__ import annotations

import msgspec

from edge.campaigns.quiet import Hours
from edge.campaigns.sender import SenderKind, kind_of
from edge.errors import EdgeError
from edge.model.campaigns import CampaignSettings
from edge.store import Statements

__all__ = ["hours_of", "put_settings", "rate_of", "settings_of"]


async def settings_of(statements: Statements, office: str) -> CampaignSettings:
    row = await statements.one("SELECT document FROM campaign_settings WHERE office = $1", office)
    return CampaignSettings() if row is None else msgspec.json.decode(row["document"], type=CampaignSettings)


async def put_settings(statements: Statements, office: str, settings: CampaignSettings) -> None:
    """Raises `EdgeError` for hours outside 8:00–21:00, or none."""
    start, end = _minutes(settings.quiet_until), _minutes(settings.quiet_from)
    if end > 21 * 60:
        raise EdgeError(422, "Nobody may be texted after 21:00.", field="$.quiet_from")
    if start >= end:
        raise EdgeError(422, "Between the two times nobody could be texted.", field="$.quiet_until")
    await statements.run(
        "INSERT INTO campaign_settings (office, document) VALUES ($1, $2)"
        " ON CONFLICT (office) DO UPDATE SET document = excluded.document",
        office, msgspec.json.encode(settings).decode(),
    )  # fmt: skip


def hours_of(settings: CampaignSettings) -> Hours:
    return Hours(_minutes(settings.quiet_until), _minutes(settings.quiet_from))


def rate_of(settings: CampaignSettings, number: str) -> float:
    """Segments a second from this number."""
    return {
        SenderKind.TOLL_FREE: settings.toll_free_rate,
        SenderKind.LOCAL: settings.local_rate,
        SenderKind.SHORT_CODE: settings.short_code_rate,
        SenderKind.OTHER: settings.other_rate,
    }[kind_of(number)]


def _minutes(wall: str) -> int:
    hour, _, minute = wall.partition(":")
    return int(hour) * 60 + int(minute)
