"""The non-INVITE client transaction, through the endpoint (RFC 3261 17.1.2)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pbx.sip.effects import (
    ClearTimer,
    DeliverResponse,
    Effect,
    SetTimer,
    Terminated,
    TransactionFailed,
    TransactionId,
)
from pbx.sip.endpoint import Endpoint
from pbx.sip.hop import Hop
from tests.sip.clockwork import Clockwork
from tests.sip.samples import TCP, UDP, answer, every, make_endpoint, only, our_request, sent


def start(hop: Hop = UDP) -> tuple[Endpoint, Clockwork, TransactionId]:
    endpoint = make_endpoint()
    clockwork = Clockwork(endpoint)
    key, effects = endpoint.request(our_request("OPTIONS"), hop, 0.0)
    clockwork.take(effects)
    return endpoint, clockwork, key


def reply(clockwork: Clockwork, status: int, hop: Hop = UDP) -> list[Effect]:
    request = sent(clockwork.effects)[0]
    response = answer(request, status)
    return clockwork.take(clockwork.endpoint.receive(response.encode(), hop, clockwork.now))


def test_the_request_carries_a_via_with_rport_and_a_branch_of_ours() -> None:
    _, clockwork, _ = start()
    via = sent(clockwork.effects)[0].via
    assert str(via) == "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKours1"


def test_timer_e_doubles_from_t1_to_t2_until_timer_f_ends_the_wait() -> None:
    endpoint, clockwork, key = start()
    clockwork.run(100)
    pauses = [round(b - a, 3) for a, b in pairwise(clockwork.sent_at)]
    assert pauses == [0.5, 1, 2, 4, 4, 4, 4, 4, 4, 4]
    assert only(TransactionFailed, clockwork.effects) == TransactionFailed(key, "timeout")
    assert clockwork.effects[-1] == Terminated(key)
    assert clockwork.last_at == 32.0
    assert endpoint.live == 0


def test_after_a_provisional_response_the_request_is_repeated_every_t2() -> None:
    _, clockwork, _ = start()
    reply(clockwork, 100)
    clockwork.run(20)
    assert clockwork.sent_at == [0, 0.5, 4.5, 8.5, 12.5, 16.5]


def test_a_provisional_response_does_not_prolong_timer_f() -> None:
    endpoint, clockwork, _ = start()
    clockwork.run(20)
    reply(clockwork, 100)
    clockwork.run(100)
    assert clockwork.last_at == 32.0
    assert endpoint.live == 0


def test_the_final_response_is_delivered_once_and_stops_repetition() -> None:
    _, clockwork, key = start()
    first = reply(clockwork, 200)
    again = reply(clockwork, 200)
    assert only(DeliverResponse, first).transaction == key
    assert again == []
    clockwork.run(100)
    assert clockwork.sent_at == [0.0]


def test_completed_swallows_repeated_responses_for_t4_on_udp() -> None:
    endpoint, clockwork, key = start()
    reply(clockwork, 200)
    clockwork.run(4.99)
    assert endpoint.live == 1
    clockwork.run(5.0)
    assert endpoint.live == 0
    assert clockwork.effects[-1] == Terminated(key)


def test_on_a_reliable_transport_nothing_is_repeated_and_the_final_response_ends_it() -> None:
    endpoint, clockwork, key = start(TCP)
    assert [timer.key[1] for timer in every(SetTimer, clockwork.effects)] == ["F"]
    effects = reply(clockwork, 200, TCP)
    assert effects[-1] == Terminated(key)
    assert endpoint.live == 0
    assert not clockwork.timers


def test_a_response_with_another_cseq_method_is_a_stranger() -> None:
    endpoint, clockwork, _ = start()
    response = answer(sent(clockwork.effects)[0], 200)
    response.headers.set("CSeq", "1 INVITE")
    assert endpoint.receive(response.encode(), UDP, 0.1) == []
    assert endpoint.counters["stray_response"] == 1


def test_a_response_with_two_vias_is_not_ours() -> None:
    endpoint, clockwork, _ = start()
    response = answer(sent(clockwork.effects)[0], 200)
    response.headers.add("Via", "SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKother")
    assert endpoint.receive(response.encode(), UDP, 0.1) == []
    assert endpoint.counters["stray_response"] == 1


@pytest.mark.parametrize("provisional", [False, True])
def test_a_transport_error_ends_it_at_once(provisional: bool) -> None:
    endpoint, clockwork, key = start()
    if provisional:
        reply(clockwork, 100)
    effects = clockwork.take(endpoint.transport_failed(UDP, 1.0))
    assert effects[-2:] == [TransactionFailed(key, "transport"), Terminated(key)]
    assert endpoint.live == 0
    assert not clockwork.timers


def test_a_transport_error_after_the_final_response_changes_nothing() -> None:
    endpoint, clockwork, _ = start()
    reply(clockwork, 200)
    assert endpoint.transport_failed(UDP, 1.0) == []


def test_a_transport_error_of_another_peer_changes_nothing() -> None:
    endpoint, _, _ = start()
    assert endpoint.transport_failed(Hop("UDP", "192.0.2.8", 5062), 1.0) == []
    assert endpoint.live == 1


def test_every_timer_is_cleared_when_it_has_no_meaning_any_more() -> None:
    _, clockwork, key = start()
    effects = reply(clockwork, 404)
    assert {timer.key for timer in every(ClearTimer, effects)} == {(key, "E"), (key, "F")}
    assert set(clockwork.timers) == {(key, "K")}


def test_every_provisional_response_is_delivered() -> None:
    _, clockwork, key = start()
    for _ in range(2):
        assert only(DeliverResponse, reply(clockwork, 100)).transaction == key


def test_a_final_response_after_a_provisional_one_is_delivered_once_and_stops_repetition() -> None:
    endpoint, clockwork, key = start()
    reply(clockwork, 100)
    effects = reply(clockwork, 200)
    assert only(DeliverResponse, effects).response.status == 200
    assert set(clockwork.timers) == {(key, "K")}
    assert reply(clockwork, 100) == reply(clockwork, 200) == []
    clockwork.run(5.0)
    assert endpoint.live == 0


def test_nothing_rings_after_a_timeout() -> None:
    for provisional in (False, True):
        _, clockwork, key = start()
        if provisional:
            reply(clockwork, 100)
        clockwork.run(32.0)
        assert not clockwork.timers
        assert only(TransactionFailed, clockwork.effects).reason == "timeout"
        assert clockwork.effects[-1] == Terminated(key)
