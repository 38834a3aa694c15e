"""Session timers (RFC 4028)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.core.errors import PeerError
from pbx.sip.message import Request, Response
from pbx.sip.session_timer import (
    SessionExpires,
    SessionOffer,
    SessionPolicy,
    SessionTimer,
    answer,
    session_expires,
)
from tests.sip.samples import answer as respond
from tests.sip.samples import from_phone, our_request

POLICY = SessionPolicy()
TIMER = "Supported: timer\r\n"


def invite(extra: str) -> Request:
    return from_phone("INVITE", extra=extra)


def ok(expires: str | None, status: int = 200, min_se: str | None = None) -> Response:
    response = respond(our_request("INVITE"), status)
    for name, value in (("Session-Expires", expires), ("Min-SE", min_se)):
        if value is not None:
            response.headers.add(name, value)
    return response


def test_session_expires_is_read_with_its_refresher() -> None:
    assert session_expires(invite("Session-Expires: 1800\r\n")) == SessionExpires(1800)
    assert session_expires(invite("x: 90 ; Refresher = UAS;other=1\r\n")) == SessionExpires(90, "uas")
    assert session_expires(invite("Session-Expires: 90;refresher=nobody\r\n")) == SessionExpires(90)
    assert session_expires(invite("")) is None


@pytest.mark.parametrize("text", ["soon", "-1", "", "1e3", "²"])
def test_a_session_expires_that_cannot_be_read_gets_400(text: str) -> None:
    with pytest.raises(PeerError) as caught:
        session_expires(invite(f"Session-Expires: {text}\r\n"))
    assert caught.value.sip_status == 400


def test_the_callers_choice_of_refresher_is_kept() -> None:
    timer, headers = answer(invite(f"{TIMER}Session-Expires: 600;refresher=uas\r\n"), POLICY)
    assert timer == SessionTimer(600, we_refresh=True)
    assert headers == (("Session-Expires", "600;refresher=uas"),)
    timer, headers = answer(invite(f"{TIMER}Session-Expires: 600;refresher=uac\r\n"), POLICY)
    assert timer == SessionTimer(600, we_refresh=False)
    assert headers == (("Require", "timer"), ("Session-Expires", "600;refresher=uac"))


@pytest.mark.parametrize(("choice", "we_refresh"), [("uac", False), ("uas", True)])
def test_where_the_caller_leaves_it_open_we_choose(choice: str, we_refresh: bool) -> None:
    timer, _ = answer(invite(f"{TIMER}Session-Expires: 600\r\n"), SessionPolicy(refresher=choice))
    assert timer == SessionTimer(600, we_refresh=we_refresh)


def test_a_longer_interval_is_shortened_to_ours_but_not_below_min_se() -> None:
    timer, _ = answer(invite(f"{TIMER}Session-Expires: 7200\r\n"), POLICY)
    assert timer is not None
    assert timer.interval_s == 1800
    timer, _ = answer(invite(f"{TIMER}Session-Expires: 7200\r\nMin-SE: 3600\r\n"), POLICY)
    assert timer is not None
    assert timer.interval_s == 3600


def test_too_short_an_interval_gets_422_with_our_minimum() -> None:
    with pytest.raises(PeerError) as caught:
        answer(invite(f"{TIMER}Session-Expires: 60\r\n"), SessionPolicy(min_se_s=120))
    assert caught.value.sip_status == 422
    assert caught.value.headers == (("Min-SE", "120"),)


def test_a_caller_without_the_extension_is_not_refused_and_not_told_to_refresh() -> None:
    """The header came from a proxy; 422 would mean nothing to the caller."""
    timer, headers = answer(invite("Session-Expires: 60;refresher=uac\r\n"), POLICY)
    assert timer == SessionTimer(90, we_refresh=True)
    assert headers == (("Session-Expires", "90;refresher=uas"),)


def test_a_caller_that_supports_timers_but_asks_for_none_gets_ours() -> None:
    timer, headers = answer(invite(TIMER), POLICY)
    assert timer == SessionTimer(1800, we_refresh=False)
    assert ("Require", "timer") in headers


def test_a_caller_that_knows_no_timers_gets_none_unless_we_insist() -> None:
    assert answer(invite(""), POLICY) == (None, ())
    timer, headers = answer(invite(""), SessionPolicy(always=True))
    assert timer == SessionTimer(1800, we_refresh=True)
    assert headers == (("Session-Expires", "1800;refresher=uas"),)


def test_our_invite_leaves_the_refresher_to_the_callee() -> None:
    assert SessionOffer.first(POLICY).headers() == (("Session-Expires", "1800"),)
    assert SessionOffer.first(SessionPolicy(min_se_s=120)).headers() == (
        ("Session-Expires", "1800"),
        ("Min-SE", "120"),
    )


def test_what_the_2xx_says_is_agreed() -> None:
    offer = SessionOffer.first(POLICY)
    assert offer.accepted(ok("1200;refresher=uac")) == SessionTimer(1200, we_refresh=True)
    assert offer.accepted(ok("1200;refresher=uas")) == SessionTimer(1200, we_refresh=False)
    assert offer.accepted(ok(None)) is None


def test_a_silly_interval_in_a_2xx_does_not_make_us_refresh_without_pause() -> None:
    timer = SessionOffer.first(POLICY).accepted(ok("1;refresher=uac"))
    assert timer is not None
    assert timer.refresh_at(0.0) == 45.0


def test_after_422_we_ask_for_the_minimum_of_the_callee() -> None:
    again = SessionOffer(90, 90).after_422(ok(None, 422, min_se="600"))
    assert again.headers() == (("Session-Expires", "600"), ("Min-SE", "600"))


@pytest.mark.parametrize("min_se", [None, "90", "5", "999999"])
def test_a_422_that_asks_for_nonsense_is_a_refusal(min_se: str | None) -> None:
    with pytest.raises(PeerError):
        SessionOffer(90, 90).after_422(ok(None, 422, min_se=min_se))


def test_within_a_call_the_roles_stay_whoever_sends() -> None:
    assert (
        SessionOffer.within(POLICY, SessionTimer(600, we_refresh=True)).headers()[0][1] == "600;refresher=uac"
    )
    assert (
        SessionOffer.within(POLICY, SessionTimer(600, we_refresh=False)).headers()[0][1]
        == "600;refresher=uas"
    )
    assert SessionOffer.within(POLICY, None) == SessionOffer.first(POLICY)


def test_the_refresher_refreshes_at_half_the_interval() -> None:
    assert SessionTimer(1800, we_refresh=True).refresh_at(100.0) == 1000.0
    assert SessionTimer(1800, we_refresh=False).refresh_at(100.0) is None


def test_the_call_is_given_up_32_s_or_a_third_before_the_end() -> None:
    assert SessionTimer(1800, we_refresh=False).give_up_at(0.0) == 1768.0
    assert SessionTimer(90, we_refresh=False).give_up_at(0.0) == 60.0


@given(
    st.integers(90, 10**6), st.integers(90, 10**5), st.sampled_from(["", ";refresher=uac", ";refresher=uas"])
)
def test_both_sides_agree_on_the_interval_and_on_one_refresher(asked: int, ours: int, refresher: str) -> None:
    request = invite(f"{TIMER}Session-Expires: {asked}{refresher}\r\n")
    callee, headers = answer(request, SessionPolicy(interval_s=max(ours, 90)))
    response = respond(request, 200)
    for name, value in headers:
        response.headers.add(name, value)
    caller = SessionOffer(asked, 90).accepted(response)
    assert callee is not None
    assert caller is not None
    assert caller.interval_s == callee.interval_s
    assert caller.we_refresh is not callee.we_refresh
    assert caller.give_up_at(0.0) > callee.interval_s / 2, "a refresh has time to happen"
