"""What the state of a person's text means for the person, and what is worth another text. Pure.

    queued      waits for its turn, or for daytime        delivered    the carrier says that it arrived
    released    handed to the outbox                      undelivered  Twilio took it, it did not arrive
    checking    Twilio's answer was lost; it is asked     failed       Twilio did not take it
    uncertain   nobody knows; a person decides            opted_out    said STOP before it was sent
    sent        Twilio has it                             no_hours     no hour of the day fits all their time zones
    left, cancelled: a person decided

Another text by itself only where the first surely did not leave Twilio:

    429, 20429, 21611, 14107    refused for the rate                    yes
    no connection               nothing was sent                        yes
    30001                       Twilio's own queue overflowed, "try sending your message again after waiting"  yes
    5xx                         once Twilio's list has not shown it, three times in eleven minutes             yes
    answer lost, killed         may have been taken: callback, Twilio's list, else a person                    no
    30008                       the carrier says "unknown error"; it may have reached the phone                no
    30003, 30005, 30006         the phone or the number; the next text fares alike, a person may try           no
    30007, 30034, 30032 …       filtered or not registered: again is worse                                     no

What is wrong with the account or the sending number is wrong for all: the campaign is paused, nobody is used up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.model.campaigns import RecipientState
from edge.texts.sending import FAULT

__all__ = ["MOST_TRIES", "OPEN", "OPTED_OUT", "Outcome", "TextState", "outcome_of"]

OPTED_OUT = 21610
MOST_TRIES = 20
MOST_OVERFLOWS = 3
RATE = frozenset({14107, 20429, 21611})
OVERFLOW = 30001
ACCOUNT = frozenset({10001, 20003, 20005, 21603, 21606, 21659, 21660})
"""Refused at once; the person's turn comes again when that is mended."""
REGISTRATION = frozenset({30002, 30032, 30033, 30034, 30035})
"""Said by callback: the text was taken and did not leave."""
AGAIN_S = 900

OPEN: tuple[RecipientState, ...] = ("queued", "released", "checking")
"""A campaign with nobody in these is finished."""

Next = Literal["stay", "again", "pause", "pause_again"]


@dataclass(frozen=True, slots=True)
class TextState:
    """A row of text_message as far as it matters; `asking`: Twilio's list will be read once more."""

    state: str
    asking: bool
    sid: str
    code: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """`next`: `again` gives the person another turn, `pause` stops the campaign, `pause_again` does both."""

    state: RecipientState
    next: Next = "stay"


_PLAIN: dict[str, RecipientState] = {
    "queued": "released",
    "sending": "released",
    "sent": "sent",
    "delivered": "delivered",
}


def outcome_of(text: TextState | None, tries: int) -> Outcome:
    """`tries` are the texts before this one that surely did not get out. None: the text was erased."""
    if text is None:
        return Outcome("left")
    if text.state == "uncertain":
        return _unsettled(text, tries)
    if text.state != "failed":
        return Outcome(_PLAIN[text.state])
    if text.code == OPTED_OUT:
        return Outcome("opted_out")
    return _taken(text, tries) if text.sid else _refused(text, tries)


def _unsettled(text: TextState, tries: int) -> Outcome:
    """Twilio's list is still to be read, or has been and does not show it."""
    if text.asking:
        return Outcome("checking")
    if text.code == FAULT and tries < MOST_TRIES:
        return Outcome("queued", "again")
    return Outcome("uncertain")


def _taken(text: TextState, tries: int) -> Outcome:
    if text.code == OVERFLOW and tries < MOST_OVERFLOWS:
        return Outcome("queued", "again")
    return Outcome("undelivered", "pause" if text.code in REGISTRATION else "stay")


def _refused(text: TextState, tries: int) -> Outcome:
    if text.code in ACCOUNT:
        return Outcome("queued", "pause_again")
    if tries < MOST_TRIES and (text.code in RATE or text.code == 0):
        return Outcome("queued", "again")
    return Outcome("failed", "pause" if text.code in REGISTRATION else "stay")
