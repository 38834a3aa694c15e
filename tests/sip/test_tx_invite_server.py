"""The INVITE server transaction, through the endpoint (RFC 3261 17.2.1, 13.3.1.4 and 9.2, RFC 6026)."""

from __future__ import annotations

import pytest

from pbx.sip.effects import (
    AckMissing,
    DeliverAck,
    DeliverCancel,
    DeliverRequest,
    Effect,
    Terminated,
    TransactionFailed,
    TransactionId,
)
from pbx.sip.endpoint import Endpoint
from pbx.sip.hop import Hop
from tests.sip.clockwork import Clockwork
from tests.sip.samples import SDP, TCP, UDP, answer, every, from_phone, lines, make_endpoint, only, sent, text


class Call:
    """An INVITE from a phone, and our answers."""

    def __init__(self, hop: Hop = UDP, **fields: str) -> None:
        self.hop = hop
        self.fields = fields
        self.endpoint: Endpoint = make_endpoint()
        self.clockwork = Clockwork(self.endpoint)
        delivered = only(DeliverRequest, self.receive("INVITE", body=SDP))
        self.key: TransactionId = delivered.transaction

    def receive(self, method: str, **fields: object) -> list[Effect]:
        data = text(method, **{**self.fields, **fields})  # type: ignore[arg-type]
        return self.clockwork.take(self.endpoint.receive(data, self.hop, self.clockwork.now))

    def respond(self, status: int, tag: str = "ours1") -> list[Effect]:
        response = answer(from_phone("INVITE", **self.fields), status, tag=tag, contact="<sip:102@192.0.2.1>")
        return self.clockwork.take(self.endpoint.respond(self.key, response, self.clockwork.now))


def test_an_invite_unanswered_for_200_ms_gets_100_trying() -> None:
    call = Call()
    assert lines(call.clockwork.run(0.199)) == []
    trying = sent(call.clockwork.run(0.2))[0]
    assert trying.status == 100  # type: ignore[union-attr]
    assert trying.to_tag is None, "8.2.6.2: 100 needs no tag, since it makes no dialog"
    assert trying.headers.get("Server") == "Bellwire"


@pytest.mark.parametrize("status", [100, 180, 200, 486])
def test_an_answer_within_200_ms_makes_100_trying_needless(status: int) -> None:
    call = Call()
    call.respond(status)
    assert "100" not in lines(call.clockwork.run(0.4))


def test_an_invite_repeated_before_any_answer_gets_100_trying_at_once_and_only_that() -> None:
    call = Call()
    assert lines(call.receive("INVITE", body=SDP)) == ["100"]
    assert len(every(DeliverRequest, call.clockwork.effects)) == 1
    assert lines(call.clockwork.run(1.0)) == []


def test_a_repeated_invite_gets_the_latest_provisional_answer() -> None:
    call = Call()
    call.respond(180)
    call.respond(183)
    assert lines(call.receive("INVITE", body=SDP)) == ["183"]


def test_a_refusal_is_repeated_by_timer_g_until_timer_h() -> None:
    call = Call()
    call.respond(486)
    call.clockwork.run(100)
    assert call.clockwork.sent_at == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert call.clockwork.effects[-1] == Terminated(call.key)
    assert call.clockwork.last_at == 32.0
    assert call.endpoint.live == 0


def test_an_ack_for_a_refusal_stops_it_and_is_not_delivered() -> None:
    call = Call()
    call.respond(486)
    effects = call.receive("ACK", to_tag="ours1")
    assert not every(DeliverAck, effects)
    assert call.receive("ACK", to_tag="ours1") == []
    assert lines(call.clockwork.run(4.99)) == []
    assert call.endpoint.live == 1
    call.clockwork.run(5.0)
    assert call.endpoint.live == 0, "timer I"


def test_an_ack_for_a_refusal_may_have_a_branch_of_its_own() -> None:
    call = Call()
    call.respond(486)
    call.receive("ACK", to_tag="ours1", branch="z9hG4bKcareless")
    assert lines(call.clockwork.run(10)) == []


def test_on_a_reliable_transport_a_refusal_is_sent_once_and_its_ack_ends_it() -> None:
    call = Call(TCP)
    call.respond(486)
    assert lines(call.clockwork.run(10)) == []
    effects = call.receive("ACK", to_tag="ours1")
    assert effects[-1] == Terminated(call.key)
    assert not call.clockwork.timers


def test_a_repeated_invite_gets_the_refusal_again() -> None:
    call = Call()
    call.respond(486)
    assert lines(call.receive("INVITE", body=SDP)) == ["486"]


@pytest.mark.parametrize("hop", [UDP, TCP], ids=["UDP", "TCP"])
def test_a_2xx_is_repeated_from_t1_to_t2_on_every_transport_until_the_ack_counts_as_missing(hop: Hop) -> None:
    call = Call(hop)
    call.respond(200)
    call.clockwork.run(100)
    assert call.clockwork.sent_at == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert call.clockwork.effects[-2:] == [AckMissing(call.key), Terminated(call.key)]
    assert call.clockwork.last_at == 32.0
    assert call.endpoint.live == 0


def test_the_ack_for_a_2xx_is_matched_by_dialog_and_cseq_and_delivered_once() -> None:
    call = Call()
    call.respond(200)
    ack = only(DeliverAck, call.receive("ACK", to_tag="ours1", branch="z9hG4bKack1", body=SDP))
    assert ack.transaction == call.key
    assert ack.request.body == SDP
    assert call.receive("ACK", to_tag="ours1", branch="z9hG4bKack1", body=SDP) == []
    assert lines(call.clockwork.run(31.99)) == []
    assert call.endpoint.live == 1
    call.clockwork.run(32.0)
    assert call.endpoint.live == 0
    assert call.clockwork.effects[-1] == Terminated(call.key)
    assert not every(AckMissing, call.clockwork.effects)


@pytest.mark.parametrize(
    "strange",
    [{"to_tag": "other"}, {"to_tag": ""}, {"cseq": 2}, {"from_tag": "mallory"}, {"call_id": "another"}],
    ids=lambda each: next(iter(each)),
)
def test_an_ack_of_another_dialog_or_cseq_acknowledges_nothing(strange: dict[str, object]) -> None:
    call = Call()
    call.respond(200)
    assert call.receive("ACK", **{"to_tag": "ours1", "branch": "z9hG4bKack1", **strange}) == []
    assert call.endpoint.counters["stray_ack"] == 1
    assert lines(call.clockwork.run(0.5)) == ["200"]


def test_a_repeated_invite_is_swallowed_when_accepted() -> None:
    call = Call()
    call.respond(200)
    assert call.receive("INVITE", body=SDP) == []


def test_an_ack_before_any_answer_means_nothing() -> None:
    call = Call()
    assert call.receive("ACK") == []


@pytest.mark.parametrize("first", [200, 486])
@pytest.mark.parametrize("second", [180, 200, 487])
def test_after_a_final_answer_every_other_is_ignored(first: int, second: int) -> None:
    call = Call()
    call.respond(first)
    assert call.respond(second) == []
    assert set(lines(call.clockwork.run(5))) == {str(first)}
    assert call.endpoint.counters["late_response"] == 1


def test_cancel_gets_200_and_reaches_the_user_as_a_wish() -> None:
    call = Call()
    call.respond(180)
    effects = call.receive("CANCEL", extra="Reason: SIP;cause=200\r\n")
    ok = sent(effects)[0]
    assert ok.status == 200  # type: ignore[union-attr]
    assert str(ok.cseq) == "1 CANCEL"
    assert ok.to_tag == "ours1", "9.2: the tag of the INVITE's answers"
    delivered = only(DeliverCancel, effects)
    assert delivered.transaction == call.key
    assert delivered.request.headers.get("Reason") == "SIP;cause=200"
    assert lines(call.respond(487)) == ["487"]


def test_cancel_itself_is_never_delivered_and_leaves_without_a_word() -> None:
    call = Call()
    effects = call.receive("CANCEL")
    assert not every(DeliverRequest, effects)
    call.respond(487)
    call.receive("ACK", to_tag="ours1")
    call.clockwork.run(100)
    assert call.endpoint.live == 0
    assert every(Terminated, call.clockwork.effects) == [Terminated(call.key)]


def test_a_repeated_cancel_gets_200_again_and_is_one_wish() -> None:
    call = Call()
    first = call.receive("CANCEL")
    again = call.receive("CANCEL")
    assert lines(again) == ["200"]
    assert sent(first)[0].to_tag == sent(again)[0].to_tag
    assert len(every(DeliverCancel, call.clockwork.effects)) == 1


@pytest.mark.parametrize("status", [200, 486])
def test_cancel_after_a_final_answer_gets_200_and_changes_nothing(status: int) -> None:
    call = Call()
    call.respond(status)
    effects = call.receive("CANCEL")
    assert lines(effects) == ["200"]
    assert not every(DeliverCancel, effects)


def test_cancel_for_nothing_gets_481() -> None:
    call = Call()
    assert lines(call.receive("CANCEL", branch="z9hG4bKunknown")) == ["481"]
    assert not every(DeliverCancel, call.clockwork.effects)


def test_cancel_with_the_branch_of_a_stranger_cancels_nothing() -> None:
    """Sent-by is part of the match (17.2.3): two clients may have chosen the same branch."""
    call = Call()
    data = text("CANCEL").replace(b"UDP 192.0.2.7:5062", b"UDP 192.0.2.8:5062")
    effects = call.endpoint.receive(data, Hop("UDP", "192.0.2.8", 5062), 0.0)
    assert lines(effects) == ["481"]


def test_a_transport_error_while_proceeding_ends_it() -> None:
    call = Call()
    effects = call.clockwork.take(call.endpoint.transport_failed(UDP, 0.1))
    assert effects[-2:] == [TransactionFailed(call.key, "transport"), Terminated(call.key)]
    assert not call.clockwork.timers
    assert call.respond(200) == []


def test_a_transport_error_after_a_2xx_leaves_the_decision_to_the_ack() -> None:
    call = Call()
    call.respond(200)
    assert call.endpoint.transport_failed(UDP, 0.1) == []
    assert only(DeliverAck, call.receive("ACK", to_tag="ours1", branch="z9hG4bKack1")).transaction == call.key


def test_an_rfc_2543_caller_is_served_too() -> None:
    """No magic cookie: Via, dialog, CSeq number and Request-URI stand in for the branch (17.2.3)."""
    for branch in ("1", "z9hG4bK"):
        call = Call(branch=branch)
        assert lines(call.receive("INVITE", body=SDP)) == ["100"], "a repetition"
        assert lines(call.receive("CANCEL")) == ["200"]
        call.respond(487)
        call.receive("ACK", to_tag="ours1")
        assert lines(call.clockwork.run(4)) == []
        other = call.receive("INVITE", body=SDP, call_id="another")
        assert only(DeliverRequest, other).transaction != call.key


def test_the_same_request_on_two_paths_is_a_loop() -> None:
    call = Call()
    effects = call.receive("INVITE", body=SDP, branch="z9hG4bKotherpath")
    assert lines(effects) == ["482"]
    assert not every(DeliverRequest, effects)


def test_a_client_that_repeats_its_cseq_after_a_challenge_is_served() -> None:
    call = Call()
    call.respond(401)
    call.receive("ACK", to_tag="ours1")
    again = call.receive("INVITE", body=SDP, branch="z9hG4bKauthorized")
    assert every(DeliverRequest, again)


def test_a_reinvite_is_not_a_loop() -> None:
    call = Call()
    again = call.receive("INVITE", body=SDP, to_tag="ours1", branch="z9hG4bKreinvite")
    assert every(DeliverRequest, again)


def letters(call: Call) -> set[str]:
    """The timers that run for the INVITE."""
    return {letter for key, letter in call.clockwork.timers if key == call.key}


def test_every_provisional_answer_is_sent() -> None:
    call = Call()
    assert [lines(call.respond(status)) for status in (100, 180, 183)] == [["100"], ["180"], ["183"]]
    assert not letters(call), "how long a phone rings is the user's business"


def test_only_the_timers_of_the_state_run() -> None:
    call = Call()
    assert letters(call) == {"TRYING"}
    call.respond(200)
    assert letters(call) == {"2XX", "L"}
    call.receive("ACK", to_tag="ours1", branch="z9hG4bKack1")
    assert letters(call) == {"L"}
    call = Call()
    call.respond(486)
    assert letters(call) == {"G", "H"}
    call.receive("ACK", to_tag="ours1")
    assert letters(call) == {"I"}


@pytest.mark.parametrize("status", [200, 486])
def test_nothing_rings_after_a_missing_ack(status: int) -> None:
    call = Call()
    call.respond(status)
    call.clockwork.run(32.0)
    assert not call.clockwork.timers


def test_a_transport_error_after_a_refusal_ends_it_quietly() -> None:
    call = Call()
    call.respond(486)
    effects = call.clockwork.take(call.endpoint.transport_failed(UDP, 0.1))
    assert effects[-1] == Terminated(call.key)
    assert not every(TransactionFailed, effects)
    assert not call.clockwork.timers
    assert call.endpoint.live == 0
