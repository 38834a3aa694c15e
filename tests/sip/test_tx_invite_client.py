"""The INVITE client transaction and CANCEL, through the endpoint (RFC 3261 17.1.1 and 9.1, RFC 6026)."""

from __future__ import annotations

import pytest

from pbx.sip.dialog import Dialog
from pbx.sip.effects import (
    DeliverResponse,
    Effect,
    SetTimer,
    Terminated,
    TransactionFailed,
    TransactionId,
)
from pbx.sip.endpoint import Endpoint
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from tests.sip.clockwork import Clockwork
from tests.sip.samples import SDP, TCP, UDP, answer, every, lines, make_endpoint, only, our_request, sent

CONTACT = "<sip:102@192.0.2.7:5062>"


class Call:
    """An INVITE on its way, and a phone that answers it."""

    def __init__(self, hop: Hop = UDP, extra: str = "") -> None:
        self.hop = hop
        self.endpoint: Endpoint = make_endpoint()
        self.clockwork = Clockwork(self.endpoint)
        self.invite = our_request("INVITE", body=SDP, extra=extra)
        self.key: TransactionId
        self.key, effects = self.endpoint.request(self.invite, hop, 0.0)
        self.clockwork.take(effects)
        first = sent(effects)[0]
        assert isinstance(first, Request)
        self.on_wire = first

    def reply(self, status: int, tag: str = "bob1") -> list[Effect]:
        response = answer(self.on_wire, status, tag=tag, contact=CONTACT)
        return self.clockwork.take(self.endpoint.receive(response.encode(), self.hop, self.clockwork.now))

    def ack(self, delivered: list[Effect]) -> list[Effect]:
        dialog = Dialog.uac(self.on_wire, only(DeliverResponse, delivered).response)
        return self.clockwork.take(
            self.endpoint.ack(self.key, dialog.ack(self.on_wire.cseq.number), self.hop, self.clockwork.now)
        )

    def cancel(self, headers: tuple[tuple[str, str], ...] = ()) -> list[Effect]:
        return self.clockwork.take(self.endpoint.cancel(self.key, self.clockwork.now, headers=headers))


def test_timer_a_doubles_without_limit_until_timer_b_ends_the_wait() -> None:
    call = Call()
    call.clockwork.run(100)
    assert call.clockwork.sent_at == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert call.clockwork.effects[-2:] == [TransactionFailed(call.key, "timeout"), Terminated(call.key)]
    assert call.clockwork.last_at == 32.0
    assert call.endpoint.live == 0


def test_on_a_reliable_transport_the_invite_is_sent_once() -> None:
    call = Call(TCP)
    call.clockwork.run(100)
    assert call.clockwork.sent_at == [0]
    assert only(TransactionFailed, call.clockwork.effects).reason == "timeout"


def test_a_provisional_response_stops_repetition_and_every_timer() -> None:
    call = Call()
    assert only(DeliverResponse, call.reply(180)).response.status == 180
    assert not call.clockwork.timers, "how long a phone rings is the user's business"
    call.clockwork.run(1000)
    assert call.endpoint.live == 1


def test_every_provisional_response_is_delivered() -> None:
    call = Call()
    for status in (100, 180, 180, 183):
        assert only(DeliverResponse, call.reply(status)).response.status == status


@pytest.mark.parametrize("ringing", [False, True])
def test_a_refusal_is_acknowledged_here_and_delivered_once(ringing: bool) -> None:
    call = Call(extra="Route: <sip:192.0.2.7:5062;lr>\r\n")
    if ringing:
        call.reply(180)
    effects = call.reply(486)
    ack = sent(effects)[0]
    assert isinstance(ack, Request)
    assert ack.method == "ACK"
    assert ack.uri == call.on_wire.uri
    assert str(ack.via) == str(call.on_wire.via), "17.1.1.3: a single Via, equal to the INVITE's"
    assert str(ack.cseq) == "1 ACK"
    assert ack.to_tag == "bob1"
    assert ack.headers.all("Route") == ["<sip:192.0.2.7:5062;lr>"]
    assert ack.body == b""
    assert only(DeliverResponse, effects).response.status == 486
    again = call.reply(486)
    assert lines(again) == ["ACK"]
    assert not every(DeliverResponse, again)


def test_completed_lasts_for_timer_d_on_udp() -> None:
    call = Call()
    call.reply(486)
    call.clockwork.run(31.99)
    assert call.endpoint.live == 1
    call.clockwork.run(32.0)
    assert call.endpoint.live == 0
    assert call.clockwork.effects[-1] == Terminated(call.key)


def test_on_a_reliable_transport_a_refusal_ends_it() -> None:
    call = Call(TCP)
    effects = call.reply(486)
    assert lines(effects) == ["ACK"]
    assert effects[-1] == Terminated(call.key)
    assert call.endpoint.live == 0
    assert not call.clockwork.timers


def test_a_2xx_is_delivered_and_not_acknowledged_by_the_transaction() -> None:
    call = Call()
    effects = call.reply(200)
    assert only(DeliverResponse, effects).response.status == 200
    assert lines(effects) == []


def test_a_repeated_2xx_gets_the_remembered_ack_and_is_not_delivered_again() -> None:
    call = Call()
    acked = call.ack(call.reply(200))
    ack = sent(acked)[0]
    assert str(ack.cseq) == "1 ACK"
    assert ack.via.branch != call.on_wire.via.branch, "the ACK to a 2xx is a transaction of its own"
    again = call.reply(200)
    assert again == acked
    assert not every(DeliverResponse, again)


def test_a_2xx_repeated_before_the_user_has_acknowledged_is_swallowed() -> None:
    call = Call()
    call.reply(200)
    assert call.reply(200) == []


def test_a_second_2xx_with_another_to_tag_is_another_dialog() -> None:
    call = Call()
    call.ack(call.reply(200, "bob1"))
    second = call.reply(200, "carol1")
    assert only(DeliverResponse, second).response.to_tag == "carol1"
    ack = sent(call.ack(second))[0]
    assert ack.to_tag == "carol1"
    assert [m.to_tag for m in sent(call.reply(200, "bob1"))] == ["bob1"]


def test_accepted_lasts_for_timer_m_on_every_transport() -> None:
    for hop in (UDP, TCP):
        call = Call(hop)
        call.ack(call.reply(200))
        call.clockwork.run(31.99)
        assert call.endpoint.live == 1
        call.clockwork.run(32.0)
        assert call.endpoint.live == 0
        assert call.clockwork.effects[-1] == Terminated(call.key)


def test_an_ack_after_the_transaction_has_gone_is_sent_once() -> None:
    call = Call()
    delivered = call.reply(200)
    call.clockwork.run(40)
    assert lines(call.ack(delivered)) == ["ACK"]
    assert call.endpoint.live == 0


def test_late_refusals_and_provisional_responses_are_swallowed_when_accepted() -> None:
    call = Call()
    call.ack(call.reply(200))
    assert call.reply(180, "carol1") == []
    assert call.reply(486, "carol1") == []


def test_cancel_waits_for_a_provisional_response() -> None:
    call = Call()
    assert lines(call.cancel()) == []
    effects = call.reply(100)
    cancel = sent(effects)[0]
    assert isinstance(cancel, Request)
    assert cancel.method == "CANCEL"


def test_an_invite_given_up_unheard_is_repeated_no_more_and_cancelled_when_it_must_have_arrived() -> None:
    call = Call()
    call.clockwork.run(0.6)
    call.cancel()
    assert lines(call.clockwork.run(2.5)) == []
    assert lines(call.clockwork.run(2.6)) == ["CANCEL"]
    call.clockwork.run(100)
    assert lines(call.clockwork.effects).count("INVITE") == 2
    assert only(TransactionFailed, call.clockwork.effects) == TransactionFailed(call.key, "timeout")
    assert call.endpoint.live == 0


def test_who_hears_the_invite_after_its_cancel_is_sent_another() -> None:
    call = Call()
    call.cancel()
    call.clockwork.run(2.1)
    assert lines(call.reply(180)) == ["CANCEL"]
    call.reply(487)
    call.clockwork.run(100)
    assert call.endpoint.live == 0


def test_over_a_connection_cancel_waits_until_something_is_heard() -> None:
    call = Call(TCP)
    call.cancel()
    assert lines(call.clockwork.run(20)) == []
    assert lines(call.reply(100)) == ["CANCEL"]


def test_cancel_copies_the_invite() -> None:
    call = Call(extra="Route: <sip:192.0.2.7:5062;lr>\r\n")
    call.reply(180)
    cancel = sent(call.cancel((("Reason", 'SIP;cause=200;text="Call completed elsewhere"'),)))[0]
    assert isinstance(cancel, Request)
    assert cancel.uri == call.on_wire.uri
    assert cancel.headers.all("Via") == call.on_wire.headers.all("Via"), "9.1: a single Via, the INVITE's"
    assert cancel.headers.get("From") == call.on_wire.headers.get("From")
    assert cancel.headers.get("To") == call.on_wire.headers.get("To"), (
        "9.1: the To of the INVITE, so without a tag"
    )
    assert cancel.call_id == call.on_wire.call_id
    assert str(cancel.cseq) == "1 CANCEL"
    assert cancel.headers.all("Route") == ["<sip:192.0.2.7:5062;lr>"]
    assert cancel.headers.get("Reason") == 'SIP;cause=200;text="Call completed elsewhere"'
    assert "Require" not in cancel.headers
    assert "Contact" not in cancel.headers
    assert cancel.body == b""


def test_cancel_is_sent_once_however_often_it_is_asked_for() -> None:
    call = Call()
    call.reply(180)
    assert lines(call.cancel()) == ["CANCEL"]
    assert call.cancel() == []


def test_cancel_is_repeated_until_answered_and_its_answer_is_not_delivered() -> None:
    call = Call()
    call.reply(180)
    cancel = sent(call.cancel())[0]
    assert lines(call.clockwork.run(0.6)) == ["CANCEL"]
    ok = answer(cancel, 200)
    effects = call.clockwork.take(call.endpoint.receive(ok.encode(), UDP, 0.7))
    assert not every(DeliverResponse, effects)
    assert lines(call.clockwork.run(5)) == []


def test_a_487_after_cancel_is_delivered_and_acknowledged() -> None:
    call = Call()
    call.reply(180)
    call.cancel()
    effects = call.reply(487)
    assert lines(effects) == ["ACK"]
    assert only(DeliverResponse, effects).response.status == 487
    call.clockwork.run(100)
    assert call.endpoint.live == 0


def test_a_2xx_that_crosses_cancel_wins() -> None:
    call = Call()
    call.reply(180)
    call.cancel()
    assert only(DeliverResponse, call.reply(200)).response.status == 200


def test_without_a_final_response_to_a_cancelled_invite_it_ends_at_64_t1() -> None:
    call = Call()
    call.reply(180)
    call.clockwork.run(10)
    call.cancel()
    call.clockwork.run(1000)
    assert only(TransactionFailed, call.clockwork.effects) == TransactionFailed(call.key, "timeout")
    assert call.endpoint.live == 0
    assert call.clockwork.last_at == 42.0


@pytest.mark.parametrize("status", [200, 486])
def test_cancel_after_a_final_response_does_nothing(status: int) -> None:
    call = Call()
    call.reply(status)
    assert call.cancel() == []


def test_a_transport_error_while_calling_ends_it() -> None:
    call = Call()
    effects = call.clockwork.take(call.endpoint.transport_failed(UDP, 0.1))
    assert effects[-2:] == [TransactionFailed(call.key, "transport"), Terminated(call.key)]
    assert not call.clockwork.timers


def test_a_transport_error_ends_a_cancelled_invite_and_its_cancel_without_a_word_about_the_cancel() -> None:
    call = Call()
    call.reply(180)
    call.cancel()
    effects = call.clockwork.take(call.endpoint.transport_failed(UDP, 0.1))
    assert every(TransactionFailed, effects) == [TransactionFailed(call.key, "transport")]
    assert call.endpoint.live == 0
    assert not call.clockwork.timers


def test_a_transport_error_after_the_answer_changes_nothing() -> None:
    for status in (200, 486):
        call = Call()
        call.reply(status)
        assert call.endpoint.transport_failed(UDP, 0.1) == []


def test_stale_timers_change_nothing() -> None:
    call = Call()
    call.reply(180)
    for letter in ("A", "B", "D", "M", "CANCEL"):
        assert call.endpoint.timer((call.key, letter), 50.0) == []
    assert call.endpoint.live == 1


def test_a_finished_transaction_keeps_no_request() -> None:
    call = Call()
    call.ack(call.reply(200))
    machine = call.endpoint._transactions.get(call.key)
    assert machine is not None
    assert machine.data == b""
    assert machine.request.method == ""  # type: ignore[union-attr]
    assert [timer.key[1] for timer in every(SetTimer, call.clockwork.effects)][-1] == "M"


def call_that_is(state: str) -> Call:
    """A call on the way to an answer."""
    call = Call()
    if state in ("cancel pending", "cancelled"):
        call.cancel()
    if state in ("proceeding", "cancelled"):
        call.reply(180)
    call.clockwork.run(0.1)
    call.clockwork.effects.clear()
    return call


unfinished = pytest.mark.parametrize("state", ["calling", "cancel pending", "proceeding", "cancelled"])


def letters(call: Call) -> set[str]:
    """The timers that run for the INVITE."""
    return {letter for key, letter in call.clockwork.timers if key == call.key}


@unfinished
def test_in_every_unfinished_state_a_provisional_response_is_delivered(state: str) -> None:
    call = call_that_is(state)
    assert only(DeliverResponse, call.reply(183)).response.status == 183
    assert letters(call) == ({"CANCEL"} if "cancel" in state else set())


@unfinished
def test_in_every_unfinished_state_a_2xx_is_delivered_and_kept_for_timer_m(state: str) -> None:
    call = call_that_is(state)
    assert only(DeliverResponse, call.reply(200)).response.status == 200
    assert letters(call) == {"M"}
    call.clockwork.run(60.0)
    assert call.endpoint.live == 0
    assert only(Terminated, call.clockwork.effects).transaction == call.key


@unfinished
def test_in_every_unfinished_state_a_refusal_is_acknowledged_delivered_and_kept_for_timer_d(
    state: str,
) -> None:
    call = call_that_is(state)
    effects = call.reply(603)
    assert lines(effects) == ["ACK"]
    assert only(DeliverResponse, effects).response.status == 603
    assert letters(call) == {"D"}
    call.clockwork.run(60.0)
    assert call.endpoint.live == 0
    assert only(Terminated, call.clockwork.effects).transaction == call.key


@unfinished
def test_in_every_unfinished_state_a_transport_error_is_the_end(state: str) -> None:
    call = call_that_is(state)
    effects = call.clockwork.take(call.endpoint.transport_failed(UDP, 0.1))
    assert only(TransactionFailed, effects) == TransactionFailed(call.key, "transport")
    assert only(Terminated, effects) == Terminated(call.key)
    assert not call.clockwork.timers
    assert call.endpoint.live == 0


@pytest.mark.parametrize("state", ["calling", "cancel pending", "cancelled"])
def test_silence_is_the_end_of_everything_but_ringing(state: str) -> None:
    call = call_that_is(state)
    call.clockwork.run(32.0)
    assert only(TransactionFailed, call.clockwork.effects) == TransactionFailed(call.key, "timeout")
    assert only(Terminated, call.clockwork.effects) == Terminated(call.key)
    assert not letters(call)
    call.clockwork.run(40.0)  # a CANCEL that went out unheard began later
    assert call.endpoint.live == 0
