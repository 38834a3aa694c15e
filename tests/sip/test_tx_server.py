"""The non-INVITE server transaction, through the endpoint (RFC 3261 17.2.2, RFC 4320)."""

from __future__ import annotations

from pbx.sip.effects import DeliverRequest, Terminated, TransactionFailed, TransactionId
from pbx.sip.endpoint import Endpoint
from pbx.sip.hop import Hop
from tests.sip.clockwork import Clockwork
from tests.sip.samples import TCP, UDP, answer, from_phone, lines, make_endpoint, only, text


def start(hop: Hop = UDP) -> tuple[Endpoint, Clockwork, TransactionId]:
    endpoint = make_endpoint()
    clockwork = Clockwork(endpoint)
    effects = clockwork.take(endpoint.receive(text("OPTIONS"), hop, 0.0))
    return endpoint, clockwork, only(DeliverRequest, effects).transaction


def respond(clockwork: Clockwork, key: TransactionId, status: int) -> list[str]:
    response = answer(from_phone("OPTIONS"), status)
    return lines(clockwork.take(clockwork.endpoint.respond(key, response, clockwork.now)))


def test_a_request_is_delivered_once_however_often_it_comes() -> None:
    endpoint, _, _ = start()
    assert endpoint.receive(text("OPTIONS"), UDP, 0.5) == []
    assert endpoint.live == 1
    assert endpoint.counters["repeated_request"] == 1


def test_a_repeated_request_gets_the_latest_answer_again() -> None:
    endpoint, clockwork, key = start()
    respond(clockwork, key, 100)
    assert lines(endpoint.receive(text("OPTIONS"), UDP, 0.5)) == ["100"]
    respond(clockwork, key, 200)
    assert lines(endpoint.receive(text("OPTIONS"), UDP, 1.0)) == ["200"]


def test_only_the_first_final_response_counts() -> None:
    endpoint, clockwork, key = start()
    assert respond(clockwork, key, 404) == ["404"]
    assert respond(clockwork, key, 200) == []
    assert lines(endpoint.receive(text("OPTIONS"), UDP, 0.5)) == ["404"]
    assert endpoint.counters["late_response"] == 1


def test_the_answer_is_kept_for_timer_j_on_udp() -> None:
    endpoint, clockwork, key = start()
    clockwork.now = 2.0
    respond(clockwork, key, 200)
    clockwork.run(33.99)
    assert endpoint.live == 1
    clockwork.run(34.0)
    assert endpoint.live == 0
    assert clockwork.effects[-1] == Terminated(key)


def test_on_a_reliable_transport_the_answer_ends_it() -> None:
    endpoint, clockwork, key = start(TCP)
    respond(clockwork, key, 200)
    assert clockwork.effects[-1] == Terminated(key)
    assert endpoint.live == 0
    assert not clockwork.timers


def test_a_request_nobody_answers_is_forgotten_when_the_client_has_given_up() -> None:
    endpoint, clockwork, key = start()
    clockwork.run(32.0)
    assert endpoint.live == 0
    assert clockwork.effects[-1] == Terminated(key)
    assert clockwork.sent_at == []
    assert respond(clockwork, key, 200) == [], "RFC 4320 4.2: nothing is sent after 64·T1"


def test_the_response_goes_back_to_the_source_when_rport_asks_for_it() -> None:
    endpoint = make_endpoint()
    nat = Hop("UDP", "203.0.113.9", 61000, "192.0.2.1", 5060)
    key = only(DeliverRequest, endpoint.receive(text("OPTIONS"), nat, 0.0))
    response = answer(key.request, 200)
    (effect, *_) = endpoint.respond(key.transaction, response, 0.0)
    assert effect.hop == nat  # type: ignore[union-attr]
    assert b"rport=61000" in effect.data  # type: ignore[union-attr]
    assert b"received=203.0.113.9" in effect.data  # type: ignore[union-attr]


def test_without_rport_the_response_goes_to_the_port_of_the_via() -> None:
    endpoint = make_endpoint()
    nat = Hop("UDP", "203.0.113.9", 61000, "192.0.2.1", 5060)
    key = only(DeliverRequest, endpoint.receive(text("OPTIONS").replace(b";rport", b""), nat, 0.0))
    (effect, *_) = endpoint.respond(key.transaction, answer(key.request, 200), 0.0)
    assert (effect.hop.remote_host, effect.hop.remote_port) == ("203.0.113.9", 5062)  # type: ignore[union-attr]


def test_a_transport_error_before_an_answer_means_nothing() -> None:
    endpoint, _, _ = start()
    assert endpoint.transport_failed(UDP, 1.0) == []


def test_a_transport_error_after_a_provisional_answer_ends_it() -> None:
    endpoint, clockwork, key = start()
    respond(clockwork, key, 100)
    effects = clockwork.take(endpoint.transport_failed(UDP, 1.0))
    assert effects[-2:] == [TransactionFailed(key, "transport"), Terminated(key)]
    assert not clockwork.timers


def test_a_transport_error_after_the_final_answer_ends_it_quietly() -> None:
    endpoint, clockwork, key = start()
    respond(clockwork, key, 200)
    effects = clockwork.take(endpoint.transport_failed(UDP, 1.0))
    assert effects[-1] == Terminated(key)
    assert TransactionFailed(key, "transport") not in effects


def test_every_provisional_answer_is_sent_and_then_the_final_one() -> None:
    endpoint, clockwork, key = start()
    clockwork.run(1.0)
    assert [respond(clockwork, key, status) for status in (100, 100, 200)] == [["100"], ["100"], ["200"]]
    assert clockwork.timers == {(key, "J"): 33.0}
    clockwork.run(33.0)
    assert endpoint.live == 0


def test_a_request_that_only_got_a_provisional_answer_is_forgotten_too() -> None:
    endpoint, clockwork, key = start()
    respond(clockwork, key, 100)
    clockwork.run(32.0)
    assert endpoint.live == 0
    assert clockwork.effects[-1] == Terminated(key)


def test_a_transport_error_after_the_final_answer_leaves_no_timer() -> None:
    endpoint, clockwork, key = start()
    respond(clockwork, key, 200)
    clockwork.take(endpoint.transport_failed(UDP, 1.0))
    assert not clockwork.timers
