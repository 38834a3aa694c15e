"""What the carriers' registration of the sending number means for a campaign: good, a question, or a refusal.

US carriers block texts from local numbers that are in no registered 10DLC campaign (error 30034), and those of the US
and Canada block toll-free numbers that are not verified (30032). So a campaign is refused there before the first text
is wasted. What is in review, or could not be asked for, is for a person to decide.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, Protocol

from edge.campaigns.sender import SenderKind, kind_of
from edge.model.campaigns import CampaignRegistration

__all__ = ["Registered", "Registrations", "verdict"]

NORTH_AMERICA = frozenset({"US", "PR", "VI", "GU", "AS", "MP"})


class Registered(Protocol):
    """As Twilio tells it; `state` is approved, pending, rejected, missing or not_needed."""

    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def words(self) -> str: ...
    @property
    def rejection(self) -> str: ...


class Registrations(Protocol):
    async def of(self, office: str, number: str) -> Registered | None:
        """None when nobody can say now."""
        ...


def verdict(registered: Registered | None, number: str, regions: Collection[str]) -> CampaignRegistration:
    """`regions` are the countries of the people."""
    if not _matters(number, regions):
        words = "These people's carriers ask for no registration of this number."
        return CampaignRegistration(kind="none", state="not_needed", words=words, verdict="good")
    if registered is None:
        words = "Twilio could not be asked whether this number is registered for texts."
        return CampaignRegistration(kind=str(kind_of(number)), state="unknown", words=words, verdict="ask")
    words = f"{registered.words} {registered.rejection}".strip()
    how: dict[str, Literal["good", "ask", "refuse"]] = {
        "approved": "good", "not_needed": "good", "pending": "ask", "missing": "refuse", "rejected": "refuse",
    }  # fmt: skip
    state = registered.state if registered.state in how else "unknown"
    return CampaignRegistration(
        kind=registered.kind,
        state=state,  # type: ignore[arg-type]
        words=words,
        verdict=how.get(state, "ask"),
    )


def _matters(number: str, regions: Collection[str]) -> bool:
    kind = kind_of(number)
    if kind is SenderKind.TOLL_FREE:
        return bool(NORTH_AMERICA.union({"CA"}) & set(regions))
    return kind is SenderKind.LOCAL and bool(NORTH_AMERICA & set(regions))
