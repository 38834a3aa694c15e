"""Offer and answer (RFC 3264, 6337, 3311, RFC 3261 14)."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.core.errors import InternalError, PeerError
from pbx.sip.offer_answer import Carrier, Meaning, OfferAnswer, Turn

C, M = Carrier, Meaning


def exchange(owner: bool = True) -> OfferAnswer:
    return OfferAnswer(owner=owner)


def settled(owner: bool = True) -> OfferAnswer:
    """A call that is up."""
    state = exchange(owner)
    state.sent(C.INVITE, sdp=True)
    state.received(C.ACCEPTED, sdp=True)
    state.sent(C.ACK, sdp=False)
    assert state.may_invite
    return state


def test_offer_in_invite_answer_in_2xx() -> None:
    state = exchange()
    assert state.sent(C.INVITE, sdp=True) is M.OFFER
    assert not state.may_offer
    assert state.received(C.PROVISIONAL, sdp=False) is M.NOTHING
    assert state.received(C.ACCEPTED, sdp=True) is M.ANSWER
    assert state.may_invite


def test_sdp_in_an_unreliable_provisional_response_is_a_preview() -> None:
    state = exchange()
    state.sent(C.INVITE, sdp=True)
    assert state.received(C.PROVISIONAL, sdp=True) is M.PREVIEW
    assert state.turn is Turn.OURS
    assert state.received(C.ACCEPTED, sdp=True) is M.ANSWER


def test_offer_in_2xx_answer_in_ack() -> None:
    state = exchange()
    assert state.sent(C.INVITE, sdp=False) is M.NOTHING
    assert state.received(C.ACCEPTED, sdp=True) is M.OFFER
    assert not state.may_invite
    assert state.sent(C.ACK, sdp=True) is M.ANSWER
    assert state.may_invite


def test_the_same_as_the_callee() -> None:
    state = exchange(owner=False)
    state.received(C.INVITE, sdp=False)
    assert state.sent(C.ACCEPTED, sdp=True) is M.OFFER
    assert state.received(C.ACK, sdp=True) is M.ANSWER
    assert state.may_invite


def test_an_answer_in_a_reliable_provisional_response_makes_the_sdp_of_the_2xx_a_repetition() -> None:
    state = exchange()
    state.sent(C.INVITE, sdp=True)
    assert state.received(C.RELIABLE, sdp=True) is M.ANSWER
    assert state.sent(C.PRACK, sdp=False) is M.NOTHING
    assert state.received(C.ACCEPTED, sdp=True) is M.NOTHING
    assert state.may_invite


def test_offer_in_a_reliable_provisional_response_answer_in_prack() -> None:
    state = exchange()
    state.sent(C.INVITE, sdp=False)
    assert state.received(C.RELIABLE, sdp=True) is M.OFFER
    assert state.sent(C.PRACK, sdp=True) is M.ANSWER
    assert state.received(C.ACCEPTED, sdp=True) is M.NOTHING


def test_offer_in_prack_answer_in_its_2xx() -> None:
    state = exchange(owner=False)
    state.received(C.INVITE, sdp=True)
    assert state.sent(C.RELIABLE, sdp=True) is M.ANSWER
    assert state.received(C.PRACK, sdp=True) is M.OFFER
    assert state.sent(C.PRACK_OK, sdp=True) is M.ANSWER


def test_offer_in_update_while_the_call_rings() -> None:
    state = exchange()
    state.sent(C.INVITE, sdp=True)
    state.received(C.RELIABLE, sdp=True)
    assert state.may_offer
    assert not state.may_invite
    assert state.sent(C.UPDATE, sdp=True) is M.OFFER
    assert state.received(C.UPDATE_OK, sdp=True) is M.ANSWER


def test_colliding_reinvites_are_glare_with_or_without_sdp() -> None:
    for ours, theirs in product([True, False], repeat=2):
        state = settled()
        state.sent(C.INVITE, sdp=ours)
        with pytest.raises(PeerError) as caught:
            state.received(C.INVITE, sdp=theirs)
        assert caught.value.sip_status == 491
        assert state.received(C.ACCEPTED, sdp=True) is (M.ANSWER if ours else M.OFFER), "our own goes on"


def test_colliding_updates_are_glare() -> None:
    state = settled()
    state.sent(C.UPDATE, sdp=True)
    with pytest.raises(PeerError) as caught:
        state.received(C.UPDATE, sdp=True)
    assert caught.value.sip_status == 491


def test_their_reinvite_against_our_update_is_glare() -> None:
    state = settled()
    state.sent(C.UPDATE, sdp=True)
    for sdp in (True, False):
        with pytest.raises(PeerError) as caught:
            state.received(C.INVITE, sdp=sdp)
        assert caught.value.sip_status == 491


def test_an_update_without_sdp_never_collides() -> None:
    state = settled()
    state.sent(C.INVITE, sdp=True)
    assert state.received(C.UPDATE, sdp=False) is M.NOTHING


@pytest.mark.parametrize("carrier", [C.INVITE, C.UPDATE])
def test_a_second_offer_before_our_answer_comes_too_early(carrier: Carrier) -> None:
    state = settled()
    state.received(carrier, sdp=True)
    with pytest.raises(PeerError) as caught:
        state.received(carrier, sdp=True, random=0.5)
    assert caught.value.sip_status == 500
    assert caught.value.headers == (("Retry-After", "5"),)
    assert state.turn is Turn.THEIRS


@given(st.floats(0, 1))
def test_retry_after_is_0_to_10_seconds(random: float) -> None:
    state = settled()
    state.received(C.INVITE, sdp=True)
    with pytest.raises(PeerError) as caught:
        state.received(C.INVITE, sdp=True, random=random)
    assert 0 <= int(caught.value.headers[0][1]) <= 10


@given(st.floats(0, 1, exclude_max=True))
def test_the_pauses_after_491_never_overlap(random: float) -> None:
    assert 2.1 <= exchange(owner=True).retry_delay_s(random) <= 4.0
    assert 0.0 <= exchange(owner=False).retry_delay_s(random) <= 2.0


@pytest.mark.parametrize("carrier", [C.INVITE, C.UPDATE])
def test_a_refused_offer_never_was(carrier: Carrier) -> None:
    state = settled()
    state.sent(carrier, sdp=True)
    state.refused(carrier)
    assert state.may_invite
    state.received(carrier, sdp=True)
    state.refused(carrier)
    assert state.may_invite


def test_we_do_not_offer_out_of_turn() -> None:
    state = settled()
    state.sent(C.UPDATE, sdp=True)
    with pytest.raises(InternalError):
        state.sent(C.UPDATE, sdp=True)
    with pytest.raises(InternalError):
        state.sent(C.INVITE, sdp=True)
    state = settled()
    state.received(C.INVITE, sdp=False)
    with pytest.raises(InternalError):
        state.sent(C.INVITE, sdp=True)


def test_sdp_where_none_belongs_means_nothing() -> None:
    state = settled()
    for carrier in (C.ACK, C.PRACK_OK, C.UPDATE_OK):
        assert state.received(carrier, sdp=True) is M.NOTHING
    assert state.may_invite


_STEPS = st.lists(st.tuples(st.booleans(), st.sampled_from(list(Carrier)), st.booleans()), max_size=12)


@given(_STEPS)
def test_an_answer_always_follows_an_offer_of_the_other_side(steps: list[tuple[bool, Carrier, bool]]) -> None:
    """Whatever either side sends: offers and answers alternate, and no peer makes it raise anything but `PeerError`."""
    state = exchange()
    outstanding: bool | None = None
    for ours, carrier, sdp in steps:
        try:
            meaning = (state.sent if ours else state.received)(carrier, sdp=sdp)
        except (InternalError, PeerError):
            continue
        if meaning is M.OFFER:
            assert outstanding is None
            outstanding = ours
        elif meaning is M.ANSWER:
            assert outstanding is (not ours)
            outstanding = None
        assert state.may_offer is (outstanding is None)
