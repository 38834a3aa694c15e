"""Reliable provisional responses (RFC 3262)."""

from __future__ import annotations

import pytest

from pbx.core.errors import PeerError
from pbx.sip.message import Request, Response
from pbx.sip.reliable import (
    Receipt,
    ReliableReceiver,
    ReliableResponses,
    Wish,
    rack_for,
    read_rack,
    wish_of,
)
from pbx.sip.timers import Timers
from tests.sip.samples import SDP, answer, from_phone

INVITE = from_phone("INVITE", cseq=4, extra="Supported: 100rel, timer\r\n")


def responses() -> ReliableResponses:
    return ReliableResponses(INVITE, first_rseq=1000, timers=Timers())


def ringing(body: bytes = b"", tag: str = "ours1") -> Response:
    return answer(INVITE, 183, tag=tag, body=body)


def prack(rack: str) -> Request:
    return from_phone("PRACK", cseq=5, to_tag="ours1", extra=f"RAck: {rack}\r\n")


@pytest.mark.parametrize(
    ("extra", "wish"),
    [
        ("Require: 100rel\r\nSupported: timer\r\n", Wish.REQUIRED),
        ("Supported: timer, 100REL\r\n", Wish.SUPPORTED),
        ("Supported: timer\r\n", Wish.UNKNOWN),
        ("", Wish.UNKNOWN),
    ],
)
def test_what_an_invite_says_about_reliability(extra: str, wish: Wish) -> None:
    assert wish_of(from_phone("INVITE", extra=extra)) is wish


def test_a_reliable_response_has_rseq_and_require() -> None:
    sent = responses().send(ringing(), 0.0)
    assert sent is not None
    assert sent.headers.get("RSeq") == "1000"
    assert sent.headers.all("Require") == ["100rel"]


def test_it_is_repeated_from_t1_doubling_until_64_t1() -> None:
    reliable = responses()
    reliable.send(ringing(), 0.0)
    for at in (0.5, 1.5, 3.5, 7.5, 15.5, 31.5):
        assert reliable.next_at == at
        assert reliable.due(at) is not None
    assert reliable.next_at == 32.0
    with pytest.raises(PeerError) as caught:
        reliable.due(32.0)
    assert caught.value.sip_status == 504
    assert reliable.next_at is None


def test_nothing_is_repeated_before_its_time() -> None:
    reliable = responses()
    reliable.send(ringing(), 0.0)
    assert reliable.due(0.49) is None


def test_prack_ends_the_repetition() -> None:
    reliable = responses()
    reliable.send(ringing(), 0.0)
    assert reliable.acknowledge(prack("1000 4 INVITE"), 0.2) is None
    assert reliable.next_at is None
    assert reliable.due(10.0) is None


@pytest.mark.parametrize("rack", ["1001 4 INVITE", "1000 5 INVITE", "1000 4 UPDATE"])
def test_a_prack_for_something_else_gets_481(rack: str) -> None:
    reliable = responses()
    reliable.send(ringing(), 0.0)
    with pytest.raises(PeerError) as caught:
        reliable.acknowledge(prack(rack), 0.2)
    assert caught.value.sip_status == 481
    assert reliable.next_at == 0.5


@pytest.mark.parametrize("rack", ["", "1000", "1000 4", "a b INVITE", "99999999999 4 INVITE", "² 4 INVITE"])
def test_a_rack_that_cannot_be_read_gets_400(rack: str) -> None:
    with pytest.raises(PeerError) as caught:
        read_rack(prack(rack))
    assert caught.value.sip_status == 400


def test_a_second_reliable_response_waits_for_the_prack_of_the_first() -> None:
    reliable = responses()
    reliable.send(ringing(), 0.0)
    assert reliable.send(ringing(SDP), 0.1) is None
    second = reliable.acknowledge(prack("1000 4 INVITE"), 0.2)
    assert second is not None
    assert second.headers.get("RSeq") == "1001"
    assert reliable.next_at == 0.7


def test_a_2xx_waits_while_sdp_in_a_provisional_response_is_not_acknowledged() -> None:
    reliable = responses()
    seen = [reliable.may_accept]
    reliable.send(ringing(), 0.0)
    seen.append(reliable.may_accept)
    reliable.send(ringing(SDP), 0.0)
    seen.append(reliable.may_accept)
    reliable.acknowledge(prack("1000 4 INVITE"), 0.2)
    seen.append(reliable.may_accept)
    reliable.acknowledge(prack("1001 4 INVITE"), 0.3)
    seen.append(reliable.may_accept)
    assert seen == [True, True, False, False, True]


def test_after_the_final_response_nothing_is_repeated() -> None:
    reliable = responses()
    reliable.send(ringing(), 0.0)
    reliable.send(ringing(), 0.0)
    reliable.stop()
    assert reliable.next_at is None
    assert reliable.due(1.0) is None


def received(rseq: int, tag: str = "bob1") -> Response:
    response = ringing(tag=tag)
    response.headers.add("Require", "100rel")
    response.headers.add("RSeq", str(rseq))
    return response


def test_a_new_reliable_response_wants_a_prack_and_a_repeated_one_does_not() -> None:
    receiver = ReliableReceiver()
    assert receiver.receive(received(700)) is Receipt.NEW
    assert rack_for(received(700)) == "700 4 INVITE"
    assert receiver.receive(received(700)) is Receipt.REPEATED
    assert receiver.receive(received(701)) is Receipt.NEW
    assert receiver.receive(received(700)) is Receipt.REPEATED


def test_a_gap_is_dropped_until_the_missing_one_has_come() -> None:
    receiver = ReliableReceiver()
    receiver.receive(received(700))
    assert receiver.receive(received(702)) is Receipt.OUT_OF_ORDER
    assert receiver.receive(received(701)) is Receipt.NEW
    assert receiver.receive(received(702)) is Receipt.NEW


def test_every_fork_counts_for_itself() -> None:
    receiver = ReliableReceiver()
    assert receiver.receive(received(700, "bob1")) is Receipt.NEW
    assert receiver.receive(received(5, "carol1")) is Receipt.NEW
    assert receiver.receive(received(6, "carol1")) is Receipt.NEW


def test_an_ordinary_provisional_response_and_100_want_no_prack() -> None:
    receiver = ReliableReceiver()
    assert receiver.receive(ringing()) is Receipt.UNRELIABLE
    trying = received(1)
    trying.status = 100
    assert receiver.receive(trying) is Receipt.UNRELIABLE


def test_a_reliable_response_without_a_number_is_dropped() -> None:
    response = received(1)
    response.headers.remove("RSeq")
    with pytest.raises(PeerError):
        ReliableReceiver().receive(response)


def test_both_roles_understand_each_other() -> None:
    reliable, receiver = responses(), ReliableReceiver()
    for _ in range(3):
        sent = reliable.send(ringing(SDP), 0.0)
        assert sent is not None
        assert receiver.receive(sent) is Receipt.NEW
        reliable.acknowledge(prack(rack_for(sent)), 0.1)
        assert reliable.may_accept
