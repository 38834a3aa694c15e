"""Forgets a person: their place in every campaign, and the lines of lists that name them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from edge.campaigns.records import faults_of
from edge.store import Statements

__all__ = ["CampaignEraser"]


class CampaignEraser:
    """Implements `edge.texts.erasing.Eraser`. That somebody opted out is kept by texts, so that they get none again."""

    async def erase(self, statements: Statements, office: str, number: str) -> Mapping[str, int]:
        places = await statements.run(
            "DELETE FROM campaign_recipient WHERE office = $1 AND number = $2", office, number
        )
        await statements.run("DELETE FROM campaign_contact WHERE office = $1 AND number = $2", office, number)
        named = await statements.all(
            "SELECT id, faults FROM campaign WHERE office = $1 AND faults LIKE $2", office, f"%{number}%"
        )
        for row in named:
            kept = [fault for fault in faults_of(row) if number not in fault.text]
            await statements.run(
                "UPDATE campaign SET faults = $2 WHERE id = $1", row["id"], msgspec.json.encode(kept).decode()
            )
        return {"campaign places": places}
