"""The two tables: where a campaign's course leads, and what the state of a text means for its person."""

from __future__ import annotations

from typing import get_args

import pytest

from edge.campaigns.course import COURSE, REFUSED, Wish, follow
from edge.campaigns.outcome import MOST_TRIES, Outcome, TextState, outcome_of
from edge.model.campaigns import CampaignState

STATES = get_args(CampaignState)
WISHES = get_args(Wish)


def test_every_wish_leads_somewhere_or_is_refused_with_words() -> None:
    for state in STATES:
        assert REFUSED[state]
        assert {follow(state, wish) for wish in WISHES} <= {None, *STATES}


def test_a_cancelled_campaign_never_runs_again() -> None:
    assert {follow("cancelled", wish) for wish in WISHES} == {None, "cancelled"}


def test_nothing_becomes_a_draft_again_and_every_other_state_is_reached() -> None:
    assert set(COURSE.values()) == set(STATES) - {"draft"}


@pytest.mark.parametrize("wish", WISHES)
def test_a_wish_that_is_fulfilled_is_fulfilled_again(wish: Wish) -> None:
    """Two people press the same button; only what happens by itself needs no second time."""
    for state in STATES:
        after = follow(state, wish)
        if after is not None and wish not in ("due", "done", "schedule"):
            assert follow(after, wish) == after


@pytest.mark.parametrize(
    ("state", "asking", "sid", "code", "outcome"),
    [
        ("queued", False, "", 0, Outcome("released")),
        ("sending", False, "", 0, Outcome("released")),
        ("sent", False, "SM1", 0, Outcome("sent")),
        ("delivered", False, "SM1", 0, Outcome("delivered")),
        ("uncertain", True, "", 0, Outcome("checking")),
        ("uncertain", False, "", 0, Outcome("uncertain")),
        ("uncertain", True, "", 20500, Outcome("checking")),
        ("uncertain", False, "", 20500, Outcome("queued", "again")),
        ("failed", False, "", 20429, Outcome("queued", "again")),
        ("failed", False, "", 0, Outcome("queued", "again")),
        ("failed", False, "", 21211, Outcome("failed")),
        ("failed", False, "", 21610, Outcome("opted_out")),
        ("failed", False, "", 20003, Outcome("queued", "pause_again")),
        ("failed", False, "SM1", 30001, Outcome("queued", "again")),
        ("failed", False, "SM1", 30003, Outcome("undelivered")),
        ("failed", False, "SM1", 30008, Outcome("undelivered")),
        ("failed", False, "SM1", 30034, Outcome("undelivered", "pause")),
        ("failed", False, "SM1", 0, Outcome("undelivered")),
    ],
)
def test_only_what_surely_did_not_get_out_has_another_turn(
    state: str, asking: bool, sid: str, code: int, outcome: Outcome
) -> None:
    assert outcome_of(TextState(state, asking, sid, code), 0) == outcome


def test_nobody_is_tried_for_ever() -> None:
    assert outcome_of(TextState("failed", False, "", 20429), MOST_TRIES) == Outcome("failed")
    assert outcome_of(TextState("uncertain", False, "", 20500), MOST_TRIES) == Outcome("uncertain")
    assert outcome_of(TextState("failed", False, "SM1", 30001), MOST_TRIES) == Outcome("undelivered")


def test_an_erased_text_is_left() -> None:
    assert outcome_of(None, 0) == Outcome("left")
