"""Offer and answer within one dialog (RFC 3264, RFC 6337, RFC 3311, RFC 3261 14): whose turn is it?

At any moment a dialog has at most one unanswered offer. Which message carries an answer follows from who made the
offer, so the whole matter is a small table over three states:

    STABLE            nobody waits           an SDP is an offer
    OURS              our offer waits        an SDP from the peer is the answer; a new offer from it is glare: 491
    THEIRS            their offer waits      our SDP is the answer; a further offer from the peer comes too early: 500

Where the table is not enough:
- SDP in an unreliable 1xx is only a preview of the answer (the 1xx may be lost); the 2xx repeats it as the answer.
- SDP in a 2xx after the answer went in a reliable 1xx or with PRACK is a repetition and means nothing (RFC 6337 3.1.1).
- re-INVITEs themselves may collide, with or without SDP (RFC 3261 14.1, 14.2), hence `invite`.

It never looks into SDP. The random number for the pause after 491 is handed in.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from pbx.core.errors import InternalError, PeerError


class Side(Enum):
    US = "us"
    THEM = "them"


class Turn(Enum):
    """Whose offer is unanswered."""

    STABLE = "stable"
    OURS = "ours"
    THEIRS = "theirs"


class Meaning(Enum):
    """What the SDP of a message is."""

    NOTHING = "nothing"  # no SDP, or one to be ignored
    OFFER = "offer"
    ANSWER = "answer"
    PREVIEW = "preview"  # of the answer, in an unreliable 1xx: play it, do not rely on it


class Carrier(Enum):
    """The messages that can carry SDP (RFC 6337 table 1)."""

    INVITE = "INVITE"
    PROVISIONAL = "1xx to INVITE"
    RELIABLE = "1xx to INVITE with RSeq"
    ACCEPTED = "2xx to INVITE"
    ACK = "ACK"
    PRACK = "PRACK"
    PRACK_OK = "2xx to PRACK"
    UPDATE = "UPDATE"
    UPDATE_OK = "2xx to UPDATE"


_OFFERS = frozenset({Carrier.INVITE, Carrier.RELIABLE, Carrier.ACCEPTED, Carrier.PRACK, Carrier.UPDATE})
_ANSWERS = frozenset(
    {Carrier.RELIABLE, Carrier.ACCEPTED, Carrier.ACK, Carrier.PRACK, Carrier.PRACK_OK, Carrier.UPDATE_OK}
)

RETRY_AFTER_HEADER_S = 10
"""A too early offer is told to wait a random 0 to 10 s (RFC 3261 14.2, RFC 3311 5.2)."""


class OfferAnswer(msgspec.Struct):
    """The offer/answer state of one dialog; plain data.

    `owner`: we made the Call-ID (our INVITE started the dialog). `invite`: whose INVITE has no final response yet.
    """

    owner: bool
    turn: Turn = Turn.STABLE
    invite: Side | None = None
    answered_within_invite: bool = False

    @property
    def may_offer(self) -> bool:
        """Whether an UPDATE with SDP may be sent now (RFC 3311 5.1)."""
        return self.turn is Turn.STABLE

    @property
    def may_invite(self) -> bool:
        """Whether a re-INVITE may be sent now (RFC 3261 14.1)."""
        return self.turn is Turn.STABLE and self.invite is None

    def sent(self, carrier: Carrier, *, sdp: bool) -> Meaning:
        """We send this message. Raises `InternalError` when its SDP may not be sent now: ask `may_…` first."""
        if carrier is Carrier.INVITE and self.invite is not None:
            raise InternalError("a re-INVITE while another INVITE is in progress")
        meaning = self._meaning(carrier, sdp=sdp, answers=Turn.THEIRS)
        if meaning is Meaning.OFFER and self.turn is not Turn.STABLE:
            raise InternalError(f"an offer in {carrier.value} while an offer is unanswered")
        self._advance(carrier, meaning, Side.US)
        return meaning

    def received(self, carrier: Carrier, *, sdp: bool, random: float = 0.0) -> Meaning:
        """The peer sent this message: tells what its SDP is.

        Raises `PeerError` 491 on glare, 500 with Retry-After (`random`, 0 to 1, chooses it) when the peer does not
        wait for us. Both answer a request and leave the state as it was. SDP where none belongs is NOTHING.
        """
        if carrier is Carrier.INVITE and self.invite is not None:
            raise _glare() if self.invite is Side.US else _too_early(random)
        meaning = self._meaning(carrier, sdp=sdp, answers=Turn.OURS)
        if carrier in (Carrier.INVITE, Carrier.UPDATE, Carrier.PRACK) and meaning is Meaning.OFFER:
            if self.turn is Turn.OURS:
                raise _glare()
            if self.turn is Turn.THEIRS:
                raise _too_early(random)
        elif carrier is Carrier.INVITE and self.turn is Turn.OURS:
            raise _glare()
        if meaning is Meaning.OFFER and self.turn is not Turn.STABLE:
            meaning = Meaning.NOTHING
        self._advance(carrier, meaning, Side.THEM)
        return meaning

    def refused(self, carrier: Carrier) -> None:
        """A final refusal of an INVITE, UPDATE or PRACK, or no answer at all: its offer never was (RFC 3261 14.1)."""
        if carrier is Carrier.INVITE:
            self.invite = None
            self.answered_within_invite = False
        self.turn = Turn.STABLE

    def retry_delay_s(self, random: float) -> float:
        """How long to wait after 491 before offering again, in steps of 10 ms; `random` is 0 to 1 (RFC 3261 14.1).

        The ranges do not overlap, so that the two sides do not collide again.
        """
        if self.owner:
            return round(2.1 + random * 1.9, 2)
        return round(random * 2.0, 2)

    def _meaning(self, carrier: Carrier, *, sdp: bool, answers: Turn) -> Meaning:
        """`answers` is the turn in which SDP from this sender is an answer."""
        if not sdp:
            return Meaning.NOTHING
        if carrier is Carrier.PROVISIONAL:
            return Meaning.PREVIEW if self.turn is answers else Meaning.NOTHING
        if self.turn is answers and carrier in _ANSWERS:
            return Meaning.ANSWER
        if carrier in (Carrier.ACCEPTED, Carrier.RELIABLE) and self.answered_within_invite:
            return Meaning.NOTHING
        return Meaning.OFFER if carrier in _OFFERS else Meaning.NOTHING

    def _advance(self, carrier: Carrier, meaning: Meaning, by: Side) -> None:
        if carrier is Carrier.INVITE:
            self.invite = by
            self.answered_within_invite = False
        if meaning is Meaning.OFFER:
            self.turn = Turn.OURS if by is Side.US else Turn.THEIRS
        elif meaning is Meaning.ANSWER:
            self.turn = Turn.STABLE
            self.answered_within_invite = self.invite is not None
        if carrier is Carrier.ACCEPTED:
            self.invite = None
            self.answered_within_invite = False


def _glare() -> PeerError:
    return PeerError(491, "Request Pending")


def _too_early(random: float) -> PeerError:
    seconds = int(random * (RETRY_AFTER_HEADER_S + 1)) % (RETRY_AFTER_HEADER_S + 1)
    return PeerError(500, "Offer Too Early", headers=(("Retry-After", str(seconds)),))
