"""The course of a campaign: a total table of state and wish. Pure.

    draft ──start──▶ running ──done──▶ finished ──again──▶ running
      └─schedule─▶ scheduled ──due──▶ running
    scheduled, running ──pause──▶ paused ──resume──▶ running, or scheduled when its time has not come
    scheduled, running, paused ──cancel──▶ cancelled, for good

A wish that is fulfilled already changes nothing: two people may press the same button.
"""

from __future__ import annotations

from typing import Literal

from edge.model.campaigns import CampaignState

__all__ = ["COURSE", "REFUSED", "Wish", "follow"]

Wish = Literal["start", "schedule", "due", "pause", "resume", "cancel", "done", "again"]

COURSE: dict[tuple[CampaignState, Wish], CampaignState] = {
    ("draft", "start"): "running",
    ("draft", "schedule"): "scheduled",
    ("scheduled", "start"): "running",
    ("scheduled", "schedule"): "scheduled",
    ("scheduled", "due"): "running",
    ("scheduled", "pause"): "paused",
    ("scheduled", "cancel"): "cancelled",
    ("running", "start"): "running",
    ("running", "resume"): "running",
    ("running", "pause"): "paused",
    ("running", "cancel"): "cancelled",
    ("running", "done"): "finished",
    ("running", "again"): "running",
    ("paused", "pause"): "paused",
    ("paused", "resume"): "running",
    ("paused", "cancel"): "cancelled",
    ("paused", "again"): "paused",
    ("finished", "again"): "running",
    ("cancelled", "cancel"): "cancelled",
}

REFUSED: dict[CampaignState, str] = {
    "draft": "The campaign is a draft; it has not been started.",
    "scheduled": "The campaign is scheduled and has not begun.",
    "running": "The campaign is running; pause it first.",
    "paused": "The campaign is paused; resume or cancel it.",
    "cancelled": "The campaign was cancelled. Make a new one for those who are left.",
    "finished": "The campaign is finished.",
}


def follow(state: CampaignState, wish: Wish) -> CampaignState | None:
    """Where the wish leads; None where it cannot be fulfilled."""
    return COURSE.get((state, wish))
