"""A user agent of one call, over the real endpoint and dialog: just enough user for the machines to be tested whole."""

from __future__ import annotations

from itertools import count
from typing import Any

from pbx.sip.build import request_of, response_to
from pbx.sip.dialog import Dialog
from pbx.sip.effects import (
    AckMissing,
    ClearTimer,
    DeliverAck,
    DeliverCancel,
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
from pbx.sip.endpoint import Endpoint
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from tests.fakes.clock import Timeline
from tests.fakes.wire import Address, Network
from tests.sip.samples import SDP


class Softphone:
    """Calls or is called. `story` is what it went through: ringing, answered, confirmed, ended, failed …"""

    def __init__(
        self, network: Network, timeline: Timeline, address: Address, *, transport: str = "UDP"
    ) -> None:
        numbers = count(1)
        self.timeline = timeline
        self.address = address
        self.transport = transport
        self.plug = network.plug(*address, self)
        self.endpoint = Endpoint(
            new_branch=lambda: f"{address[1]}x{next(numbers)}",
            new_tag=lambda: f"t{address[1]}x{next(numbers)}",
            counters={},
        )
        self.story: list[str] = []
        self.answer_after_s: float | None = 3.0
        self.talk_s = 5.0
        self.refuse_with = 0
        self.dialogs: dict[str, Dialog] = {}
        self.finals: dict[TransactionId, list[int]] = {}
        self.after_end: list[Effect] = []
        self._timers: dict[TimerKey, float] = {}
        self._ended: set[TransactionId] = set()
        self._invite: Request | None = None
        self._invite_key: TransactionId = ()
        self._incoming: TransactionId = ()
        self._bye_keys: set[TransactionId] = set()

    # -- what a person does ----------------------------------------------------------------------------------------

    def call(self, peer: Address, *, cancel_after_s: float | None = None) -> None:
        host, port = peer
        uri = f"sip:callee@{host}:{port}"
        self._invite = request_of(
            "INVITE",
            uri,
            from_=f"<sip:caller@{self.address[0]}>;tag={self.endpoint._new_tag()}",
            to=f"<{uri}>",
            call_id=f"call-{self.address[1]}",
            cseq=1,
            headers=(("Contact", self._contact()), ("Content-Type", "application/sdp")),
            body=SDP,
        )
        self._peer = peer
        self._invite_key, effects = self.endpoint.request(self._invite, self._hop(peer), self.timeline.time)
        self._perform(effects)
        if cancel_after_s is not None:
            self.timeline.call_later(cancel_after_s, self._cancel)

    def _cancel(self) -> None:
        if not {"answered", "refused", "failed"} & set(self.story):
            self.story.append("cancelled")
            self._perform(self.endpoint.cancel(self._invite_key, self.timeline.time))

    def _pick_up(self, request: Request, tag: str) -> None:
        if "cancelled" in self.story:
            return
        response = response_to(request, self.refuse_with or 200, to_tag=tag)
        if self.refuse_with:
            self.story.append("refused")
        else:
            response.headers.add("Contact", self._contact())
            response.body = SDP
            self.dialogs[tag] = Dialog.uas(request, response)
            self.story.append("answered")
        self._respond(self._incoming, response)

    def _respond(self, transaction: TransactionId, response: Response) -> None:
        self._perform(self.endpoint.respond(transaction, response, self.timeline.time))

    def _hang_up(self, dialog: Dialog) -> None:
        if self.dialogs.pop(dialog.local_tag + dialog.remote_tag, None) is None:
            self.dialogs.pop(dialog.local_tag, None)
        key, effects = self.endpoint.request(dialog.request("BYE"), self._hop(self._peer), self.timeline.time)
        self._bye_keys.add(key)
        self._perform(effects)

    # -- the wire --------------------------------------------------------------------------------------------------

    def received(self, data: bytes, hop: Hop) -> None:
        self._perform(self.endpoint.receive(data, hop, self.timeline.time))

    def received_message(self, message: Any, hop: Hop, raw: bytes = b"") -> None:
        self._perform(self.endpoint.receive_message(message, hop, self.timeline.time))

    def undeliverable(self, hop: Hop) -> None:
        self._perform(self.endpoint.transport_failed(hop, self.timeline.time))

    # -- effects ---------------------------------------------------------------------------------------------------

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            getattr(self, f"_on_{type(effect).__name__}")(effect)

    def _on_Transmit(self, effect: Transmit) -> None:  # noqa: N802 named after the effect
        if not self.plug.send(effect.data, effect.hop):
            self.timeline.call_later(0, lambda: self.undeliverable(effect.hop))

    def _on_SetTimer(self, effect: SetTimer) -> None:  # noqa: N802
        self._timers[effect.key] = effect.at
        self.timeline.call_at(effect.at, lambda: self._due(effect.key, effect.at))

    def _due(self, key: TimerKey, at: float) -> None:
        if self._timers.get(key) == at:
            del self._timers[key]
            self._perform(self.endpoint.timer(key, self.timeline.time))

    def _on_ClearTimer(self, effect: ClearTimer) -> None:  # noqa: N802
        self._timers.pop(effect.key, None)

    def _on_Terminated(self, effect: Terminated) -> None:  # noqa: N802
        assert effect.transaction not in self._ended, "ended twice"
        self._ended.add(effect.transaction)

    def _on_DeliverRequest(self, effect: DeliverRequest) -> None:  # noqa: N802
        request = effect.request
        self._ended.discard(effect.transaction)  # a copy that arrives after all is forgotten is a new request
        self._peer = (effect.hop.remote_host, effect.hop.remote_port)
        if request.method == "BYE":
            found = self.dialogs.pop(request.to_tag or "", None) or self.dialogs.pop(
                (request.to_tag or "") + (request.from_tag or ""), None
            )
            if found is not None:
                self.story.append("ended")
            self._respond(effect.transaction, response_to(request, 200 if found else 481))
            return
        assert request.method == "INVITE", "nothing else is sent here"
        assert self._incoming in ((), effect.transaction), "one call, one INVITE"
        self._incoming = effect.transaction
        self._incoming_request = request
        tag = self._tag = self.endpoint._new_tag()
        self._respond(effect.transaction, response_to(request, 180, to_tag=tag))
        self.story.append("ringing")
        if self.answer_after_s is not None:
            self.timeline.call_later(self.answer_after_s, lambda: self._pick_up(request, tag))

    def _on_DeliverCancel(self, effect: DeliverCancel) -> None:  # noqa: N802
        self.story.append("cancelled")
        self._respond(effect.transaction, response_to(self._incoming_request, 487, to_tag=self._tag))

    def _on_DeliverAck(self, effect: DeliverAck) -> None:  # noqa: N802
        assert "confirmed" not in self.story, "an ACK is delivered once"
        self.story.append("confirmed")

    def _on_AckMissing(self, effect: AckMissing) -> None:  # noqa: N802
        self.story.append("ack missing")
        for dialog in list(self.dialogs.values()):
            self._hang_up(dialog)

    def _on_DeliverResponse(self, effect: DeliverResponse) -> None:  # noqa: N802
        response = effect.response
        if response.status >= 200 and effect.transaction not in self._bye_keys:
            self._final(effect, response)
        elif response.status >= 200:
            self.story.append("ended")
        elif response.status > 100 and "ringing" not in self.story:
            self.story.append("ringing")
        if response.status >= 200:
            self.finals.setdefault(effect.transaction, []).append(response.status)
            assert effect.transaction not in self._ended, "nothing is delivered after the end"

    def _final(self, effect: DeliverResponse, response: Response) -> None:
        assert self._invite is not None
        if response.status >= 300:
            self.story.append("refused")
            return
        dialog = Dialog.uac(self._invite, response)
        self.dialogs[dialog.local_tag + dialog.remote_tag] = dialog
        self.story.append("answered")
        ack = dialog.ack(self._invite.cseq.number)
        self._perform(self.endpoint.ack(effect.transaction, ack, self._hop(self._peer), self.timeline.time))
        pause = 0.0 if "cancelled" in self.story else self.talk_s
        self.timeline.call_later(pause, lambda: self._hang_up_if_up(dialog))

    def _hang_up_if_up(self, dialog: Dialog) -> None:
        if dialog in self.dialogs.values():
            self._hang_up(dialog)

    def _on_TransactionFailed(self, effect: TransactionFailed) -> None:  # noqa: N802
        self.story.append("bye failed" if effect.transaction in self._bye_keys else "failed")

    def _hop(self, peer: Address) -> Hop:
        return Hop(self.transport, *peer, *self.address)

    def _contact(self) -> str:
        return f"<sip:me@{self.address[0]}:{self.address[1]}>"
