"""What holds for every order of events: machines end, say one final thing, and fall silent."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pbx.sip.dialog import Dialog
from pbx.sip.effects import (
    AckMissing,
    ClearTimer,
    DeliverAck,
    DeliverRequest,
    DeliverResponse,
    Effect,
    SetTimer,
    Terminated,
    TimerKey,
    TransactionFailed,
    TransactionId,
    Transmit,
)
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.parser import parse
from tests.sip.clockwork import Clockwork
from tests.sip.samples import SDP, TCP, UDP, answer, every, from_phone, make_endpoint, our_request, sent, text

SILENCE_S = 32.0 + 32.0
"""64·T1 for an answer, and as long again to swallow repetitions (timers D, J, L, M)."""


class _Script(RuleBasedStateMachine):
    """One transaction of an endpoint, and a peer, a user and a network that do as they please."""

    hop: Hop = UDP

    def __init__(self) -> None:
        super().__init__()
        self.endpoint = make_endpoint()
        self.clockwork = Clockwork(self.endpoint)
        self.ended: set[TransactionId] = set()
        self.key: TransactionId = ()
        self.was_set: set[TimerKey] = set()

    def take(self, effects: list[Effect]) -> list[Effect]:
        self.clockwork.take(effects)
        for effect in effects:
            self.judge(effect)
        return effects

    def judge(self, effect: Effect) -> None:
        if isinstance(effect, Terminated):
            assert effect.transaction not in self.ended
            self.ended.add(effect.transaction)
        elif isinstance(effect, SetTimer):
            assert effect.key[0] not in self.ended
            self.was_set.add(effect.key)
        elif not isinstance(effect, (Transmit, DeliverAck, ClearTimer)):
            assert effect.transaction not in self.ended, "nothing about a transaction follows its end"

    @rule(seconds=st.sampled_from([0.01, 0.3, 0.6, 2.0, 5.0, 20.0, 33.0]))
    def wait(self, seconds: float) -> None:
        before = len(self.clockwork.effects)
        self.clockwork.run(self.clockwork.now + seconds)
        for effect in self.clockwork.effects[before:]:
            self.judge(effect)

    @rule(data=st.data())
    def a_cleared_timer_rings_all_the_same(self, data: st.DataObject) -> None:
        """A driver may have taken it from its queue before it was told to forget it."""
        cleared = sorted(self.was_set - set(self.clockwork.timers))
        if cleared:
            key = data.draw(st.sampled_from(cleared))
            machine = self.endpoint._transactions.get(key[0])
            before = None if machine is None else machine.state
            assert self.take(self.endpoint.timer(key, self.clockwork.now)) == []
            assert machine is None or machine.state == before

    @rule()
    def the_transport_fails(self) -> None:
        self.take(self.endpoint.transport_failed(self.hop, self.clockwork.now))

    @invariant()
    def timers_belong_to_living_transactions(self) -> None:
        for key, _ in self.clockwork.timers:
            assert self.endpoint._transactions.get(key) is not None


class OurInvite(_Script):
    """The client's view of a call."""

    def __init__(self) -> None:
        super().__init__()
        self.finals = 0
        self.tags_accepted: list[str | None] = []
        self.key, effects = self.endpoint.request(our_request("INVITE", body=SDP), self.hop, 0.0)
        self.take(effects)
        first = sent(effects)[0]
        assert isinstance(first, Request)
        self.on_wire = first

    def judge(self, effect: Effect) -> None:
        super().judge(effect)
        if isinstance(effect, DeliverResponse):
            assert effect.transaction == self.key
            status = effect.response.status
            if 200 <= status < 300:
                assert effect.response.to_tag not in self.tags_accepted, "each dialog is delivered once"
                self.tags_accepted.append(effect.response.to_tag)
                dialog = Dialog.uac(self.on_wire, effect.response)
                self.take(self.endpoint.ack(self.key, dialog.ack(1), self.hop, self.clockwork.now))
            elif status >= 300:
                self.finals += 1
        elif isinstance(effect, TransactionFailed):
            self.finals += 1
        assert self.finals <= 1
        assert not (self.finals and self.tags_accepted), "accepted or refused, never both"

    @rule(
        status=st.sampled_from([100, 180, 183, 200, 200, 302, 486, 487, 603]),
        tag=st.sampled_from(["bob", "carol"]),
    )
    def the_peer_answers(self, status: int, tag: str) -> None:
        response = answer(self.on_wire, status, tag=tag, contact="<sip:102@192.0.2.7>")
        effects = self.take(self.endpoint.receive(response.encode(), self.hop, self.clockwork.now))
        if self.key in self.ended and Terminated(self.key) not in effects:
            assert effects == []

    @rule()
    def the_user_cancels(self) -> None:
        self.take(self.endpoint.cancel(self.key, self.clockwork.now))

    def teardown(self) -> None:
        self.take(self.endpoint.cancel(self.key, self.clockwork.now))
        self.clockwork.run(self.clockwork.now + SILENCE_S)
        assert self.endpoint.live == 0, "every machine ends in silence"
        assert not self.clockwork.timers


class OurInviteOverTcp(OurInvite):
    hop = TCP


class TheirInvite(_Script):
    """The server's view of a call."""

    def __init__(self) -> None:
        super().__init__()
        self.finals_sent: set[bytes] = set()
        self.acks = 0
        self.invite()

    def invite(self) -> None:
        reborn = self.key in self.ended  # after the end, a copy of the request is a new request
        self.ended.discard(self.key)
        for effect in self.take(
            self.endpoint.receive(text("INVITE", body=SDP), self.hop, self.clockwork.now)
        ):
            if isinstance(effect, DeliverRequest):
                assert reborn or not self.key, "delivered once while it lives"
                self.key = effect.transaction
                self.finals_sent.clear()
                self.acks = 0

    def judge(self, effect: Effect) -> None:
        super().judge(effect)
        if isinstance(effect, Transmit) and b"CSeq: 1 INVITE" in effect.data and effect.data[8:9] > b"1":
            assert self.key not in self.ended, "no response after the end"
            self.finals_sent.add(effect.data)
            assert len(self.finals_sent) == 1, "at most one final response"
        elif isinstance(effect, DeliverAck):
            self.acks += 1
            assert self.acks == 1
        elif isinstance(effect, AckMissing):
            assert self.acks == 0

    @rule()
    def the_invite_comes_again(self) -> None:
        self.invite()

    @rule(own_branch=st.booleans(), tag=st.sampled_from(["ours1", "ours1", "other"]))
    def an_ack_comes(self, own_branch: bool, tag: str) -> None:
        branch = "z9hG4bKack" if own_branch else "z9hG4bKtheirs1"
        data = text("ACK", branch=branch, to_tag=tag)
        effects = self.take(self.endpoint.receive(data, self.hop, self.clockwork.now))
        assert not every(Transmit, effects), "an ACK is never answered"

    @rule()
    def a_cancel_comes(self) -> None:
        self.take(self.endpoint.receive(text("CANCEL"), self.hop, self.clockwork.now))

    @rule(status=st.sampled_from([100, 180, 183, 200, 200, 404, 486, 487, 500]))
    def the_user_answers(self, status: int) -> None:
        response = answer(from_phone("INVITE"), status, tag="ours1", contact="<sip:102@192.0.2.1>")
        ended = self.key in self.ended
        effects = self.take(self.endpoint.respond(self.key, response, self.clockwork.now))
        assert not (ended and effects)

    def teardown(self) -> None:
        self.the_user_answers(487)
        self.clockwork.run(self.clockwork.now + SILENCE_S)
        assert self.endpoint.live == 0, "every machine ends in silence"
        assert not self.clockwork.timers


class TheirInviteOverTcp(TheirInvite):
    hop = TCP


class OurRequest(_Script):
    """The client's view of anything but INVITE."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes = 0
        self.key, effects = self.endpoint.request(our_request("OPTIONS"), self.hop, 0.0)
        self.take(effects)
        first = sent(effects)[0]
        assert isinstance(first, Request)
        self.on_wire = first

    def judge(self, effect: Effect) -> None:
        super().judge(effect)
        if isinstance(effect, TransactionFailed) or (
            isinstance(effect, DeliverResponse) and effect.response.status >= 200
        ):
            self.outcomes += 1
            assert self.outcomes == 1

    @rule(status=st.sampled_from([100, 200, 401, 500]))
    def the_peer_answers(self, status: int) -> None:
        data = answer(self.on_wire, status).encode()
        self.take(self.endpoint.receive(data, self.hop, self.clockwork.now))

    def teardown(self) -> None:
        self.wait(SILENCE_S)
        assert self.outcomes == 1, "the user always learns how it ended"
        assert self.endpoint.live == 0
        assert not self.clockwork.timers


class OurRequestOverTcp(OurRequest):
    hop = TCP


class TheirRequest(_Script):
    """The server's view of anything but INVITE."""

    def __init__(self) -> None:
        super().__init__()
        self.finals: set[bytes] = set()
        self.ask()

    def ask(self) -> None:
        self.ended.discard(self.key)
        for effect in self.take(self.endpoint.receive(text("OPTIONS"), self.hop, self.clockwork.now)):
            if isinstance(effect, DeliverRequest):
                self.key = effect.transaction
                self.finals.clear()

    def judge(self, effect: Effect) -> None:
        super().judge(effect)
        if isinstance(effect, Transmit):
            message = parse(effect.data)
            if not isinstance(message, Request) and message.status >= 200:
                self.finals.add(effect.data)
                assert len(self.finals) == 1

    @rule()
    def the_request_comes_again(self) -> None:
        self.ask()

    @precondition(lambda self: self.key)
    @rule(status=st.sampled_from([100, 200, 404]))
    def the_user_answers(self, status: int) -> None:
        ended = self.key in self.ended
        effects = self.take(
            self.endpoint.respond(self.key, answer(from_phone("OPTIONS"), status), self.clockwork.now)
        )
        assert not (ended and effects)

    def teardown(self) -> None:
        self.clockwork.run(self.clockwork.now + SILENCE_S)
        assert self.endpoint.live == 0, "also when the user never answers"
        assert not self.clockwork.timers


class TheirRequestOverTcp(TheirRequest):
    hop = TCP


_EFFORT = settings(max_examples=60, stateful_step_count=25, deadline=None)
for _script in (
    OurInvite,
    OurInviteOverTcp,
    TheirInvite,
    TheirInviteOverTcp,
    OurRequest,
    OurRequestOverTcp,
    TheirRequest,
    TheirRequestOverTcp,
):
    _case = _script.TestCase
    _case.settings = _EFFORT
    globals()[f"Test{_script.__name__}"] = _case
del _case
